"""Transglower: the reference's numbers, and what the reference gets wrong."""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from inference.sampler import autoregress
from models.importers.glow_weights import transglower_weights
from models.transglower_model import TransglowerModel
from models.windows import Window

FOLDER = Path(__file__).resolve().parents[1] / "fixtures" / "reference_glow_models"
MOTION, AUDIO = Window("motion", 5, 9), Window("audio", 3, 11)
TARGET = Window("motion", 5, 6, offset=4)


def options(**given: Any) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    TransglowerModel.modify_commandline_options(parser)
    opt = parser.parse_args([])
    vars(opt).update({"dhid": 16, "nlayers": 2, "nhead": 2, "glow_K": 3, "dropout": 0.0} | given)
    return opt


def build(**given: Any) -> TransglowerModel:
    torch.manual_seed(0)
    model = TransglowerModel(options(**given), (MOTION, AUDIO), (TARGET,))
    for parameter in model.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    return model.eval()


def assert_exact(found: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-10)


def tensors(content: Any, prefix: str) -> dict[str, Tensor]:
    """The arrays under a prefix, in float64."""
    return {
        key.removeprefix(prefix): torch.from_numpy(content[key]).double()
        for key in content.files
        if key.startswith(prefix)
    }


class Fixture:
    """A small published network with its inputs and results, and the model here with its weights, in float64."""

    def __init__(self, path: Path):
        self.content = np.load(path, allow_pickle=False)
        theirs = json.loads(str(self.content["options_json"]))
        opt = options(**{key: theirs[key] for key in vars(options()) if key in theirs})
        self.inputs, self.target = tensors(self.content, "in/"), tensors(self.content, "out/")["motion"]
        windows = [Window(name, x.shape[2], x.shape[1]) for name, x in self.inputs.items()]
        output = Window("motion", self.target.shape[2], self.target.shape[1], int(theirs["output_time_offsets"]))
        self.model = TransglowerModel(opt, windows, [output]).double().eval()
        self.model.load_state_dict(transglower_weights(tensors(self.content, "state/"), "motion"))
        self.batch = {f"in_{name}": x for name, x in self.inputs.items()} | {"out_motion": self.target}

    def result(self, key: str) -> Tensor:
        return torch.from_numpy(self.content[f"res/{key}"])


@pytest.fixture(params=["transglower", "transglower_residual"])
def fixture(request: pytest.FixtureRequest) -> Fixture:
    return Fixture(FOLDER / f"{request.param}.npz")


def test_weights_of_the_reference_give_its_densities(fixture: Fixture) -> None:
    [(_, flow, conditioning, mean)] = fixture.model.condition(fixture.inputs)
    assert_exact(conditioning, fixture.result("cond/motion"))
    x = fixture.target
    if mean is not None:
        assert_exact(mean, fixture.result("predicted_mean/motion"))
        x = x - mean
    assert_exact(x, fixture.result("flow_input/motion"))
    z, log_det = flow(x, conditioning)
    assert_exact(z, fixture.result("z/motion"))
    assert_exact(log_det, fixture.result("log_det/motion"))
    losses = fixture.model.losses(fixture.batch)
    assert_exact(losses["loss"], fixture.result("loss"))
    if mean is not None:
        assert_exact(losses["nll_motion"], fixture.result("nll_loss"))


def test_weights_of_the_reference_give_its_gradients(fixture: Fixture) -> None:
    fixture.model.losses(fixture.batch)["loss"].backward()
    parameters = dict(fixture.model.named_parameters())
    names = json.loads(str(fixture.content["grad/names_json"]))
    for name, (total, norm) in zip(names, fixture.content["grad/stats"], strict=True):
        [ours] = transglower_weights({name: torch.zeros(2, 2)}, "motion")
        gradient = parameters[ours].grad
        assert gradient is not None
        np.testing.assert_allclose([gradient.sum(), gradient.norm()], [total, norm], rtol=1e-10, atol=1e-9)


def test_weights_of_the_reference_give_its_samples(fixture: Fixture) -> None:
    """The flow alone: the reference adds the mean for a batch of one only."""
    z, x = (torch.from_numpy(fixture.content[f"inv/{key}/motion"]).double() for key in ("z0", "x"))
    [(_, flow, conditioning, _)] = fixture.model.condition(fixture.inputs)
    assert_exact(flow.transform.inverse(z, conditioning), x)


def test_weights_of_the_reference_generate_its_sequence_step_by_step(
    fixture: Fixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, noise = tensors(fixture.content, "gen/in/"), tensors(fixture.content, "gen/z0/")["motion"]
    expected = tensors(fixture.content, "gen/out/")["motion"]
    context, reads = (window.length for window in fixture.model.inputs)
    steps = iter(noise)
    monkeypatch.setattr(fixture.model.flows["motion"].base, "sample", lambda *given, **named: next(steps)[:, None])
    motion, state = given["motion"][:context].transpose(0, 1), None
    for step in range(len(noise)):
        inputs = {"motion": motion[:, step:], "audio": given["audio"][step : step + reads].transpose(0, 1)}
        samples, state = fixture.model.sample(inputs, state=state)
        motion = torch.cat([motion, samples["motion"]], dim=1)
    assert_exact(motion[0, context:], expected[:, 0])


@pytest.mark.parametrize(
    ("published", "dims", "reads", "sizes"),
    [
        (230_934_256, (67, 85), (120, 140), {"dhid": 800, "nlayers": 12}),
        (50_923_600, (72, 23), (120, 60), {"dhid": 400, "nlayers": 4}),
        (50_952_472, (72, 23), (120, 60), {"dhid": 400, "nlayers": 4, "residual": True}),
    ],
)
def test_the_published_sizes_have_the_published_numbers_of_parameters(
    published: int, dims: tuple[int, int], reads: tuple[int, int], sizes: dict[str, Any]
) -> None:
    """Of the reference, whose positions are buffers; ours add them and are counted apart."""
    windows = [
        Window(name, dim, length + 19) for name, dim, length in zip(("motion", "audio"), dims, reads, strict=True)
    ]
    with torch.device("meta"):
        model = TransglowerModel(
            options(glow_K=16, nhead=10, **sizes), windows, [Window("motion", dims[0], 20, offset=reads[0])]
        )
    counts = {key: parameter.numel() for key, parameter in model.named_parameters()}
    positions = sum(count for key, count in counts.items() if key.endswith("positions.vectors"))
    assert positions == sizes["dhid"] * 2 * sum(reads)
    assert sum(counts.values()) - positions == published


@pytest.mark.parametrize(("frames", "training"), [(1, False), (3, True), (20, False)])
@pytest.mark.parametrize("network", ["LSTM", "transformer"])
def test_the_flow_is_inverted_and_log_det_is_that_of_its_jacobian(frames: int, training: bool, network: str) -> None:
    model = build(residual=True, network_model=network, num_heads_flow=2).double().train(training)
    inputs = {"motion": torch.randn(1, 3 + frames, 5).double(), "audio": torch.randn(1, 5 + frames, 3).double()}
    [(_, flow, conditioning, _)] = model.condition(inputs)
    x = torch.randn(1, frames, 5, dtype=torch.float64)
    z, log_det = flow(x, conditioning)
    torch.testing.assert_close(flow.transform.inverse(z, conditioning), x, rtol=0, atol=1e-9)
    jacobian = torch.autograd.functional.jacobian(
        lambda flat: flow(flat.view(1, frames, 5), conditioning.detach())[0].flatten(), x.flatten()
    )
    torch.testing.assert_close(log_det[0], torch.linalg.slogdet(jacobian).logabsdet, rtol=0, atol=1e-8)


@pytest.mark.parametrize("residual", [False, True])
def test_a_batch_is_generated_as_each_of_it_alone(residual: bool) -> None:
    """In the reference the means of a batch of several were mixed up, and the state was never reset."""
    model = build(residual=residual)
    audio, seeds = torch.randn(2, 12, 3), torch.randn(2, 4, 5)
    generators = [torch.Generator().manual_seed(seed) for seed in (1, 2)]
    both = autoregress(model, {"audio": audio}, {"motion": seeds}, frames=12, generator=generators)["motion"]
    for row, seed in enumerate((1, 2)):
        one = torch.Generator().manual_seed(seed)
        alone = autoregress(model, {"audio": audio[row]}, {"motion": seeds[row]}, frames=12, generator=one)
        torch.testing.assert_close(both[row], alone["motion"], rtol=0, atol=1e-5)


def test_several_outputs_have_a_flow_each() -> None:
    face = Window("face", 2, 6, offset=4)
    model = TransglowerModel(options(residual=True), (MOTION, AUDIO), (TARGET, face))
    inputs = {"motion": torch.randn(2, 9, 5), "audio": torch.randn(2, 11, 3)}
    samples, _ = model.eval().sample(inputs)
    assert {name: tuple(x.shape) for name, x in samples.items()} == {"motion": (2, 6, 5), "face": (2, 6, 2)}
    losses = model.train().losses(
        {f"in_{name}": x for name, x in inputs.items()}
        | {"out_motion": torch.randn(2, 6, 5), "out_face": torch.ones(2, 6, 2)}
    )
    parts = [losses[f"{kind}_{name}"] for kind in ("nll", "mse") for name in ("motion", "face")]
    torch.testing.assert_close(losses["loss"], torch.stack(parts).sum())


def test_a_label_changes_only_its_own_sample() -> None:
    label = Window("style", 4, 1, discrete=True, num_tokens=6, single=True)
    model = TransglowerModel(options(), (label, MOTION, AUDIO), (TARGET,)).eval()
    inputs = {"motion": torch.randn(2, 9, 5), "audio": torch.randn(2, 11, 3)}
    one, other = (
        next(model.condition(inputs | {"style": torch.tensor(each)}))[2] for each in ([[[0]], [[1]]], [[[0]], [[5]]])
    )
    torch.testing.assert_close(one[0], other[0], rtol=0, atol=1e-6)
    assert (one[1] != other[1]).any(dim=1).all()
