"""Motion of SMPL bodies, as AIST++ (pkl) and AMASS (npz) store it, on a skeleton that BVH files can hold.

SMPL poses are rotation vectors (axis times angle, radians) relative to a T-pose that faces z with y up; the translation
moves the whole body, whose pelvis is not at its origin. AIST++ lengths are `smpl_scaling` times a metre.
SMPL's own mean body is licensed and not included. `rest_places` is a body of about its proportions, in whole
centimetres; it stands in for SMPL-H and SMPL-X, too, whose pelvis may be at another height from the origin.
`read_body` reads the exact one from a model file.
After M. Loper et al., SMPL: a skinned multi-person linear model, SIGGRAPH Asia 2015; R. Li et al., AI Choreographer,
arXiv:2101.08779 (AIST++).
"""

import logging
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from feature_extraction.motion import rotation
from feature_extraction.motion.skeleton import Motion, Skeleton
from feature_extraction.npz import names_in_npz, read_npz
from feature_extraction.restricted_pickle import read_pickle

log = logging.getLogger(__name__)

NPZ = ".npz"
SUFFIXES = (".pkl", NPZ)
FPS = 60.0
"""The rate of AIST++, for files that do not tell theirs."""
ORDER = "ZXY"
POSES = ("smpl_poses", "poses")
TRANSLATIONS = ("smpl_trans", "trans", "transl")
SCALINGS = ("smpl_scaling",)
RATES = ("mocap_framerate", "mocap_frame_rate")
SHAPES = ("smpl_betas", "betas")
MOTION = (*POSES, *TRANSLATIONS, *SCALINGS, *RATES, *SHAPES)
BODY = ("J", "J_regressor", "v_template", "shapedirs")
"""The names that are read of a file of motion, and of a model; what else is there may be anything."""
WHOLE, WITHOUT_HANDS = 24, 22
"""The joints of SMPL; SMPL-H and SMPL-X have fingers, and a face, after the first 22."""

JOINTS = {
    # its name in SMPL: (its parent, its name in Mixamo, its place from the parent's at rest: x, y, z in metres)
    "Pelvis": ("", "Hips", 0.0, -0.22, 0.03),
    "L_Hip": ("Pelvis", "LeftUpLeg", 0.07, -0.09, -0.01),
    "R_Hip": ("Pelvis", "RightUpLeg", -0.07, -0.09, -0.01),
    "Spine1": ("Pelvis", "Spine", 0.0, 0.11, -0.03),
    "L_Knee": ("L_Hip", "LeftLeg", 0.03, -0.38, 0.0),
    "R_Knee": ("R_Hip", "RightLeg", -0.03, -0.38, 0.0),
    "Spine2": ("Spine1", "Spine1", 0.0, 0.13, 0.0),
    "L_Ankle": ("L_Knee", "LeftFoot", -0.01, -0.4, -0.04),
    "R_Ankle": ("R_Knee", "RightFoot", 0.01, -0.4, -0.04),
    "Spine3": ("Spine2", "Spine2", 0.0, 0.06, 0.03),
    "L_Foot": ("L_Ankle", "LeftToeBase", 0.03, -0.06, 0.12),
    "R_Foot": ("R_Ankle", "RightToeBase", -0.03, -0.06, 0.12),
    "Neck": ("Spine3", "Neck", 0.0, 0.21, -0.03),
    "L_Collar": ("Spine3", "LeftShoulder", 0.07, 0.11, -0.02),
    "R_Collar": ("Spine3", "RightShoulder", -0.07, 0.11, -0.02),
    "Head": ("Neck", "Head", 0.0, 0.09, 0.05),
    "L_Shoulder": ("L_Collar", "LeftArm", 0.12, 0.05, -0.01),
    "R_Shoulder": ("R_Collar", "RightArm", -0.12, 0.05, -0.01),
    "L_Elbow": ("L_Shoulder", "LeftForeArm", 0.26, 0.0, -0.02),
    "R_Elbow": ("R_Shoulder", "RightForeArm", -0.26, 0.0, -0.02),
    "L_Wrist": ("L_Elbow", "LeftHand", 0.26, 0.0, 0.0),
    "R_Wrist": ("R_Elbow", "RightHand", -0.26, 0.0, 0.0),
    "L_Hand": ("L_Wrist", "LeftHandMiddle1", 0.08, 0.0, 0.0),
    "R_Hand": ("R_Wrist", "RightHandMiddle1", -0.08, 0.0, 0.0),
}
NAMES = tuple(JOINTS)
PARENTS = tuple(NAMES.index(parent) if parent else -1 for parent, *_ in JOINTS.values())
MIXAMO = tuple(name for _, name, *_ in JOINTS.values())
ENDS = {
    "L_Foot": (0.0, 0.0, 0.07),
    "R_Foot": (0.0, 0.0, 0.07),
    "Head": (0.0, 0.2, 0.0),
    "L_Wrist": (0.18, 0.0, 0.0),
    "R_Wrist": (-0.18, 0.0, 0.0),
    "L_Hand": (0.1, 0.0, 0.0),
    "R_Hand": (-0.1, 0.0, 0.0),
}
"""What the last joints end in, in metres."""


def read_smpl(
    path: Path | str, *, fps: float | None = None, body: Path | str | None = None, mixamo_names: bool = True
) -> Motion:
    """Read the motion of an SMPL body, in metres, with the axes of the file.

    Args:
        path: a pickle or npz with the keys of AIST++ (smpl_poses, smpl_trans, smpl_scaling) or AMASS (poses, trans,
            mocap_framerate, betas). Fingers and faces of SMPL-H and SMPL-X are left out.
        fps: frames per second; otherwise what the file says, otherwise 60, as AIST++ has.
        body: a model file for `read_body`, which is shaped by the motion's betas; otherwise it is `rest_places`.
        mixamo_names: whether joints are called as in Mixamo ("LeftArm") and not as in SMPL ("L_Shoulder").

    Raises:
        ValueError: for a file that is something else, naming what is wrong with it.
    """
    path = Path(path)
    arrays = read_arrays(path, MOTION)
    poses = _poses(path, arrays)
    translations = _numbers(path, arrays, TRANSLATIONS)
    if translations.shape != (len(poses), 3):
        raise ValueError(f"{path}: translations are {translations.shape}, where {len(poses)} poses want (frames, 3)")
    places = read_body(body, _optional(path, arrays, SHAPES)) if body else rest_places()
    joints = WHOLE if poses.shape[1] == len(places) == WHOLE else WITHOUT_HANDS
    if poses.shape[1] > WHOLE:
        log.info("%s: of %d joints the %d of the body are kept", path.name, poses.shape[1], joints)
    fps = _one(path, arrays, RATES, FPS) if fps is None else fps
    if not 0 < fps < np.inf:
        raise ValueError(f"{path}: a frame rate must be positive, not {fps:g}")
    positions = places[0] + translations / _one(path, arrays, SCALINGS, 1.0)
    rotations = rotation.exp(poses[:, :joints])
    return Motion(skeleton(places[:joints], mixamo_names), fps, rotations, positions[:, None])


def rest_places() -> np.ndarray:
    """Give the places (24, 3) in metres of the joints of a body of about SMPL's proportions, in its T-pose."""
    places: dict[str, np.ndarray] = {}
    for name, (parent, _, *offset) in JOINTS.items():
        places[name] = np.array(offset) + (places[parent] if parent else 0.0)
    return np.stack(list(places.values()))


def read_body(path: Path | str, betas: np.ndarray | None = None) -> np.ndarray:
    """Give the places (joints, 3) of a model's joints at rest: J, or J_regressor (v_template + shapedirs betas).

    `path` is an npz or a plain pickle, as SMPL-H and SMPL-X are published; `betas` (n,) are as many as there are.
    """
    path = Path(path)
    arrays = read_arrays(path, BODY)
    if "J_regressor" in arrays and "v_template" in arrays:
        places = _shaped_joints(path, arrays, betas)
    else:
        places = _numbers(path, arrays, ("J",))
    if places.ndim != 2 or places.shape[1] != 3 or len(places) < WITHOUT_HANDS:
        raise ValueError(f"{path}: joints are {places.shape}, where ({WITHOUT_HANDS} or more, 3) are wanted")
    return places


def skeleton(places: np.ndarray, mixamo_names: bool = True) -> Skeleton:
    """Give the skeleton of SMPL's first joints at `places` (joints, 3)."""
    count = len(places)
    offsets = places - places[[max(parent, 0) for parent in PARENTS[:count]]]
    leaves = [j for j in range(count) if j not in PARENTS[:count]]
    return Skeleton(
        names=(MIXAMO if mixamo_names else NAMES)[:count],
        parents=PARENTS[:count],
        offsets=offsets,
        orders=(ORDER,) * count,
        end_sites=tuple((j, ENDS[NAMES[j]]) for j in leaves),
    )


def _shaped_joints(path: Path, arrays: Mapping[str, Any], betas: np.ndarray | None) -> np.ndarray:
    """Give J_regressor (v_template + shapedirs betas), (joints, 3), with as many betas as both have."""
    vertices, regressor = (_numbers(path, arrays, (key,)) for key in ("v_template", "J_regressor"))
    try:
        if betas is not None and "shapedirs" in arrays:
            shapes = _numbers(path, arrays, ("shapedirs",))
            used = min(betas.size, shapes.shape[-1])
            vertices = vertices + shapes[..., :used] @ betas.ravel()[:used]
        return regressor @ vertices
    except ValueError as error:
        raise ValueError(f"{path}: v_template, shapedirs and J_regressor do not go together: {error}") from error


def read_arrays(path: Path, names: Collection[str] | None = None) -> Mapping[str, Any]:
    """Read the arrays of an npz or a pickle by name, of an npz those of `names`: others may hold objects.

    ValueError naming the file when it is neither.
    """
    if path.suffix.lower() == NPZ:
        return read_npz(path, names)
    arrays = read_pickle(path)
    if not isinstance(arrays, dict):
        raise ValueError(f"{path} holds a {type(arrays).__name__}, where arrays with names are wanted")
    return arrays


def _poses(path: Path, arrays: Mapping[str, Any]) -> np.ndarray:
    """Give the (frames, joints, 3) rotation vectors."""
    poses = _numbers(path, arrays, POSES)
    values = int(np.prod(poses.shape[1:]))
    if poses.ndim < 2 or values % 3 or values < 3 * WITHOUT_HANDS:
        wanted = f"(frames, joints * 3) with {WITHOUT_HANDS} joints or more"
        raise ValueError(f"{path}: poses are {poses.shape}, where {wanted} are wanted")
    if not len(poses):
        raise ValueError(f"{path} has no frames")
    return poses.reshape(len(poses), -1, 3)


def _one(path: Path, arrays: Mapping[str, Any], keys: tuple[str, ...], default: float) -> float:
    """Give the one positive number under one of `keys`, or the default."""
    values = _optional(path, arrays, keys)
    if values is None:
        return default
    if values.size != 1 or values.item() <= 0:
        raise ValueError(f"{path}: {' or '.join(keys)} is {values.tolist()}, where one positive number is wanted")
    return float(values.item())


def _optional(path: Path, arrays: Mapping[str, Any], keys: tuple[str, ...]) -> np.ndarray | None:
    return _numbers(path, arrays, keys) if any(key in arrays for key in keys) else None


def _numbers(path: Path, arrays: Mapping[str, Any], keys: tuple[str, ...]) -> np.ndarray:
    """Give the array under the first of `keys` that is there, as float64."""
    key = next((key for key in keys if key in arrays), None)
    if key is None:
        there = ", ".join(names_in_npz(path) if path.suffix.lower() == NPZ else map(str, arrays)) or "nothing"
        raise ValueError(f"{path} has no {' or '.join(keys)}; there is {there}")
    values = np.asarray(arrays[key])
    if values.dtype.kind not in "iuf" or not np.isfinite(values).all():
        raise ValueError(f"{path}: {key} is not made of finite numbers")
    return values.astype(np.float64)
