"""What becomes of one recording of a corpus: linked where it can be, else written anew as BVH and FLAC."""

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from feature_extraction.audio import duration, read_channels
from feature_extraction.motion import edit, smpl
from feature_extraction.motion.bvh import read_bvh, read_bvh_header, write_bvh
from feature_extraction.motion.joint_guess import guess, parts_of
from feature_extraction.motion.joint_map import Names
from feature_extraction.motion.rest_pose import rest_of
from feature_extraction.motion.retarget import retarget
from feature_extraction.motion.selection import plain
from feature_extraction.motion.skeleton import Motion, joint_positions
from feature_extraction.store import SUFFIXES, atomic_path

Files = dict[str, Path]
"""Source ("motion", "audio", "text") -> file."""
MIXAMO = "mixamo"
"""What the canonical skeleton is called that needs no file."""
CENTIMETRES = 100.0
SLACK_S = 1.0
"""So much longer than its motion a sound may be before it is cut, seconds."""


@dataclass(frozen=True)
class Canonical:
    """The skeleton that the motion of a corpus is put on, and how its own one goes with it."""

    name: str
    target: Motion
    """Any motion on it; it stands in a T-pose, y up, while all rotations are zero."""
    names: Names = ()
    """Which joint drives which, where their names do not tell."""
    rests: tuple[tuple[tuple[str, ...], np.ndarray | None], ...] = ()
    """Joint names of a skeleton -> the local rotations (joints, 4) of its rest, None for the zero pose."""

    @classmethod
    def read(cls, name: str, names: Names) -> "Canonical":
        """Give MIXAMO, or the skeleton of a BVH file; FileNotFoundError where there is neither."""
        if name == MIXAMO:
            return cls(name, standing_body(), names)
        if not Path(name).is_file():
            raise FileNotFoundError(
                f"there is no file {name}; --canonical_skeleton takes a BVH file that rests in a T-pose, or no value"
            )
        return cls(Path(name).name, read_bvh(name), names)

    def learnt(self, motions: Sequence[Motion]) -> "Canonical":
        """Give the same with what motions on one skeleton show of how it rests, for all motions that have it."""
        first = motions[0]
        alike = [each for each in motions if _kind(each) == _kind(first)]
        rotations, positions = (
            np.concatenate(parts) for parts in zip(*((each.rotations, each.positions) for each in alike), strict=True)
        )
        rest = self._rest(replace(first, rotations=rotations, positions=positions))
        return replace(self, rests=((first.skeleton.names, rest), *self.rests))

    def put(self, motion: Motion) -> Motion:
        """Give the motion on this skeleton; ValueError when too little of a body is known by its joints' names."""
        joints = self._joints(motion)
        if len(joints) * 2 < len(self.target.skeleton.names):
            raise ValueError(
                f"of the canonical skeleton's {len(self.target.skeleton.names)} joints only {len(joints)} have a "
                f"counterpart among {', '.join(motion.skeleton.names)}; put the motion on it with "
                "`python -m feature_extraction.bvh_tools retarget --map`"
            )
        known = dict(self.rests)
        names = motion.skeleton.names
        return retarget(motion, self.target, joints, rest=known[names] if names in known else self._rest(motion))

    def _joints(self, motion: Motion) -> Mapping[int, int]:
        there = {plain(name) for name in motion.skeleton.names}
        theirs = {plain(name) for name in self.target.skeleton.names}
        names = [(one, other) for one, other in self.names if plain(one) in there and plain(other) in theirs]
        return guess(motion.skeleton, self.target.skeleton, names).joints

    def _rest(self, motion: Motion) -> np.ndarray | None:
        return rest_of(motion, self.target.skeleton, self._joints(motion))


@dataclass(frozen=True)
class Conversion:
    """What is done to the recordings of a corpus."""

    read: Callable[[Path], Motion] = read_bvh
    canonical: Canonical | None = None
    upright: bool = False
    """Whether what is written is turned so that y is up, whatever was."""
    cuts_sound: bool = False
    """Whether a sound that goes on without motion is cut."""
    drops_frames: bool = False
    """Whether `read` leaves out frames of some files, which are then written anew."""

    def motion(self, path: Path) -> Motion:
        """Read a motion and convert it."""
        motion = self.read(path)
        motion = self.canonical.put(motion) if self.canonical else motion
        return turned_upright(motion) if self.upright else motion

    def place(self, name: str, files: Files, directory: Path) -> str | None:
        """Bring the files of a recording into a folder under its name; give what is wrong with them, or None."""
        try:
            motion_s = self._place_motion(files.get("motion"), directory / f"{name}.bvh")
            for source in files.keys() - {"motion"}:
                _place(files[source], directory, name, motion_s if source == "audio" and self.cuts_sound else None)
        except (ValueError, LookupError) as error:
            return str(error.args[0] if len(error.args) == 1 else error)
        return None

    def _place_motion(self, path: Path | None, target: Path) -> float | None:
        """Give how long the motion is, in seconds, where the sound is to be cut by it."""
        if path is None:
            return None
        if self._is_linked(path):
            link(path, target)
        elif path.resolve() == target.resolve():
            raise ValueError(f"{path} would be written over; make the corpus in another folder, with --source")
        elif not target.exists():
            write_bvh(target, self.motion(path))
        header = read_bvh_header(target) if self.cuts_sound else None
        return header.frames / header.fps if header else None

    def _is_linked(self, path: Path) -> bool:
        """Whether a motion stays as it is: a BVH file, all of whose frames are kept, on its own skeleton."""
        if self.canonical or path.suffix.lower() not in SUFFIXES["motion"]:
            return False
        return not self.drops_frames or self.read(path).frames == read_bvh_header(path).frames


def _kind(motion: Motion) -> tuple[tuple[str, ...], tuple[int, ...]]:
    return motion.skeleton.names, motion.skeleton.moving


def standing_body() -> Motion:
    """Give one frame of the canonical skeleton at rest: Mixamo's 22 joints without fingers, in centimetres.

    Its proportions are `smpl.rest_places`; it stands on y = 0 in a T-pose that faces z.
    """
    skeleton = smpl.skeleton(smpl.rest_places()[: smpl.WITHOUT_HANDS])
    identity = np.zeros((1, len(skeleton.names), 4))
    identity[..., 0] = 1.0
    body = edit.rescale(Motion(skeleton, smpl.FPS, identity, np.zeros((1, 1, 3))), CENTIMETRES)
    return edit.to_floor(body)


def turned_upright(motion: Motion) -> Motion:
    """Turn the world so that y is up, which is the axis along which heads are above feet on average.

    A motion whose joints' names tell of no head or no feet stays as it is.
    """
    parts = parts_of(motion.skeleton)
    heads = [j for j, (_, part) in parts.items() if part == "head"]
    feet = [j for j, (_, part) in parts.items() if part in ("foot", "ankle", "toe")]
    if not heads or not feet:
        return motion
    places = joint_positions(motion)
    way = (places[:, heads].mean(axis=1) - places[:, feet].mean(axis=1)).mean(axis=0)
    axis = int(np.abs(way).argmax())
    up = f"{'-' if way[axis] < 0 else ''}{'xyz'[axis]}"
    return motion if up == "y" else edit.turn(motion, edit.UPRIGHT[up])


def link(path: Path, target: Path) -> None:
    """Link a file, by a path that stays right when both are moved together; what is there already is left."""
    if not target.exists() and path.parent != target.parent:
        target.symlink_to(os.path.relpath(path.resolve(), target.parent.resolve()))


def _place(path: Path, directory: Path, name: str, longest_s: float | None) -> None:
    """Link a sound or a transcript; write a sound that is longer than it may be, or in a video, as FLAC."""
    is_video = path.suffix.lower() not in {suffix for group in SUFFIXES.values() for suffix in group}
    if not is_video and (longest_s is None or duration(path) <= longest_s + SLACK_S):
        link(path, directory / f"{name}{path.suffix.lower()}")
        return
    target = directory / f"{name}.flac"
    if not target.exists():
        import soundfile

        samples, rate = _sound_of_video(path) if is_video else read_channels(path)
        stop = None if longest_s is None else math.ceil(longest_s * rate)
        with atomic_path(target) as temporary:
            soundfile.write(temporary, samples[:stop], rate, subtype="PCM_16")


def _sound_of_video(path: Path) -> tuple[np.ndarray, int]:
    """Give the sound (samples, channels) of a film, within -1 and 1, and its rate; ValueError where there is none."""
    import av

    try:
        with av.open(str(path)) as film:
            if not film.streams.audio:
                raise ValueError(f"{path} is a film without sound")
            stream = film.streams.audio[0]
            resampler = av.AudioResampler(format="fltp", layout=stream.layout, rate=stream.rate)
            frames = [piece for frame in film.decode(stream) for piece in resampler.resample(frame)]
            blocks = [piece.to_ndarray() for piece in [*frames, *resampler.resample(None)]]
            return np.concatenate(blocks, axis=1).T, int(stream.rate)
    except av.FFmpegError as error:
        raise ValueError(f"{path} is no readable film: {error}") from error
