"""The demo corpus's person: a skeleton of 175 cm, and poses named by body part turned into joint rotations."""

from functools import cache

import numpy as np

from feature_extraction.motion import rotation
from feature_extraction.motion.skeleton import Motion, Skeleton

BODY = (
    # joint, parent, offset in cm: y up, facing +z, left is +x, arms straight out to the sides
    ("Hips", None, (0, 0, 0)),
    ("Spine", "Hips", (0, 10, -1)),
    ("Spine1", "Spine", (0, 16, -1)),
    ("Neck", "Spine1", (0, 26, 0)),
    ("Head", "Neck", (0, 9, 2)),
    ("LeftShoulder", "Spine1", (4, 20, 1)),
    ("LeftArm", "LeftShoulder", (14, 0, -1)),
    ("LeftForeArm", "LeftArm", (28, 0, 0)),
    ("LeftHand", "LeftForeArm", (25, 0, 0)),
    ("RightShoulder", "Spine1", (-4, 20, 1)),
    ("RightArm", "RightShoulder", (-14, 0, -1)),
    ("RightForeArm", "RightArm", (-28, 0, 0)),
    ("RightHand", "RightForeArm", (-25, 0, 0)),
    ("LeftUpLeg", "Hips", (9, -4, 0)),
    ("LeftLeg", "LeftUpLeg", (0, -42, 0)),
    ("LeftFoot", "LeftLeg", (0, -41, 0)),
    ("LeftToeBase", "LeftFoot", (0, -6, 13)),
    ("RightUpLeg", "Hips", (-9, -4, 0)),
    ("RightLeg", "RightUpLeg", (0, -42, 0)),
    ("RightFoot", "RightLeg", (0, -41, 0)),
    ("RightToeBase", "RightFoot", (0, -6, 13)),
)
ENDS = {
    "Head": (0, 19, 0),
    "LeftHand": (17, 0, 0),
    "RightHand": (-17, 0, 0),
    "LeftToeBase": (0, 0, 7),
    "RightToeBase": (0, 0, 7),
}
EULER_ORDER = "ZXY"
SIDES = {"left": 1.0, "right": -1.0}

STANCE_HIPS = np.array([0.0, 90.0, 0.0])
STANCE_BALL = {side: np.array([10.5 * sign, 2.0, 11.0]) for side, sign in SIDES.items()}
"""Where the toe joints stand, cm; a planted foot turns about this point."""
STANCE_TURNOUT = np.radians(9.0)
STANCE_ARM = ((0.2, -0.97, -0.1), (0.08, -0.72, 0.65))
"""Directions (outwards, up, forwards) of upper arm and forearm in the stance: elbows a little bent."""
REACH = 0.997
"""The part of its length to which a leg may stretch: a knee is never locked."""


def _columns() -> dict[str, slice]:
    widths = {"hips": 3, "turn": 1, "pelvis": 3, "chest": 3, "head": 3}
    for side in SIDES:
        widths |= {f"{side}_{part}": 3 for part in ("shoulder", "arm", "forearm", "foot")}
        widths |= {f"{side}_foot_yaw": 1, f"{side}_heel": 1}
    stops = np.cumsum(list(widths.values())).tolist()
    return {name: slice(stop - width, stop) for (name, width), stop in zip(widths.items(), stops, strict=True)}


COLUMNS = _columns()
"""The parts of a pose vector, all measured from the stance, which is the zero vector: `hips` and the feet in cm on the
floor, `turn` (heading), `foot_yaw` and `heel` (how far it is raised) in radians, the rest rotation vectors."""
WIDTH = max(columns.stop for columns in COLUMNS.values())

Direction = tuple[float, float, float]
Part = np.ndarray | Direction | float


@cache
def skeleton() -> Skeleton:
    """The skeleton of every demo motion: Mixamo's names, cm, 175 cm tall."""
    names = tuple(name for name, _, _ in BODY)
    return Skeleton(
        names=names,
        parents=tuple(-1 if parent is None else names.index(parent) for _, parent, _ in BODY),
        offsets=np.array([offset for _, _, offset in BODY], dtype=np.float64),
        orders=(EULER_ORDER,) * len(names),
        end_sites=tuple((names.index(name), offset) for name, offset in ENDS.items()),
    )


def bend(forward: float = 0.0, turn: float = 0.0, tilt: float = 0.0) -> np.ndarray:
    """Rotation vector of a bend in degrees: forwards, turned to the left, tilted to the left."""
    return np.radians([forward, turn, -tilt])


def arm(side: str, upper: Direction, fore: Direction) -> dict[str, Part]:
    """The parts of a pose vector that point an arm along two directions (outwards, up, forwards) of the chest's frame.

    The collar bone follows the upper arm.
    """
    parts = _arm_rotations(side, upper, fore)
    stance = _arm_rotations(side, *STANCE_ARM)
    return {f"{side}_{part}": rotation.log(rotation.mul(rotation.inv(stance[part]), parts[part])) for part in parts}


def pose(**parts: Part) -> np.ndarray:
    """A pose vector (WIDTH,) from its parts; those left out stay in the stance, the head looks ahead on its own."""
    values = np.zeros(WIDTH)
    if "chest" in parts:
        values[COLUMNS["head"]] = -0.6 * np.asarray(parts["chest"])
    for name, value in parts.items():
        values[COLUMNS[name]] = value
    return values


def solve(controls: np.ndarray, fps: float) -> Motion:
    """The motion of a (frames, WIDTH) track of pose vectors: feet where it says, knees bent as the hips demand."""
    joints = {name: j for j, name in enumerate(skeleton().names)}
    part = {name: controls[:, columns] for name, columns in COLUMNS.items()}
    local = np.tile([1.0, 0.0, 0.0, 0.0], (len(controls), len(joints), 1))
    root = STANCE_HIPS + part["hips"]
    hips = rotation.mul(rotation.yaw(part["turn"][:, 0]), rotation.exp(part["pelvis"]))
    local[:, joints["Hips"]] = hips
    local[:, joints["Spine"]] = local[:, joints["Spine1"]] = rotation.exp(part["chest"] / 2)
    local[:, joints["Neck"]] = local[:, joints["Head"]] = rotation.exp(part["head"] / 2)
    for side in SIDES:
        stance = _arm_rotations(side, *STANCE_ARM)
        for segment, joint in (("shoulder", "Shoulder"), ("arm", "Arm"), ("forearm", "ForeArm")):
            turned = rotation.mul(stance[segment], rotation.exp(part[f"{side}_{segment}"]))
            local[:, joints[side.title() + joint]] = turned
        for joint, turned in _leg(side, root, hips, part).items():
            local[:, joints[side.title() + joint]] = turned
    return Motion(skeleton(), fps, local, root[:, None])


def _leg(side: str, root: np.ndarray, hips: np.ndarray, part: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Local rotations of one leg by two-bone inverse kinematics, the knee between the directions of foot and hips."""
    offset = {name: np.array(value, dtype=float) for name, _, value in BODY}
    to_hip, thigh, shin, to_ball = (offset[side.title() + joint] for joint in ("UpLeg", "Leg", "Foot", "ToeBase"))
    yaw = part[f"{side}_foot_yaw"][:, 0] + SIDES[side] * STANCE_TURNOUT
    heel = part[f"{side}_heel"] * [1.0, 0.0, 0.0]
    foot = rotation.mul(rotation.yaw(yaw), rotation.exp(heel))
    ankle = STANCE_BALL[side] + part[f"{side}_foot"] - rotation.mul_vec(foot, to_ball)
    hip = root + rotation.mul_vec(hips, to_hip)

    a, b = np.linalg.norm(thigh), np.linalg.norm(shin)
    line = ankle - hip
    distance = np.linalg.norm(line, axis=-1, keepdims=True)
    line = line / distance
    distance = np.minimum(distance, REACH * (a + b))
    pole = rotation.mul_vec(rotation.yaw((yaw + part["turn"][:, 0]) / 2), np.array([0.0, 0.0, 1.0]))
    pole -= np.sum(pole * line, axis=-1, keepdims=True) * line
    pole /= np.linalg.norm(pole, axis=-1, keepdims=True)
    along = (a**2 + distance**2 - b**2) / (2 * distance)
    knee = along * line + np.sqrt(a**2 - along**2) * pole
    hinge = np.cross(pole, line)
    upper = _limb_frame(hinge, -knee / a)
    lower = _limb_frame(hinge, -(distance * line - knee) / b)
    return {
        "UpLeg": rotation.mul(rotation.inv(hips), upper),
        "Leg": rotation.mul(rotation.inv(upper), lower),
        "Foot": rotation.mul(rotation.inv(lower), foot),
        "ToeBase": rotation.exp(-heel),
    }


@cache
def _arm_rotations(side: str, upper: Direction, fore: Direction) -> dict[str, np.ndarray]:
    """Local rotations of collar bone, arm and forearm; the elbow is a hinge about the vertical axis in rest."""
    sign = SIDES[side]
    u, f = (np.array(direction) / np.linalg.norm(direction) * [sign, 1.0, 1.0] for direction in (upper, fore))
    hinge = -sign * np.cross(u, f)
    hinge /= np.linalg.norm(hinge)
    shoulder = rotation.exp(np.array([0.0, -0.2 * sign * u[2], 0.25 * sign * max(0.0, u[1] + 0.3)]))
    upper_arm, forearm = (
        rotation.from_matrix(np.stack([sign * x, hinge, np.cross(sign * x, hinge)], axis=-1)) for x in (u, f)
    )
    return {
        "shoulder": shoulder,
        "arm": rotation.mul(rotation.inv(shoulder), upper_arm),
        "forearm": rotation.mul(rotation.inv(upper_arm), forearm),
    }


def _limb_frame(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return rotation.from_matrix(np.stack([x, y, np.cross(x, y)], axis=-1))
