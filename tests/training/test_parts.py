"""A model that holds another begins with its trained weights, and speech finds its way through a frozen decoder."""

import argparse
import dataclasses
from pathlib import Path

import pytest
import torch

from models import create_model
from models.base_model import BaseModel
from models.windows import Window
from tests.models.test_models_contract import options
from training.options import parse
from training.parts import begin_with_parts
from training.payload import plain

SOUND, POSES = Window("sound", 4, 9, -3), Window("poses", 6, 3)
BATCH = {"in_sound": torch.randn(5, 9, 4), "out_poses": torch.rand(5, 3, 6) - 0.5}


def save(model: BaseModel, opt: argparse.Namespace, path: Path) -> Path:
    """Write a checkpoint as training does."""
    payload = {"opt": plain(vars(opt)), "features": {}, "seeds": {}}
    payload |= {"inputs": [], "outputs": [dataclasses.asdict(window) for window in model.outputs]}
    state = {f"model.{name}": value for name, value in model.state_dict().items()}
    torch.save({"state_dict": state, "terpsichore": payload}, path)
    return path


@pytest.fixture(params=["dae", "vae"])
def trained(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[BaseModel, argparse.Namespace]:
    """A pose model whose checkpoint is poses.ckpt."""
    torch.manual_seed(0)
    opt = options(request.param, tmp_path, hidden_dim=8, code_dim=5)
    model = create_model(opt, (), (POSES,))
    save(model, opt, tmp_path / "poses.ckpt")
    return model, opt


def speech_options(tmp_path: Path, kind: str, **given: object) -> argparse.Namespace:
    opt = options("speechencoder", tmp_path, encoder_hidden=8)
    theirs = options(kind, tmp_path, hidden_dim=8, code_dim=5)
    vars(opt).update({f"pose_{name}": value for name, value in vars(theirs).items()})
    vars(opt).update({"pose_model": kind, "pose_checkpoint": str(tmp_path / "poses.ckpt"), **given})
    return opt


def test_a_trained_pose_model_stays_as_it_is(trained: tuple[BaseModel, argparse.Namespace], tmp_path: Path) -> None:
    model = create_model(opt := speech_options(tmp_path, trained[1].model), (SOUND,), (POSES,))
    begin_with_parts(model, opt)
    optimiser = torch.optim.Adam([each for each in model.parameters() if each.requires_grad], lr=1e-2)
    losses = []
    for _ in range(40):
        loss = model.losses(BATCH)["loss"]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2
    held = model.pose_model.state_dict()  # type: ignore[union-attr, operator]
    assert all(torch.equal(value, held[name]) for name, value in trained[0].state_dict().items())
    sample, _ = model.eval().sample({"sound": BATCH["in_sound"]})
    assert sample["poses"].shape == (5, 3, 6)


@pytest.mark.parametrize("part", ["mean", "residual"])
def test_a_speech_encoder_inside_another_model_has_its_trained_pose_model(part: str, tmp_path: Path) -> None:
    theirs = options("dae", tmp_path, hidden_dim=8, code_dim=5)
    trained = create_model(theirs, (), (POSES,))
    save(trained, theirs, tmp_path / "poses.ckpt")
    other = "residual" if part == "mean" else "mean"
    sizes = {f"{part}_encoder_hidden": 8, f"{part}_pose_hidden_dim": 8, f"{part}_pose_code_dim": 5}
    given = {"model": "residualflower2", f"{part}_model": "speechencoder", f"{other}_model": "moglow", **sizes}
    given |= {f"{part}_pose_checkpoint": tmp_path / "poses.ckpt", f"{other}_dhid": 8, f"{other}_glow_K": 1}
    arguments = [f"--{name}={value}" for name, value in given.items()]
    opt = parse(["--experiment_name", "x", "--data_dir", str(tmp_path), *arguments])
    model = create_model(opt, (SOUND,), (POSES,))
    begin_with_parts(model, opt)
    assert model.losses(BATCH)["loss"].isfinite()
    held = getattr(model, f"{part}_model").pose_model.state_dict()
    assert all(torch.equal(value, held[name]) for name, value in trained.state_dict().items())


def test_without_a_checkpoint_the_pose_model_is_trained_along(tmp_path: Path) -> None:
    opt = speech_options(tmp_path, "dae", pose_checkpoint="")
    model = create_model(opt, (SOUND,), (POSES,))
    begin_with_parts(model, opt)
    assert set(model.losses(BATCH)) == {"loss", "codes", "poses"}
    assert all(each.requires_grad for each in model.parameters())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"pose_code_dim": 7}, r"does not fit: set --pose_code_dim 5"),
        ({"pose_model": "vae", "pose_kl_weight": 1.0}, r"is of a dae, --pose_model says vae"),
    ],
)
def test_a_checkpoint_of_something_else_is_refused(given: dict[str, object], message: str, tmp_path: Path) -> None:
    theirs = options("dae", tmp_path, hidden_dim=8, code_dim=5)
    save(create_model(theirs, (), (POSES,)), theirs, tmp_path / "poses.ckpt")
    opt = speech_options(tmp_path, "dae", **given)
    with pytest.raises(ValueError, match=message):
        begin_with_parts(create_model(opt, (SOUND,), (POSES,)), opt)


def test_a_missing_checkpoint_is_named(tmp_path: Path) -> None:
    opt = speech_options(tmp_path, "dae", pose_checkpoint="nowhere")
    with pytest.raises(FileNotFoundError, match=r"--pose_checkpoint nowhere: there is no such checkpoint"):
        begin_with_parts(create_model(opt, (SOUND,), (POSES,)), opt)


@pytest.mark.parametrize("suffix", ["", "_demo"])
def test_the_shipped_speech_encoders_fit_the_autoencoders_that_they_name(suffix: str) -> None:
    poses, speech = parse([f"gesture/dae{suffix}"]), parse([f"gesture/speechencoder{suffix}"])
    assert speech.pose_checkpoint.endswith(f"/dae{suffix}")
    for size in ("hidden_dim", "code_dim"):
        assert getattr(speech, f"pose_{size}") == getattr(poses, size)


def test_an_autoencoder_alone_gives_no_motion(trained: tuple[BaseModel, argparse.Namespace]) -> None:
    with pytest.raises(ValueError, match="train a speechencoder on its codes"):
        trained[0].sample({})
