"""The published baselines of gestures, imported, give their numbers."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from models import create_model
from models.base_autoencoder import BaseAutoencoder
from models.importers.pose_weights import dae_weights, speech_weights, vae_weights
from models.speechencoder_model import SpeechencoderModel
from models.vae_model import VaeModel
from models.windows import Window
from tests.models.test_models_contract import options

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "reference_gesture_models"
POSES, SOUND = Window("poses", 45, 1), Window("sound", 26, 61)


class Reference:
    """One published network's arrays, numbers in float64."""

    def __init__(self, name: str):
        arrays = np.load(FOLDER / f"{name}.npz", allow_pickle=False)
        self.arrays = {key: torch.from_numpy(arrays[key]) for key in arrays.files if not key.endswith("_json")}
        self.state = {key.removeprefix("state/"): self[key] for key in self.arrays if key.startswith("state/")}

    def __getitem__(self, key: str) -> Tensor:
        value = self.arrays[key]
        return value.double() if value.is_floating_point() else value


def assert_exact(found: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-9)


def autoencoder(name: str, tmp_path: Path, **sizes: int) -> BaseAutoencoder:
    model = create_model(options(name, tmp_path, **sizes), (), (POSES,)).double().eval()
    assert isinstance(model, BaseAutoencoder)
    return model


def test_the_denoising_autoencoder_gives_the_published_codes_poses_and_loss(tmp_path: Path) -> None:
    reference = Reference("denoising_autoencoder")
    model = autoencoder("dae", tmp_path, hidden_dim=24, code_dim=10)
    model.load_state_dict(dae_weights(reference.state))
    code = model.encode({"poses": reference["in/x"][:, None]})
    assert_exact(code[:, 0], reference["res/code"])
    rebuilt = model.decode(code)["poses"][:, 0]
    assert_exact(rebuilt, reference["res/reconstruction"])
    assert_exact((rebuilt - reference["out/y"]).square().mean(), reference["res/loss_mse"])


def test_the_variational_autoencoder_gives_the_published_code_poses_and_loss(tmp_path: Path) -> None:
    reference = Reference("variational_autoencoder")
    model = autoencoder("vae", tmp_path)
    assert isinstance(model, VaeModel)
    model.load_state_dict(vae_weights(reference.state))
    poses = reference["in/x"]
    mean, log_variance = model.coder.distribution(poses)
    assert_exact(mean, reference["res/mu"])
    assert_exact(log_variance, reference["res/sigma"])
    assert_exact(model.coder.decode(mean), reference["res/decode_of_mu"])
    losses = model.losses_of(poses, mean, log_variance, reference["res/eps"])
    for name, key in (("loss", "loss"), ("mse", "loss_reconstruction"), ("kl", "loss_kl")):
        assert_exact(losses[name], reference[f"res/{key}"])


def test_the_speech_encoder_gives_the_published_codes_and_loss(tmp_path: Path) -> None:
    reference = Reference("speech_encoder")
    opt = options("speechencoder", tmp_path, encoder_hidden=12, code_dim=10)
    model = create_model(opt, (SOUND,), (POSES,)).double().eval()
    assert isinstance(model, SpeechencoderModel)
    poses = {f"pose_model.{name}": value for name, value in model.pose_model.state_dict().items()}
    model.load_state_dict(speech_weights(reference.state) | poses)
    code = model({"sound": reference["in/x"]})[:, 0]
    assert_exact(code, reference["res/code"])
    assert_exact((code - reference["out/y"]).square().mean(), reference["res/loss_mse"])


def test_the_real_sizes_have_the_published_numbers_of_parameters(tmp_path: Path) -> None:
    sizes = {
        name: create_model(options(name, tmp_path), (SOUND,), (POSES,)) for name in ("dae", "vae", "speechencoder")
    }
    count = {name: sum(each.numel() for each in model.parameters()) for name, model in sizes.items()}
    assert count == {"dae": 53_749, "vae": 6_165, "speechencoder": 191_956 + 53_749}


@pytest.mark.parametrize("convert", [dae_weights, vae_weights, speech_weights])
def test_a_weight_of_another_network_is_refused(convert: object) -> None:
    with pytest.raises(ValueError, match=r"a weight other\.weight belongs to no"):
        convert({"other.weight": torch.zeros(1)})  # type: ignore[operator]
