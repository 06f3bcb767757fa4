"""A reader of binary glTF of its own, for tests: what a file says, and where its joints and its skin are at a time."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

from feature_extraction.motion import rotation

TYPES = {5126: "<f4", 5123: "<u2", 5125: "<u4"}
SIZES = {"SCALAR": (), "VEC3": (3,), "VEC4": (4,), "MAT4": (4, 4)}


class Glb:
    """One file, checked for what the container must be."""

    def __init__(self, path: Path):
        data = path.read_bytes()
        magic, version, length = struct.unpack_from("<4sII", data)
        assert (magic, version, length) == (b"glTF", 2, len(data))
        chunks, at = [], 12
        while at < len(data):
            size, kind = struct.unpack_from("<I4s", data, at)
            assert size % 4 == 0
            chunks.append((kind, data[at + 8 : at + 8 + size]))
            at += 8 + size
        (json_kind, text), (binary_kind, self._binary) = chunks
        assert (json_kind, binary_kind) == (b"JSON", b"BIN\0")
        self.content: dict[str, Any] = json.loads(text)
        assert self.content["buffers"] == [{"byteLength": len(self._binary)}]

    def array(self, index: int) -> np.ndarray:
        accessor = self.content["accessors"][index]
        view = self.content["bufferViews"][accessor["bufferView"]]
        shape = (accessor["count"], *SIZES[accessor["type"]])
        dtype = np.dtype(TYPES[accessor["componentType"]])
        assert view["byteLength"] == np.prod(shape) * dtype.itemsize
        assert view["byteOffset"] % 4 == 0
        values = np.frombuffer(self._binary, dtype, int(np.prod(shape)), view["byteOffset"]).reshape(shape)
        if "min" in accessor:
            np.testing.assert_array_equal(np.atleast_1d(values.min(axis=0)), np.float32(accessor["min"]))
            np.testing.assert_array_equal(np.atleast_1d(values.max(axis=0)), np.float32(accessor["max"]))
        return values.swapaxes(1, 2) if values.ndim == 3 else values

    def joint_matrices(self, frame: int) -> np.ndarray:
        """The joints (joints, 4, 4) in the world at the time of one key."""
        nodes = [dict(node) for node in self.content["nodes"]]
        for animation in self.content.get("animations", []):
            for channel in animation["channels"]:
                sampler = animation["samplers"][channel["sampler"]]
                target = channel["target"]
                nodes[target["node"]][target["path"]] = self.array(sampler["output"])[frame].tolist()
        matrices: dict[int, np.ndarray] = {}
        waiting = [(self.content["skins"][0]["skeleton"], np.eye(4))]
        while waiting:
            index, above = waiting.pop()
            local = np.eye(4)
            local[:3, :3] = rotation.to_matrix(np.roll(nodes[index]["rotation"], 1))
            local[:3, 3] = nodes[index]["translation"]
            matrices[index] = above @ local
            waiting += [(child, matrices[index]) for child in nodes[index].get("children", [])]
        return np.stack([matrices[joint] for joint in self.content["skins"][0]["joints"]])

    def skin(self, frame: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """Of each primitive the vertices (n, 3) in the world and its triangles (m, 3)."""
        unbound = self.array(self.content["skins"][0]["inverseBindMatrices"])
        matrices = self.joint_matrices(frame) @ unbound
        found = []
        for primitive in self.content["meshes"][0]["primitives"]:
            places, joints, weights = (
                self.array(primitive["attributes"][name]) for name in ("POSITION", "JOINTS_0", "WEIGHTS_0")
            )
            blended = np.einsum("vk,vkij->vij", weights, matrices[joints])
            skinned = (blended @ np.c_[places, np.ones(len(places))][..., None])[:, :3, 0]
            found.append((skinned, self.array(primitive["indices"]).reshape(-1, 3)))
        return found
