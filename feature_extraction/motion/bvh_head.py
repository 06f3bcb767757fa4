"""The text of a BVH file before its motion: the grammar of the hierarchy, the number of frames and their rate."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import repeat
from typing import NoReturn

import numpy as np

from feature_extraction.motion.number_text import LONGEST_QUOTE, NUMBER

CHANNELS = {f"{axis}{kind}".lower(): (kind, axis) for kind in ("position", "rotation") for axis in "XYZ"}
MOTION_LINE = re.compile(rb"^[ \t]*MOTION[ \t\r]*$", re.IGNORECASE | re.MULTILINE)
FRAMES_LINE = re.compile(rb"[ \t]*Frames[ \t]*:[ \t]*(\d{1,15})\s*", re.IGNORECASE)
FRAME_TIME_LINE = re.compile(rb"[ \t]*Frame[ \t]*Time[ \t]*:[ \t]*(" + NUMBER.pattern + rb")\s*", re.IGNORECASE)
TOKEN = re.compile(rb"[{}]|[^\s{}]+|\n")
BLANK = re.compile(rb"\s*")
COUNT = re.compile(r"[0-9]{1,9}")
LARGEST = 1e30
"""Numbers beyond this are neither lengths nor angles; sums, squares and float32 stay finite with those within."""
ALL_DIGITS = 1e-12  # what a frame time written with all digits may be off by, relatively
FURTHEST = 0.02  # and what one with few digits may
DROP_FRAME = 1000 / 1001  # 23.976, 29.97, 59.94 and 119.88 fps are 24, 30, 60 and 120 times this


@dataclass
class Joint:
    """A joint as the file has it: parent -1 for the root, `channels` like ("position", "X") in file order."""

    name: str
    parent: int
    offset: tuple[float, float, float]
    channels: tuple[tuple[str, str], ...] = ()
    end_sites: list[tuple[float, float, float]] = field(default_factory=list)


@dataclass(frozen=True)
class BvhHeader:
    """What a BVH file says before its motion: joints in file order, the number of frames, frames per second."""

    joints: tuple[Joint, ...]
    frames: int
    fps: float

    @property
    def channels(self) -> int:
        """The numbers in a line of motion."""
        return sum(len(joint.channels) for joint in self.joints)


class BvhError(ValueError):
    """A fault of a BVH file: `offset` is its place in bytes, None at the end of the file."""

    def __init__(self, reason: str, offset: int | None = None):
        """Say what is wrong and where."""
        super().__init__(reason)
        self.offset = offset


def parse_head(text: bytes) -> tuple[BvhHeader, int]:
    """Read the head of a BVH file, whose lines end in newline; also gives the offset at which the motion begins.

    BvhError where it is none, or where it is cut off.
    """
    found = MOTION_LINE.search(text)
    joints = _Hierarchy(text[: found.start()] if found else text).parse()
    if not found:
        raise BvhError("the file ends without a line MOTION")
    frames = _match_line(text, found.end(), FRAMES_LINE, "Frames: 120")
    frame_time = _match_line(text, frames.end(), FRAME_TIME_LINE, "Frame Time: 0.0083333")
    header = BvhHeader(tuple(joints), int(frames[1]), _snapped_fps(frame_time))
    if header.frames < 1:
        raise BvhError("the file has no frames: Frames: 0", frames.start(1))
    if header.channels < 1:
        raise BvhError("no joint has channels, so nothing moves", found.start())
    return header, frame_time.end()


class _Hierarchy:
    """A reader of the HIERARCHY section, one token after the other."""

    def __init__(self, text: bytes):
        self.tokens = _tokens(text)
        self.token, self.offset = "\n", 0
        self.names: set[str] = set()
        self.advance()

    def parse(self) -> list[Joint]:
        joints: list[Joint] = []
        self.expect("HIERARCHY")
        if self.token.upper() != "ROOT":
            self.fail("ROOT")
        self.parse_joint(joints)
        if self.token:
            self.fail("MOTION (one ROOT is read)")
        return joints

    def parse_joint(self, joints: list[Joint]) -> None:
        """Read the root and all below it; a loop, since chains may be deeper than Python's stack is."""
        open_joints: list[int] = []
        while True:
            word = self.token.upper()
            if word in ("ROOT", "JOINT") and (word == "ROOT") == (not open_joints):
                joints.append(self.parse_head_of_joint(open_joints[-1] if open_joints else -1))
                open_joints.append(len(joints) - 1)
            elif word in ("END", "ENDSITE"):
                joints[open_joints[-1]].end_sites.append(self.parse_end_site())
            elif word == "CHANNELS":
                joints[open_joints[-1]].channels = self.parse_channels(joints[open_joints[-1]])
            elif word == "}":
                self.advance()
                open_joints.pop()
                if not open_joints:
                    return
            else:
                self.fail("CHANNELS, JOINT, End Site or }")

    def parse_head_of_joint(self, parent: int) -> Joint:
        """Read a name, which goes on to the end of its line, the brace after it and the OFFSET."""
        offset = self.offset
        name = " ".join(self.rest_of_line())
        if not name:
            raise BvhError("a joint without a name", offset)
        if name in self.names:
            raise BvhError(f"a second joint named {name!r}; each needs a name of its own", offset)
        self.names.add(name)
        self.expect("{")
        return Joint(name, parent, self.parse_offset())

    def parse_end_site(self) -> tuple[float, float, float]:
        self.rest_of_line()
        self.expect("{")
        offset = self.parse_offset()
        self.expect("}")
        return offset

    def parse_offset(self) -> tuple[float, float, float]:
        self.expect("OFFSET")
        x, y, z = (self.parse_number() for _ in range(3))
        return x, y, z

    def parse_number(self) -> float:
        if not NUMBER.fullmatch(self.token.encode()) or abs(value := float(self.token)) > LARGEST:
            self.fail(f"a finite number, of {LARGEST:g} at most (three follow OFFSET),")
        self.advance()
        return value

    def parse_channels(self, joint: Joint) -> tuple[tuple[str, str], ...]:
        self.advance()
        if joint.channels:
            raise BvhError(f"{joint.name!r} has CHANNELS twice", self.offset)
        if not COUNT.fullmatch(self.token):
            self.fail("the number of channels")
        count = int(self.token)
        self.advance()
        channels: list[tuple[str, str]] = []
        for _ in range(count):
            if self.token.lower() not in CHANNELS:
                self.fail(f"channel {len(channels) + 1} of {count}, such as Xposition or Zrotation,")
            channel = CHANNELS[self.token.lower()]
            if channel in channels:
                raise BvhError(f"{joint.name!r} has the channel {self.token} twice", self.offset)
            channels.append(channel)
            self.advance()
        return tuple(channels)

    def rest_of_line(self) -> list[str]:
        words = []
        self.token, self.offset = next(self.tokens)
        while self.token not in ("\n", "{", ""):
            words.append(self.token)
            self.token, self.offset = next(self.tokens)
        if self.token == "\n":
            self.advance()
        return words

    def expect(self, word: str) -> None:
        if self.token.upper() != word:
            self.fail(word)
        self.advance()

    def advance(self) -> None:
        """Go to the next token that is no line end."""
        self.token, self.offset = next(self.tokens)
        while self.token == "\n":
            self.token, self.offset = next(self.tokens)

    def fail(self, wanted: str) -> NoReturn:
        found = repr(self.token[:LONGEST_QUOTE]) if self.token else "the end of the hierarchy"
        raise BvhError(f"found {found} where {wanted} is wanted", self.offset)


def _tokens(text: bytes) -> Iterator[tuple[str, int]]:
    """Give each word, brace and line end with its offset in bytes, then the end of the text for ever."""
    for match in TOKEN.finditer(text):
        try:
            yield match.group().decode("utf-8"), match.start()
        except UnicodeDecodeError:
            yield match.group().decode("latin-1"), match.start()
    yield from repeat(("", len(text)))


def _match_line(text: bytes, start: int, pattern: re.Pattern[bytes], example: str) -> re.Match[bytes]:
    """Match the first line with words at or after `start` as a whole."""
    blank = BLANK.match(text, start)
    begin = blank.end() if blank else start
    end = text.find(b"\n", begin)
    end = len(text) if end < 0 else end
    match = pattern.fullmatch(text, begin, end)
    if not match:
        found = text[begin:end].decode(errors="replace").strip()
        raise BvhError(f"found {found[:LONGEST_QUOTE]!r} where a line like {example!r} is wanted", begin)
    return match


def _snapped_fps(frame_time: re.Match[bytes]) -> float:
    """Give the rate that a printed frame time stands for.

    A whole rate, or a whole one times 1000/1001, if its frame time rounded (or cut) to the printed digits is the
    printed one: 0.008333 s is 120 fps, not 120.0048.
    """
    seconds = float(frame_time[1])
    if not (0 < seconds < np.inf and 1 / seconds < np.inf):
        raise BvhError(f"the frame time is {seconds:g} s; a positive one is wanted", frame_time.start(1))
    exponent = Decimal(frame_time[1].decode()).as_tuple().exponent
    unit = min(10.0 ** int(exponent) + ALL_DIGITS * seconds, FURTHEST * seconds)
    candidates = [float(round(1 / seconds)), round(1 / seconds / DROP_FRAME) * DROP_FRAME]
    for tolerance in (unit / 2, unit):
        for fps in candidates:
            if fps > 0 and abs(1 / fps - seconds) <= tolerance:
                return fps
    return 1 / seconds
