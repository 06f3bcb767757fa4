"""What can be done to generated motion before it is written: smoothed, put on another skeleton, feet held, grounded."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy.signal import savgol_filter

from analysis.render.stance import stance_of
from feature_extraction.motion import edit, rotation
from feature_extraction.motion.bvh import read_bvh
from feature_extraction.motion.joint_guess import Guess, guess
from feature_extraction.motion.joint_map import Names, read_names
from feature_extraction.motion.resample import resample
from feature_extraction.motion.retarget import retarget
from feature_extraction.motion.skeleton import Motion
from feature_extraction.motion.still_root import from_moving_root
from inference.foot_locking import lock_feet
from inference.settings import Settings

log = logging.getLogger(__name__)

SMOOTHING_WINDOW, SMOOTHING_ORDER = 9, 3


def smoothed(values: np.ndarray) -> np.ndarray:
    """Savitzky-Golay smoothing of (frames, dim) values over time, window 9 and order 3.

    The window shrinks for shorter sequences; up to 4 frames stay as they are, being cubics already; so do tokens.
    """
    window = min(SMOOTHING_WINDOW, len(values) - (len(values) + 1) % 2)
    if window <= SMOOTHING_ORDER or values.dtype.kind in "iu":
        return values
    return savgol_filter(values, window, SMOOTHING_ORDER, axis=0).astype(values.dtype)


def align_ground(motion: Motion) -> Motion:
    """The motion moved up or down so that its floor is at 0: where the lowest point is in all but a few frames."""
    stance = stance_of(motion)
    down = np.array([0.0, -stance.floor * stance.height, 0.0])
    return edit.shift(motion, rotation.mul_vec(rotation.inv(stance.turn), down))


@dataclass(frozen=True)
class Rig:
    """A skeleton to put motion on."""

    motion: Motion
    """Any motion on it."""
    name: str
    names: Names = ()
    """What drives its joints besides the guess."""
    pose: int | None = None
    """The frame in which it rests as other skeletons do with all rotations zero; None for that very pose."""
    _told: dict[tuple[str, ...], Guess] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def read(cls, path: Path | str, joint_map: str = "", pose: int | None = None) -> "Rig":
        """The skeleton of a BVH file; `joint_map` is `SOURCE=TARGET,...` or a JSON or YAML file of that.

        Raises:
            FileNotFoundError: if there is no such file.
            ValueError: if it is no BVH file, or has no such frame, or the map is no map.
        """
        if not Path(path).is_file():
            raise FileNotFoundError(f"there is no {path}; --target_skeleton takes a BVH file with your own skeleton")
        motion = from_moving_root(read_bvh(path))
        if pose is not None and not 0 <= pose < motion.frames:
            raise ValueError(f"{path} has no frame {pose} for --target_pose; there are {motion.frames}, from 0 on")
        return cls(motion, Path(path).name, read_names(joint_map) if joint_map else (), pose)

    def put(self, motion: Motion) -> Motion:
        """The motion on this skeleton. Which joint drives which is logged, once for each skeleton that comes."""
        source = motion.skeleton
        if source.names not in self._told:
            self._told[source.names] = guess(source, self.motion.skeleton, self.names)
            self._tell(source.names, self._told[source.names])
        rest = None if self.pose is None else self.motion.rotations[self.pose]
        return retarget(motion, self.motion, self._told[source.names].joints, target_rest=rest)

    def _tell(self, names: Sequence[str], found: Guess) -> None:
        own = self.motion.skeleton.names
        pairs = ",".join(f"{names[driver]}={own[joint]}" for joint, driver in found.joints.items())
        log.info("%s is driven by %s; change it with --joint_map", self.name, pairs)
        if found.resting:
            log.info("at rest in %s: %s", self.name, ", ".join(found.resting))
        if found.unused:
            log.info("without counterpart in %s: %s", self.name, ", ".join(found.unused))


@dataclass(frozen=True)
class Finish:
    """What is done to decoded motion, in this order; nothing by default."""

    fps: float = 0.0
    """Frame rate; 0 for the motion's own."""
    rig: Rig | None = None
    """The skeleton that it is put on."""
    foot_lock: bool = False
    """Hold feet in place where they stand."""
    align_ground: bool = False
    """Put the floor at height 0."""

    @classmethod
    def of(cls, settings: Settings) -> "Finish":
        """What the settings ask for; a ValueError or FileNotFoundError if their skeleton cannot be read."""
        path = settings.target_skeleton
        if not path and (settings.joint_map or settings.target_pose is not None):
            raise ValueError("--joint_map and --target_pose are for --target_skeleton, a BVH file; name one")
        rig = Rig.read(path, settings.joint_map, settings.target_pose) if path else None
        return cls(settings.fps, rig, settings.foot_lock, settings.align_ground)

    def generated(self, motion: Motion) -> Motion:
        """The finished motion."""
        motion = self.recorded(motion)
        motion = lock_feet(motion) if self.foot_lock else motion
        return align_ground(motion) if self.align_ground else motion

    def recorded(self, motion: Motion) -> Motion:
        """A recording, to be shown beside it: nothing of it is mended."""
        motion = resample(motion, self.fps) if self.fps else motion
        return self.rig.put(motion) if self.rig else motion
