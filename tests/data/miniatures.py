"""Each corpus that others have recorded, in small: the folders, names, skeletons and rates of the real one."""

import io
import json
import pickle
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile

from data.conversion import standing_body
from feature_extraction.motion import edit, rotation, smpl
from feature_extraction.motion.bvh import write_bvh
from feature_extraction.motion.skeleton import Motion, Skeleton, fk, local_positions
from tests.feature_extraction.small_corpus import clicking

SECONDS = 1.6
SOUND_RATE = 16000
WORDS = (("and", 0.2, 0.5), ("this", 0.5, 0.9), ("far", 1.1, 1.5))
BODY = standing_body()
ARMS_DOWN = {"LeftArm": -1.3, "RightArm": 1.3}
"""The turn about z, radians, by which arms hang."""


def moving(seed: int, fps: float, seconds: float = SECONDS, wiggle: float = 0.12) -> Motion:
    """A person on the canonical skeleton who stands with the arms down, sways and walks a little."""
    generator = np.random.default_rng(seed)
    skeleton = BODY.skeleton
    frames = round(seconds * fps)
    times = np.arange(frames) / fps
    rates, phases = generator.uniform((1.4, 0.0), (2.6, 2.0), (len(skeleton.names), 3, 2)).transpose(2, 0, 1) * np.pi
    vectors = wiggle * np.sin(rates * times[:, None, None] + phases)
    hanging = rotation.identity(len(skeleton.names))
    for name, angle in ARMS_DOWN.items():
        hanging[skeleton.index(name)] = rotation.exp(np.array([0.0, 0.0, angle]))
    rotations = rotation.mul(hanging, rotation.exp(vectors))
    path = BODY.positions[0] + np.stack([20 * np.sin(times), np.sin(3 * times), 15 * times], axis=1)
    return Motion(skeleton, fps, rotations, path[:, None])


def renamed(motion: Motion, names: Mapping[str, str]) -> Motion:
    """The same motion with other names of joints."""
    skeleton = motion.skeleton
    return replace(motion, skeleton=replace(skeleton, names=tuple(names.get(name, name) for name in skeleton.names)))


def with_joint(motion: Motion, name: str, parent: str, between: str = "") -> Motion:
    """The same motion with one more joint, which never turns: at the end of its parent, or on the bone to another."""
    skeleton = motion.skeleton
    above = skeleton.index(parent)
    place = skeleton.index(between) if between else len(skeleton.names)
    names = [*skeleton.names[:place], name, *skeleton.names[place:]]
    parents = [old + (old >= place) for old in skeleton.parents]
    half = skeleton.offsets[place] / 2 if between else np.array([0.0, 1.0, 0.0])
    offsets = np.insert(skeleton.offsets, place, half, axis=0)
    parents.insert(place, above)
    if between:
        parents[place + 1], offsets[place + 1] = place, half
    ends = tuple((j + (j >= place), end) for j, end in skeleton.end_sites)
    longer = Skeleton(tuple(names), tuple(parents), offsets, (skeleton.orders[0],) * len(names), ends)
    return replace(motion, skeleton=longer, rotations=np.insert(motion.rotations, place, rotation.identity(), axis=1))


def along_x(motion: Motion) -> Motion:
    """The same motion on a skeleton whose bones lie along x while rotations are zero, as Maya's and MotionBuilder's."""
    skeleton = motion.skeleton
    axes = rotation.identity(len(skeleton.names))
    for j in range(len(skeleton.names)):
        bones = [skeleton.offsets[child] for child, parent in enumerate(skeleton.parents) if parent == j]
        for bone in [each for each in bones if np.linalg.norm(each) > 0][:1]:
            side = np.cross(bone, [0.0, 0.3, 1.0])
            columns = [bone, np.cross(side, bone), side]
            axes[j] = rotation.from_matrix(np.stack([each / np.linalg.norm(each) for each in columns], axis=-1))
    world, _ = fk(motion.rotations, local_positions(motion), skeleton.parents)
    world = rotation.mul(world, axes)
    above = list(skeleton.parents[1:])
    local = world.copy()
    local[:, 1:] = rotation.mul(rotation.inv(world[:, above]), world[:, 1:])
    offsets = skeleton.offsets.copy()
    offsets[1:] = rotation.mul_vec(rotation.inv(axes[above]), offsets[1:])
    ends = tuple(
        (j, tuple(rotation.mul_vec(rotation.inv(axes[j]), np.array(end)).tolist())) for j, end in skeleton.end_sites
    )
    return replace(motion, skeleton=replace(skeleton, offsets=offsets, end_sites=ends), rotations=local)


def four_of_the_spine(motion: Motion) -> Motion:
    """The same with a spine of four joints, the first of which is still, and a neck of two."""
    longer = renamed(motion, {"Spine": "Spine1", "Spine1": "Spine2", "Spine2": "Spine3"})
    return with_joint(with_joint(longer, "Spine", "Hips", between="Spine1"), "Neck1", "Neck", between="Head")


def write_motion(path: Path, motion: Motion) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bvh(path, motion)


def write_sound(path: Path, seed: int, seconds: float = SECONDS) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, clicking(seed, seconds, SOUND_RATE), SOUND_RATE)


def write_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def packed(folder: Path) -> bytes:
    """A zip archive of the files below a folder."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            archive.write(path, path.relative_to(folder))
    return content.getvalue()


def textgrid() -> str:
    """WORDS as Praat writes them, long."""
    intervals = "".join(
        f'intervals [{number}]:\n    xmin = {start}\n    xmax = {end}\n    text = "{word}"\n'
        for number, (word, start, end) in enumerate(WORDS, 1)
    )
    return (
        'File type = "ooTextFile"\nObject class = "TextGrid"\n\nxmin = 0\nxmax = 1.6\ntiers? <exists>\nsize = 1\n'
        f'item []:\n    item [1]:\n        class = "IntervalTier"\n        name = "words"\n        xmin = 0\n'
        f"        xmax = 1.6\n        intervals: size = {len(WORDS)}\n{intervals}"
    )


def google_json() -> str:
    words = [{"word": word, "start_time": f"{start}s", "end_time": f"{end}s"} for word, start, end in WORDS]
    return json.dumps([{"alternatives": [{"words": words}]}])


def tsv() -> str:
    return "".join(f"{start}\t{end}\t{word}\n" for word, start, end in WORDS)


def smpl_arrays(motion: Motion, joints: int) -> tuple[np.ndarray, np.ndarray]:
    """Poses (frames, 3 joints) and translations (frames, 3) in metres of a motion on the canonical skeleton."""
    poses = np.zeros((motion.frames, joints, 3))
    poses[:, : smpl.WITHOUT_HANDS] = rotation.log(motion.rotations)
    return poses.reshape(motion.frames, -1), motion.positions[:, 0] / 100 - smpl.rest_places()[0]


def aistpp(folder: Path) -> None:
    """Motions, splits and ignore list of AIST++; of the music one file, one film and one id that is not there."""
    names = [
        "gBR_sBM_cAll_d04_mBR0_ch01",
        "gBR_sBM_cAll_d04_mBR0_ch02",
        "gPO_sBM_cAll_d10_mPO1_ch01",
        "gLO_sFM_cAll_d13_mLO2_ch05",
        "gBR_sBM_cAll_d05_mBR0_ch09",
        "gWA_sBM_cAll_d26_mWA4_ch03",
    ]
    for seed, name in enumerate(names):
        motion = moving(seed, 60.0, SECONDS + 0.1 * seed)
        poses, translations = smpl_arrays(motion, 24)
        arrays = {"smpl_poses": poses, "smpl_trans": translations * 93.7, "smpl_scaling": np.array([93.7])}
        for kind, content in (("motions", arrays), ("keypoints3d", {"keypoints3d": np.zeros((2, 17, 3))})):
            (folder / kind).mkdir(parents=True, exist_ok=True)
            (folder / kind / f"{name}.pkl").write_bytes(pickle.dumps(content))
    for split, listed in {"train": names[:2] + names[4:], "val": names[2:3], "test": names[3:4]}.items():
        write_text(folder / "splits" / f"crossmodal_{split}.txt", "\n".join(listed))
    write_text(folder / "ignore_list.txt", f"{names[4]}\ngBR_sBM_cAll_d06_mBR5_ch09\n")
    for seed, music in enumerate(("mBR0", "mPO1", "mLO2")):
        write_sound(folder / "music" / f"{music}.wav", seed, 6.0)


def motorica(folder: Path) -> None:
    """Motion and music under one name; one test recording of the publication, and one without music."""
    names = [
        "kthstreet_gLH_sFM_cAll_d01_mLH_ch01_danstrams",
        "kthstreet_gKR_sFM_cAll_d01_mKR_ch01_1stafterthecaos_000",
        "kthjazz_gCH_sFM_sngl_d01_007",
        "kthstreet_gLH_sFM_cAll_d01_mLH_ch01_thisisit_001",
        "kthmisc_gCA_sFM_cAll_d01_mCA_ch0",
    ]
    for seed, name in enumerate(names):
        fingers = with_joint(
            with_joint(moving(seed, 120.0), "LeftHandIndex1", "LeftHand"), "RightHandIndex1", "RightHand"
        )
        write_motion(folder / "bvh" / f"{name}.bvh", fingers)
        if "gCA" not in name:
            write_sound(folder / "wav" / f"{name}.wav", seed)


def zeroeggs(folder: Path) -> None:
    """The folder clean, with mirror images and other speeds, and the raw takes beside it."""
    for seed, name in enumerate(("001_Neutral_0", "006_Sad_0", "005_Neutral_4", "067_Speech_2")):
        motion = along_x(with_joint(four_of_the_spine(moving(seed, 60.0)), "HeadEnd", "Head"))
        write_motion(folder / "clean" / f"{name}_x_1_0.bvh", motion)
        write_sound(folder / "clean" / f"{name}_x_1_0.wav", seed)
        for other in (f"clean/{name}_mirror_x_1_0", f"clean/{name}_x_0_9", f"original/{name}"):
            write_text(folder / f"{other}.bvh", "not read")
            write_text(folder / f"{other}.wav", "not read")


BEAT_NAMES = {
    "train": ("1_wayne_0_9_9", "2_scott_0_66_66", "5_stewart_1_2_2"),
    "val": ("1_wayne_0_57_57",),
    "test": ("2_scott_0_65_65",),
}


def beat(folder: Path) -> None:
    """Speakers' folders with motion, sound, words, faces and emotions."""
    names = {f"{side}{joint}": f"{side[0]}{short}" for side in ("Left", "Right") for joint, short in SHORT.items()}
    for seed, name in enumerate(name for group in BEAT_NAMES.values() for name in group):
        where = folder / "beat_english_v0.2.1" / name.split("_")[0] / name
        motion = renamed(four_of_the_spine(moving(seed, 120.0)), names)
        write_motion(where.with_suffix(".bvh"), with_joint(motion, "LFootF", "LFoot", between="LToeBase"))
        write_sound(where.with_suffix(".wav"), seed)
        write_text(where.with_suffix(".TextGrid"), textgrid())
        write_text(where.with_suffix(".json"), json.dumps({"names": ["jawOpen"], "frames": []}))
        write_text(where.with_suffix(".csv"), "0\n0\n")


SHORT = {
    "Shoulder": "Shoulder",
    "Arm": "Arm",
    "ForeArm": "Arm1",
    "Hand": "Hand",
    "UpLeg": "UpLeg",
    "Leg": "Leg",
    "Foot": "Foot",
    "ToeBase": "ToeBase",
}
"""Joints of BEAT, after L and R."""


def beat2(folder: Path) -> None:
    """SMPL-X bodies with z up, to see that it is noticed; sound, words and the list."""
    root = folder / "beat_v2.0.0" / "beat_english_v2.0.0"
    rows = ["id,type"]
    for seed, (split, name) in enumerate((split, name) for split, group in BEAT_NAMES.items() for name in group):
        motion = edit.turn(moving(seed, 30.0), rotation.inv(edit.UPRIGHT["z"]))
        poses, translations = smpl_arrays(motion, 55)
        (root / "smplxflame_30").mkdir(parents=True, exist_ok=True)
        np.savez(
            root / "smplxflame_30" / f"{name}.npz",
            poses=poses,
            trans=translations,
            betas=np.zeros(300),
            expressions=np.zeros((motion.frames, 100)),
            model="smplx2020",
            gender="neutral",
            mocap_frame_rate=30,
        )
        write_sound(root / "wave16k" / f"{name}.wav", seed)
        write_text(root / "textgrid" / f"{name}.TextGrid", textgrid())
        rows.append(f"{name},{split}")
    write_text(root / "train_test_split.csv", "\n".join([*rows, "3_solomon_0_9_9,additional"]))


def lafan1(folder: Path) -> None:
    """Motion alone, bones along x."""
    names = {f"{side}ToeBase": f"{side}Toe" for side in ("Left", "Right")}
    for seed, name in enumerate(("dance1_subject1", "dance2_subject3", "walk1_subject2", "dance1_subject5")):
        write_motion(folder / "lafan1" / f"{name}.bvh", renamed(along_x(moving(seed, 30.0)), names))


T_POSE = {"LeftUpLeg": (0, 0, -21), "RightUpLeg": (0, 0, 21), "LeftArm": (0, 0, -8), "RightArm": (0, 0, 8)}
T_POSE |= {"Neck": (-16, 0, 0), "Neck1": (21, 0, 0), "Head": (11, 0, 0)}
"""The joints of CMU's conversion that are turned in the frame which it puts first, degrees about x, y and z."""


def after_a_t_pose(motion: Motion) -> Motion:
    """The same motion with one more frame, before the others and where the first of them is."""
    rotations = rotation.identity(1, len(motion.skeleton.names))
    for name, degrees in T_POSE.items():
        rotations[0, motion.skeleton.index(name)] = rotation.exp(np.radians(degrees))
    rotations = np.concatenate([rotations, motion.rotations])
    return replace(motion, rotations=rotations, positions=np.insert(motion.positions, 0, motion.positions[0], axis=0))


def cmu(folder: Path) -> None:
    """Motion alone, in inches or so, with hip joints and a lower back; all but one begin with a T-pose."""
    for seed, name in enumerate(("01_01", "05_20", "14_02", "09_03", "49_01")):
        motion = edit.rescale(moving(seed, 120.0), 0.45)
        motion = renamed(motion, {"Spine": "LowerBack", "Spine1": "Spine", "Spine2": "Spine1"})
        motion = with_joint(motion, "LHipJoint", "Hips", between="LeftUpLeg")
        motion = with_joint(
            with_joint(motion, "RHipJoint", "Hips", between="RightUpLeg"), "Neck1", "Neck", between="Head"
        )
        motion = motion if name == "49_01" else after_a_t_pose(motion)
        write_motion(folder / "data" / f"{int(name[:2]):03d}" / f"{name}.bvh", motion)


def genea2020(folder: Path) -> None:
    """Audio, Motion and Transcripts; of the test recording there is no motion."""
    for seed, name in enumerate(("Recording_001", "Recording_002", "Recording_003", "TestSeq001")):
        if not name.startswith("Test"):
            write_motion(folder / "Motion" / f"{name}.bvh", four_of_the_spine(moving(seed, 60.0)))
        write_sound(folder / "Audio" / f"{name}.wav", seed)
        write_text(folder / "Transcripts" / f"{name}.json", google_json())


def genea2023(folder: Path) -> None:
    """Splits, roles and kinds as folders; a root that stays, and joints with twists of their own."""
    names = {"Hips": "b_root", "Spine": "b_spine0", "Spine1": "b_spine1", "Spine2": "b_spine2", "Neck": "b_neck0"}
    names |= {"Head": "b_head"}
    for side in ("Left", "Right"):
        for joint, its in (("ForeArm", "forearm"), ("Hand", "wrist"), ("ToeBase", "toe"), ("UpLeg", "upleg")):
            names[f"{side}{joint}"] = f"b_{side[0].lower()}_{its}"
        for joint in ("Shoulder", "Arm", "Leg", "Foot"):
            names[f"{side}{joint}"] = f"b_{side[0].lower()}_{joint.lower()}"
    for seed, name in enumerate(("trn_2023_v0_000", "trn_2023_v0_001", "val_2023_v0_000", "tst_2023_v0_000")):
        motion = renamed(moving(seed, 30.0), names)
        motion = with_joint(motion, "b_l_arm_twist", "b_l_arm")
        for role in ("main-agent", "interloctr"):
            stem = folder / name[:3] / role
            full = f"{name}_{role}"
            if role == "main-agent":
                write_motion(stem / "bvh" / f"{full}.bvh", under_a_world(motion))
            elif name.startswith("trn"):
                write_motion(stem / "bvh" / f"{full}.bvh", under_a_world(renamed(moving(seed + 9, 30.0), names)))
            write_sound(stem / "wav" / f"{full}.wav", seed + (role == "interloctr") * 9)
            write_text(stem / "tsv" / f"{full}.tsv", tsv())


def folder(source: Path) -> None:
    """Somebody's recordings without lists, on a skeleton whose names have a prefix; one of them without sound."""
    for seed, name in enumerate("abcdef"):
        names = {joint: f"mixamorig:{joint}" for joint in BODY.skeleton.names}
        write_motion(source / f"{name}.bvh", renamed(moving(seed, 30.0), names))
        if name != "f":
            write_sound(source / f"{name}.wav", seed)


def under_a_world(motion: Motion) -> Motion:
    """The same motion below a root of its own, body_world, that stays at the origin."""
    motion = motion if "b_l_arm_twist" in motion.skeleton.names else with_joint(motion, "b_l_arm_twist", "b_l_arm")
    skeleton = motion.skeleton
    moved = Skeleton(
        ("body_world", *skeleton.names),
        (-1, *(parent + 1 for parent in skeleton.parents)),
        np.insert(skeleton.offsets, 0, 0.0, axis=0),
        (skeleton.orders[0], *skeleton.orders),
        tuple((j + 1, end) for j, end in skeleton.end_sites),
        moving=(0, 1),
    )
    positions = np.insert(motion.positions, 0, 0.0, axis=1)
    rotations = np.insert(motion.rotations, 0, rotation.identity(), axis=1)
    return Motion(moved, motion.fps, rotations, positions)


WRITE: dict[str, Callable[[Path], None]] = {
    "aistpp": aistpp,
    "beat": beat,
    "beat2": beat2,
    "cmu": cmu,
    "folder": folder,
    "genea2020": genea2020,
    "genea2023": genea2023,
    "lafan1": lafan1,
    "motorica": motorica,
    "zeroeggs": zeroeggs,
}
"""The corpus by its short name -> what writes its miniature into a folder."""
FIRST = {
    "aistpp": "gBR_sBM_cAll_d04_mBR0_ch01",
    "beat": "1_wayne_0_9_9",
    "beat2": "1_wayne_0_9_9",
    "cmu": "01_01",
    "folder": "a",
    "genea2020": "Recording_001",
    "genea2023": "trn_2023_v0_000_main-agent",
    "lafan1": "dance1_subject1",
    "motorica": "kthstreet_gLH_sFM_cAll_d01_mLH_ch01_danstrams",
    "zeroeggs": "001_Neutral_0",
}
"""The recording of each miniature in which is danced what `moving(0, fps)` gives."""
