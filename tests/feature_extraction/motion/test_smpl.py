"""SMPL motion stands and moves as SMPL's own kinematics say, in whatever file it comes."""

import logging
import pickle
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from feature_extraction.motion import smpl
from feature_extraction.motion.bvh import read_bvh, write_bvh
from feature_extraction.motion.mirror import twins
from feature_extraction.motion.skeleton import joint_positions

FRAMES = 12


@pytest.fixture
def dance() -> dict[str, np.ndarray]:
    """A dance with AIST++'s keys and shapes: lengths in about centimetres."""
    rng = np.random.default_rng(4)
    return {
        "smpl_poses": rng.normal(0, 0.4, (FRAMES, 72)).astype(np.float32),
        "smpl_trans": rng.normal(0, 30, (FRAMES, 3)) + np.array([0, 115, 0]),
        "smpl_scaling": np.array([93.78]),
        "smpl_loss": np.array(0.01),
    }


def written(folder: Path, arrays: dict[str, Any], suffix: str = ".npz") -> Path:
    path = folder / f"gBR_sBM{suffix}"
    if suffix == ".npz":
        np.savez(path, **arrays)
    else:
        path.write_bytes(pickle.dumps(arrays))
    return path


def kinematics(poses: np.ndarray, translations: np.ndarray, places: np.ndarray) -> np.ndarray:
    """SMPL's joints (frames, joints, 3) by homogeneous matrices: relative transforms about the joints at rest."""
    world: list[np.ndarray] = []
    for j, parent in enumerate(smpl.PARENTS[: len(places)]):
        local = np.tile(np.eye(4), (len(poses), 1, 1))
        local[:, :3, :3] = Rotation.from_rotvec(poses[:, j]).as_matrix()
        local[:, :3, 3] = places[j] - (places[parent] if parent >= 0 else 0)
        world.append(world[parent] @ local if parent >= 0 else local)
    return np.stack(world, axis=1)[..., :3, 3] + translations[:, None]


@pytest.mark.parametrize("suffix", smpl.SUFFIXES)
def test_joints_are_where_smpl_has_them(suffix: str, dance: dict[str, np.ndarray], tmp_path: Path) -> None:
    motion = smpl.read_smpl(written(tmp_path, dance, suffix))
    poses = dance["smpl_poses"].reshape(FRAMES, 24, 3)
    expected = kinematics(poses, dance["smpl_trans"] / 93.78, smpl.rest_places())
    np.testing.assert_allclose(joint_positions(motion), expected, atol=1e-6)
    assert (motion.fps, motion.frames) == (60.0, FRAMES)


def test_bvh_keeps_the_joints(dance: dict[str, np.ndarray], tmp_path: Path) -> None:
    motion = smpl.read_smpl(written(tmp_path, dance))
    write_bvh(tmp_path / "out.bvh", motion)
    back = read_bvh(tmp_path / "out.bvh")
    order = [back.skeleton.index(name) for name in motion.skeleton.names]
    np.testing.assert_allclose(joint_positions(back)[:, order], joint_positions(motion), atol=1e-6)


def test_the_body_is_a_standing_person() -> None:
    places = smpl.rest_places()
    skeleton = smpl.skeleton(places)
    assert 1.6 < skeleton.height < 1.9
    by_name = dict(zip(smpl.NAMES, places, strict=True))
    assert by_name["Pelvis"][1] - by_name["L_Foot"][1] == pytest.approx(0.93, abs=0.05)
    assert by_name["L_Wrist"][0] > by_name["L_Elbow"][0] > by_name["L_Shoulder"][0] > 0 > by_name["R_Shoulder"][0]
    for left, right in zip(smpl.NAMES, [smpl.NAMES[j] for j in twins(smpl.skeleton(places, False))], strict=True):
        np.testing.assert_array_equal(by_name[left] * [-1, 1, 1], by_name[right])


def test_joints_are_called_as_wanted(dance: dict[str, np.ndarray], tmp_path: Path) -> None:
    path = written(tmp_path, dance)
    names = smpl.read_smpl(path).skeleton.names
    assert smpl.read_smpl(path, mixamo_names=False).skeleton.names == smpl.NAMES
    assert names[:3] == ("Hips", "LeftUpLeg", "RightUpLeg")
    assert dict(zip(names, smpl.NAMES, strict=True))["LeftToeBase"] == "L_Foot"


def test_amass_has_its_own_keys_and_rate(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rng = np.random.default_rng(1)
    arrays = {
        "poses": rng.normal(0, 0.3, (FRAMES, 156)),
        "trans": rng.normal(0, 1, (FRAMES, 3)),
        "betas": rng.normal(0, 1, 16),
        "mocap_framerate": np.array(120.0),
        "gender": np.array("neutral"),
    }
    with caplog.at_level(logging.INFO):
        motion = smpl.read_smpl(written(tmp_path, arrays))
    assert "of 52 joints the 22 of the body are kept" in caplog.text
    expected = kinematics(arrays["poses"].reshape(FRAMES, 52, 3), arrays["trans"], smpl.rest_places()[:22])
    np.testing.assert_allclose(joint_positions(motion), expected, atol=1e-12)
    assert motion.fps == 120
    assert smpl.read_smpl(tmp_path / "gBR_sBM.npz", fps=30).fps == 30


def test_a_model_gives_the_exact_body(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    model = {
        "J_regressor": rng.random((52, 100)),
        "v_template": rng.normal(size=(100, 3)),
        "shapedirs": rng.normal(size=(100, 3, 10)),
    }
    arrays = {"poses": np.zeros((2, 156)), "trans": np.zeros((2, 3)), "betas": rng.normal(size=16)}
    np.savez(tmp_path / "model.npz", **model)
    motion = smpl.read_smpl(written(tmp_path, arrays), body=tmp_path / "model.npz")
    vertices = model["v_template"] + np.einsum("vds,s->vd", model["shapedirs"], arrays["betas"][:10])
    np.testing.assert_allclose(joint_positions(motion)[0], (model["J_regressor"] @ vertices)[:22], atol=1e-10)
    np.savez(tmp_path / "joints.npz", J=smpl.rest_places())
    plain = smpl.read_smpl(tmp_path / "gBR_sBM.npz", body=tmp_path / "joints.npz")
    np.testing.assert_allclose(joint_positions(plain)[0], smpl.rest_places()[:22], atol=1e-12)


class Trap:
    """What fails the test when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return pytest.fail, ("an object has been unpickled",)


def test_objects_beside_the_arrays_are_never_looked_at(tmp_path: Path) -> None:
    """As in AMASS's *_stageii.npz and in the published SMPLX_NEUTRAL.npz."""
    arrays = {"poses": np.zeros((2, 165)), "trans": np.zeros((2, 3)), "betas": np.zeros(16), "mocap_frame_rate": 120.0}
    np.savez(tmp_path / "a_stageii.npz", **arrays, markers_latent_vids=np.array({"ARIEL": Trap()}))
    model = {"J_regressor": np.eye(55), "v_template": np.ones((55, 3)), "shapedirs": np.zeros((55, 3, 400))}
    np.savez(tmp_path / "SMPLX_NEUTRAL.npz", **model, joint2num=np.array(Trap()), part2num=np.array(Trap()))
    motion = smpl.read_smpl(tmp_path / "a_stageii.npz", body=tmp_path / "SMPLX_NEUTRAL.npz")
    assert (motion.frames, motion.fps) == (2, 120)
    np.savez(tmp_path / "bad.npz", poses=np.array(Trap()), trans=np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r"bad\.npz is not an npz of plain arrays: poses\.npy holds objects"):
        smpl.read_smpl(tmp_path / "bad.npz")


def test_a_model_that_does_not_fit_is_refused(dance: dict[str, np.ndarray], tmp_path: Path) -> None:
    np.savez(tmp_path / "model.npz", J_regressor=np.ones((24, 9)), v_template=np.ones((10, 3)))
    np.savez(tmp_path / "joints.npz", J=np.ones((17, 3)))
    path = written(tmp_path, dance)
    with pytest.raises(ValueError, match=r"model\.npz: v_template, shapedirs and J_regressor do not go together"):
        smpl.read_smpl(path, body=tmp_path / "model.npz")
    with pytest.raises(ValueError, match=r"joints\.npz: joints are \(17, 3\), where \(22 or more, 3\) are wanted"):
        smpl.read_smpl(path, body=tmp_path / "joints.npz")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"smpl_poses": None}, r"has no smpl_poses or poses; there is smpl_trans, smpl_scaling, smpl_loss"),
        ({"smpl_trans": np.zeros((3, 3))}, r"translations are \(3, 3\), where 12 poses want \(frames, 3\)"),
        ({"smpl_poses": np.zeros((FRAMES, 50))}, r"poses are \(12, 50\)"),
        ({"smpl_poses": np.zeros((FRAMES, 30))}, r"poses are \(12, 30\)"),
        ({"smpl_poses": np.zeros((0, 72)), "smpl_trans": np.zeros((0, 3))}, "has no frames"),
        ({"smpl_poses": np.full((FRAMES, 72), np.nan)}, "smpl_poses is not made of finite numbers"),
        ({"smpl_poses": np.full((FRAMES, 72), "a")}, "smpl_poses is not made of finite numbers"),
        ({"smpl_scaling": np.zeros(1)}, r"smpl_scaling is \[0\.0\], where one positive number is wanted"),
    ],
)
@pytest.mark.parametrize("suffix", smpl.SUFFIXES)
def test_what_is_wrong_is_said(
    suffix: str, changes: dict[str, Any], message: str, dance: dict[str, np.ndarray], tmp_path: Path
) -> None:
    arrays = {key: value for key, value in {**dance, **changes}.items() if value is not None}
    path = written(tmp_path, arrays, suffix)
    with pytest.raises(ValueError, match=message) as refusal:
        smpl.read_smpl(path)
    assert str(path) in str(refusal.value)


@pytest.mark.parametrize("suffix", smpl.SUFFIXES)
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", pickle.dumps([1, 2]), b"\x93NUMPY"])
def test_other_files_are_refused(suffix: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"other{suffix}"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=str(path)):
        smpl.read_smpl(path)


@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_any_damage_is_refused_or_read(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    rng = np.random.default_rng(0)
    arrays = {"smpl_poses": rng.normal(0, 1, (2, 72)), "smpl_trans": np.zeros((2, 3)), "smpl_scaling": np.ones(1)}
    path = written(tmp_path_factory.getbasetemp(), arrays, data.draw(st.sampled_from(smpl.SUFFIXES)))
    damaged = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(damaged[: data.draw(st.integers(1, len(damaged)))] if data.draw(st.booleans()) else damaged)
    with warnings.catch_warnings(), suppress_refusal(path):
        warnings.simplefilter("ignore")  # numpy's, about headers
        smpl.read_smpl(path)


@contextmanager
def suppress_refusal(path: Path) -> Iterator[None]:
    """Let a refusal pass that is one line and names the file."""
    try:
        yield
    except ValueError as error:
        if str(path) not in str(error) or "\n" in str(error):
            raise AssertionError(f"{error} is not one line about {path}") from error
