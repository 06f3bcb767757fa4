"""BVH files: read into a Motion, and written so that every reader of the field understands them alike.

Position channels replace the joint's OFFSET. Those of a joint below the root that never change become its OFFSET;
those that do stay animated. An axis without a position channel keeps its OFFSET. The axes are the file's (y is up).
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from feature_extraction.motion import rotation
from feature_extraction.motion.bvh_head import LARGEST, BvhError, BvhHeader, Joint, parse_head
from feature_extraction.motion.number_text import NotANumberError, format_lines, parse_numbers
from feature_extraction.motion.skeleton import Motion, Skeleton
from feature_extraction.store import atomic_path

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
FRAME_TIME_END = re.compile(rb"^[ \t]*Frame[ \t]*Time[^\n\r]*[\n\r]", re.IGNORECASE | re.MULTILINE)
TOKEN = re.compile(rb"[^\x00- ]+")
HEAD_BYTES = 1 << 16
AT_ONCE = 8192  # rotations converted together, so that the work stays within the processor's cache
STILL = 1e-5
"""A position that varies by less than this, in units of the skeleton's height, is constant (files have 6 digits)."""
ANGLE_DECIMALS = 6
OFFSET_DIGITS = 10
LENGTH_DIGITS = 8  # digits of a length as large as the skeleton's height
UNTURNED = 1e-7  # radians


def read_bvh(path: Path | str) -> Motion:
    """Read a BVH file.

    ValueError, naming file, line and column, for a file that is malformed or cut off.
    """
    text = _lines(Path(path).read_bytes())
    try:
        header, motion_start = parse_head(text)
        values = _parse_motion(text, motion_start, header)
    except BvhError as error:
        raise _located(path, text, error) from None
    return _to_motion(header, values)


def read_bvh_header(path: Path | str) -> BvhHeader:
    """Read only the head of a BVH file: its joints, number of frames and rate; ValueError as `read_bvh`."""
    text = b""
    with open(path, "rb") as file:
        while block := file.read(max(HEAD_BYTES, len(text))):
            text += block
            if FRAME_TIME_END.search(text):
                break
    text = _lines(text)
    try:
        return parse_head(text)[0]
    except BvhError as error:
        raise _located(path, text, error) from None


def write_bvh(path: Path | str, motion: Motion) -> None:
    """Write a BVH file, in one step.

    The root has OFFSET 0 0 0 and position channels, other joints have position channels only if they move. A joint has
    three rotation channels, its order completed, or none: Blender reads no other number. ValueError for a motion
    without frames, or with numbers that are not finite.
    """
    skeleton = motion.skeleton
    _check_writable(path, motion)
    orders = [_order_for(motion.rotations[:, j], order) for j, order in enumerate(skeleton.orders)]
    joints = _depth_first(skeleton.parents)
    decimals = max(0, LENGTH_DIGITS - 1 - int(np.floor(np.log10(skeleton.height))))
    angles = _angles(motion.rotations, orders)
    values, digits = [], []
    for j in joints:
        if j in skeleton.moving:
            values.append(motion.positions[:, skeleton.moving.index(j)])
            digits += [decimals] * 3
        if orders[j]:
            values.append(angles[j])
            digits += [ANGLE_DECIMALS] * len(orders[j])
    head = "\n".join(_hierarchy_lines(skeleton, joints, orders))
    head += f"\nMOTION\nFrames: {motion.frames}\nFrame Time: {1 / float(motion.fps)!r}\n"
    with atomic_path(Path(path)) as temporary, open(temporary, "wb") as file:
        file.write(head.encode())
        file.write(format_lines(np.concatenate(values, axis=1), digits))


def _lines(text: bytes) -> bytes:
    """Take away a byte order mark, and let lines end in newline (with or without a carriage return before it)."""
    text = text.removeprefix(BYTE_ORDER_MARK)
    return text if b"\n" in text else text.replace(b"\r", b"\n")


def _located(path: Path | str, text: bytes, error: BvhError) -> ValueError:
    offset = len(text.rstrip()) if error.offset is None else error.offset
    line = text.count(b"\n", 0, offset) + 1
    column = offset - text.rfind(b"\n", 0, offset)
    return ValueError(f"{path}:{line}:{column}: {error}")


def _parse_motion(text: bytes, start: int, header: BvhHeader) -> np.ndarray:
    """Give the (frames, channels) numbers after the head."""
    try:
        values, counts = parse_numbers(text, start)
    except NotANumberError as error:
        raise BvhError(f"{error}{_comma_hint(error)}", error.offset) from None
    if max(values.max(initial=0.0), -values.min(initial=0.0)) > LARGEST:
        first = int(np.argmax(np.abs(values) > LARGEST))
        raise BvhError(f"{values[first]:g} is neither a length nor an angle", _offset_of(text, start, first))
    lines = np.flatnonzero(counts)
    wrong = np.flatnonzero(counts[lines] != header.channels)
    if len(wrong):
        line = lines[wrong[0]]
        reason = f"{counts[line]} numbers in frame {wrong[0]}, where the CHANNELS ask for {header.channels}"
        raise BvhError(reason, _offset_of(text, start, int(counts[:line].sum())))
    if len(lines) != header.frames:
        raise BvhError(f"{len(lines)} lines of motion, where Frames: {header.frames} are announced")
    return values.reshape(header.frames, header.channels)


def _offset_of(text: bytes, start: int, place: int) -> int:
    """Give the offset of the number of this place among those from `start` on."""
    return next(islice(TOKEN.finditer(text, start), place, None)).start()


def _comma_hint(error: NotANumberError) -> str:
    return "; decimals are written with a point" if "," in str(error) else ""


def _to_motion(header: BvhHeader, values: np.ndarray) -> Motion:
    joints = header.joints
    columns = np.cumsum([0, *(len(joint.channels) for joint in joints)])
    skeleton = _skeleton(joints, columns, np.stack([values.min(axis=0), values.max(axis=0)]))
    positions = np.stack([_places(joints[j], columns[j], values) for j in skeleton.moving], axis=1)
    return Motion(skeleton, header.fps, _rotations(joints, columns, values), positions)


def _places(joint: Joint, column: int, values: np.ndarray) -> np.ndarray:
    """Give the (frames, 3) positions of a joint, whose channels begin at `column`: its OFFSET on axes without one."""
    places = np.tile(np.array(joint.offset), (len(values), 1))
    for channel, (kind, axis) in enumerate(joint.channels):
        if kind == "position":
            places[:, "XYZ".index(axis)] = values[:, column + channel]
    return places


def _skeleton(joints: tuple[Joint, ...], columns: np.ndarray, extremes: np.ndarray) -> Skeleton:
    """Give the skeleton, from the least and the greatest (2, channels) of each channel: only what varies is moving."""
    offsets = np.array([joint.offset for joint in joints])
    offsets[0] = 0.0
    constant, varying = offsets.copy(), np.zeros(len(joints))
    for j, joint in enumerate(joints):
        if j and any(kind == "position" for kind, _ in joint.channels):
            low, high = _places(joint, columns[j], extremes)
            constant[j], varying[j] = (low + high) / 2, (high - low).max()
    skeleton = Skeleton(
        names=tuple(joint.name for joint in joints),
        parents=tuple(joint.parent for joint in joints),
        offsets=constant,
        orders=tuple("".join(axis for kind, axis in joint.channels if kind == "rotation") for joint in joints),
        end_sites=tuple((j, end) for j, joint in enumerate(joints) for end in joint.end_sites),
    )
    below = np.flatnonzero(varying > STILL * skeleton.height).tolist()
    constant[below] = offsets[below]
    return replace(skeleton, offsets=constant, moving=(0, *below))


def _rotations(joints: tuple[Joint, ...], columns: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Give the (frames, joints, 4) local rotations, converting the joints of each Euler order together."""
    rotations = rotation.identity(len(values), len(joints))
    groups: dict[str, tuple[list[int], list[list[int]]]] = {}
    for j, joint in enumerate(joints):
        turning = [(axis, columns[j] + i) for i, (kind, axis) in enumerate(joint.channels) if kind == "rotation"]
        members, channels = groups.setdefault("".join(axis for axis, _ in turning), ([], []))
        members.append(j)
        channels.append([column for _, column in turning])
    step = max(1, AT_ONCE // len(joints))
    for order, (members, channels) in groups.items():
        for block in (slice(first, first + step) for first in range(0, len(values), step) if order):
            angles = np.stack([np.radians(values[block, axis]) for axis in zip(*channels, strict=True)])
            rotations[block, members] = rotation.from_euler(np.moveaxis(angles, 0, -1), order)
    return rotations


def _check_writable(path: Path | str, motion: Motion) -> None:
    if not motion.frames:
        raise ValueError(f"{path}: a motion without frames cannot be written")
    finite = np.isfinite(motion.rotations).all(axis=(1, 2)) & np.isfinite(motion.positions).all(axis=(1, 2))
    if not finite.all():
        raise ValueError(f"{path}: the motion is not finite from frame {int(np.argmin(finite))} on; it is not written")


def _order_for(rotations: np.ndarray, order: str) -> str:
    """Give the Euler order to write a joint of these `rotations` (frames, 4) in: three axes, or none if it is still."""
    if not order and np.abs(rotation.log(rotations)).max() <= UNTURNED:
        return ""
    return rotation.complete_order(order)


def _angles(rotations: np.ndarray, orders: Sequence[str]) -> dict[int, np.ndarray]:
    """Give the (frames, 3) degrees of each joint that turns, converting the joints of each Euler order together."""
    angles: dict[int, np.ndarray] = {}
    for order in set(orders) - {""}:
        members = [j for j, other in enumerate(orders) if other == order]
        together = np.degrees(np.unwrap(rotation.to_euler(rotations[:, members], order), axis=0))
        angles |= zip(members, np.moveaxis(together, 1, 0), strict=True)
    return angles


def _depth_first(parents: tuple[int, ...]) -> list[int]:
    """Give the joints in an order in which each is followed by all below it, as the hierarchy is nested."""
    children: list[list[int]] = [[] for _ in parents]
    for j in reversed(range(1, len(parents))):
        children[parents[j]].append(j)
    joints, waiting = [], [0]
    while waiting:
        joints.append(waiting.pop())
        waiting += children[joints[-1]]
    return joints


def _hierarchy_lines(skeleton: Skeleton, joints: list[int], orders: list[str]) -> list[str]:
    """Give the lines of the HIERARCHY, `joints` being depth first."""
    lines = ["HIERARCHY"]
    branch: list[int] = []
    for j in joints:
        while branch and branch[-1] != skeleton.parents[j]:
            branch.pop()
            lines.append("\t" * len(branch) + "}")
        position = [f"{axis}position" for axis in "XYZ"] if j in skeleton.moving else []
        channels = [*position, *(f"{axis}rotation" for axis in orders[j])]
        block = [f"{'JOINT' if j else 'ROOT'} {skeleton.names[j]}", "{", f"\t{_offset(skeleton.offsets[j])}"]
        block.append(f"\tCHANNELS {' '.join([str(len(channels)), *channels])}")
        for offset in (offset for joint, offset in skeleton.end_sites if joint == j):
            block += ["\tEnd Site", "\t{", f"\t\t{_offset(offset)}", "\t}"]
        lines += ["\t" * len(branch) + line for line in block]
        branch.append(j)
    return lines + ["\t" * depth + "}" for depth in reversed(range(len(branch)))]


def _offset(offset: Sequence[float] | np.ndarray) -> str:
    return "OFFSET " + " ".join(f"{value:.{OFFSET_DIGITS}g}" for value in offset)
