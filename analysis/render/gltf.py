"""Arrays and a scene packed as binary glTF 2.0, one file: https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html."""

import json
import struct
from typing import Any

import numpy as np

FLOAT, UNSIGNED_SHORT, UNSIGNED_INT = 5126, 5123, 5125
COMPONENTS = {np.dtype("<f4"): FLOAT, np.dtype("<u2"): UNSIGNED_SHORT, np.dtype("<u4"): UNSIGNED_INT}
SHAPES = {(): "SCALAR", (2,): "VEC2", (3,): "VEC3", (4,): "VEC4", (4, 4): "MAT4"}
VERTICES, INDICES = 34962, 34963
"""What a buffer view is used for, section 5.11.5."""
MAGIC, VERSION = b"glTF", 2
JSON_CHUNK, BINARY_CHUNK = b"JSON", b"BIN\0"


class Arrays:
    """The binary part of a file: accessors, one for each array that is added."""

    def __init__(self) -> None:
        self._accessors: list[dict[str, Any]] = []
        self._views: list[dict[str, Any]] = []
        self._data = bytearray()

    def add(self, values: np.ndarray, *, target: int | None = None, bounds: bool = False) -> int:
        """Keep an array and give the index of its accessor.

        Args:
            values: (n,) or (n, 2|3|4) or (n, 4, 4) of float32, uint16 or uint32; matrices with their rows as written.
            target: `VERTICES` or `INDICES` for what a mesh is made of.
            bounds: state the least and the greatest value of each component.
        """
        if values.ndim == 3:
            values = values.swapaxes(1, 2)  # columns first, section 3.6.2.4
        values = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
        view = {"buffer": 0, "byteOffset": len(self._data), "byteLength": values.nbytes}
        self._views.append(view | ({"target": target} if target else {}))
        self._data += values.tobytes()
        self._data += bytes(-len(self._data) % 4)
        accessor: dict[str, Any] = {
            "bufferView": len(self._views) - 1,
            "componentType": COMPONENTS[values.dtype],
            "count": len(values),
            "type": SHAPES[values.shape[1:]],
        }
        if bounds:
            accessor |= {"min": np.atleast_1d(values.min(axis=0)).tolist()}
            accessor |= {"max": np.atleast_1d(values.max(axis=0)).tolist()}
        self._accessors.append(accessor)
        return len(self._accessors) - 1

    def pack(self, scene: dict[str, Any]) -> bytes:
        """The file of a scene, the JSON of everything but buffers, views and accessors."""
        content = {**scene, "accessors": self._accessors, "bufferViews": self._views}
        content["buffers"] = [{"byteLength": len(self._data)}]
        text = json.dumps(content, separators=(",", ":"), allow_nan=False).encode()
        text += b" " * (-len(text) % 4)
        chunks = b"".join(
            struct.pack("<I4s", len(chunk), kind) + chunk
            for kind, chunk in ((JSON_CHUNK, text), (BINARY_CHUNK, bytes(self._data)))
        )
        return struct.pack("<4sII", MAGIC, VERSION, 12 + len(chunks)) + chunks
