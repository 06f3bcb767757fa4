"""Networks of the reference, imported, give its numbers."""

import json
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from inference.sampler import autoregress
from models.base_model import BaseModel
from models.flows.bases import Base, Generators, Normal
from models.flows.flow import Flow
from models.flows.multiscale import HalfRate
from models.nets.flow_head import FlowHead
from tests.models.importers.reference import MIXTURES, NAMES, Reference

ALONE = "transflower_label"
"""There the label's encoder attended across the batch; each sample alone is right."""
HEADS = [name for name in NAMES if name.startswith(("transflow", "residualflower")) and "2" not in name]
"""Networks with a `FlowHead`, by their results."""


class GivenBase(Base):
    """A base whose samples are given, one after the other."""

    def __init__(self, samples: Tensor):
        super().__init__()
        self.samples: Iterator[Tensor] = iter(samples)

    def log_prob(self, z: Tensor) -> Tensor:
        """Not asked for."""
        raise NotImplementedError

    def sample(
        self,
        shape: tuple[int, int, int],
        temperature: float = 1.0,
        generator: Generators = None,
        *,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> Tensor:
        """The next one."""
        z = next(self.samples)
        assert z.shape == shape
        return z


def set_samples(model: BaseModel, samples: Tensor) -> None:
    """Let the model's only flow invert these, (calls, batch, time, dim)."""
    [flow] = [module for module in model.modules() if isinstance(module, Flow)]
    flow.base = GivenBase(samples)


def head_of(reference: Reference) -> tuple[FlowHead, Tensor]:
    """The flow's head, and the latent that it reads."""
    head = reference.model.heads["motion"]
    assert isinstance(head, FlowHead)
    return head, reference.model.encoders(reference.inputs)


def assert_exact(found: Tensor, expected: Tensor, tolerance: float = 1e-9) -> None:
    torch.testing.assert_close(found, expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", [name for name in NAMES if name != ALONE])
def test_the_loss_and_its_gradients_are_theirs(name: str) -> None:
    reference = Reference(name)
    assert_exact(reference.model.losses(reference.batch)["loss"], reference.tensor("res/loss"))
    if "grad/stats" in reference.arrays:
        found = [torch.stack([each.sum(), each.norm()]) for each in reference.gradients().values()]
        assert_exact(torch.stack(found), reference.tensor("grad/stats"))


@pytest.mark.parametrize("name", [name for name in HEADS if name != ALONE])
def test_every_part_of_a_flow_gives_their_values(name: str) -> None:
    reference = Reference(name)
    head, latent = head_of(reference)
    assert_exact(latent, reference.tensor("res/latent"))
    assert_exact(head.conditioner.net(latent), reference.tensor("res/output_net/motion"))
    conditioning, mean = head.condition(latent)
    assert_exact(conditioning, reference.tensor("res/cond/motion"))
    if mean is not None:
        assert_exact(mean, reference.tensor("res/predicted_mean/motion"))
    x = reference.tensor("res/flow_input/motion")
    z, log_det = head.flow(x, conditioning)
    assert_exact(z, reference.tensor("res/z/motion"))
    assert_exact(log_det, reference.tensor("res/log_det/motion"))
    assert_exact(head.flow.base.log_prob(z), reference.tensor("res/logp_base/motion"))
    assert_exact(-head.flow.log_prob(x, conditioning), reference.tensor("res/nll_nats/motion"))


@pytest.mark.parametrize("name", [name for name in HEADS if name != ALONE])
def test_every_layer_of_a_flow_gives_their_values(name: str) -> None:
    """Of flows with two scales, those of the first."""
    reference = Reference(name)
    head, latent = head_of(reference)
    conditioning, _ = head.condition(latent)
    x = reference.tensor("res/flow_input/motion")
    total = torch.zeros(len(x), dtype=x.dtype)
    for index, transform in enumerate(head.flow.transform.transforms):
        if isinstance(transform, HalfRate):
            break
        x, log_det = transform(x, conditioning)
        total = total + log_det
        assert_exact(total, reference.tensor("res/layers/log_det")[index])
        if "res/layers/x" in reference.arrays:
            assert_exact(x, reference.tensor("res/layers/x")[index])


@pytest.mark.parametrize("name", [name for name in NAMES if "transformer" not in name and name != ALONE])
def test_samples_are_theirs(name: str) -> None:
    reference = Reference(name)
    set_samples(reference.model, reference.tensor("inv/z0/motion")[None])
    samples, _ = reference.model.sample(reference.inputs)
    assert_exact(samples["motion"], reference.tensor("inv/x/motion"), 1e-8 if name in MIXTURES else 1e-9)


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("transformer")])
def test_predictions_are_theirs(name: str) -> None:
    reference = Reference(name)
    assert_exact(reference.model(reference.inputs)["motion"], reference.tensor("res/prediction/motion"))


@pytest.mark.parametrize("name", ["transflower_paper", "transflower_label", "transformer"])
def test_generation_step_by_step_is_theirs(name: str) -> None:
    reference = Reference(name)
    model, expected = reference.model, reference.tensor("gen/out/motion")
    if "gen/z0/motion" in reference.arrays:
        set_samples(model, reference.tensor("gen/z0/motion"))
    given = {window.modality: reference.tensor(f"gen/in/{window.modality}").transpose(0, 1) for window in model.inputs}
    [target] = model.outputs
    motion = given["motion"][:, : target.offset]
    for step, wanted in enumerate(expected):
        windows = {
            window.modality: given[window.modality][:, : window.length]
            if window.single
            else given[window.modality][:, step : step + window.length]
            for window in model.inputs
        }
        samples, _ = model.sample(windows | {"motion": motion[:, step:]})
        assert_exact(samples["motion"][:, 0], wanted)
        motion = torch.cat([motion, samples["motion"][:, :1]], dim=1)


@pytest.mark.parametrize("name", ["transflower_paper", "transflower_label", "transformer"])
def test_the_sampler_generates_theirs(name: str) -> None:
    reference = Reference(name, torch.float32)
    model, expected = reference.model, reference.tensor("gen/out/motion")[:, 0]
    if "gen/z0/motion" in reference.arrays:
        set_samples(model, reference.tensor("gen/z0/motion"))
    given = {window.modality: reference.tensor(f"gen/in/{window.modality}")[:, 0] for window in model.inputs}
    start = model.outputs[0].offset
    seeds = {"motion": given.pop("motion")[:start]}
    made = autoregress(model, given, seeds, frames=start + len(expected), start=start)["motion"]
    torch.testing.assert_close(made[start:], expected, rtol=1e-5, atol=2e-5)


@pytest.mark.parametrize("name", [name for name in NAMES if name != ALONE])
def test_single_precision_is_as_close_as_theirs(name: str) -> None:
    reference = Reference(name, torch.float32)
    close = {"rtol": 1e-5, "atol": 1e-4 if name in MIXTURES else 2e-5}
    torch.testing.assert_close(reference.model.losses(reference.batch)["loss"], reference.tensor("res/loss"), **close)
    if name in HEADS:
        head, latent = head_of(reference)
        z, log_det = head.flow(reference.tensor("res/flow_input/motion"), head.condition(latent)[0])
        torch.testing.assert_close(z, reference.tensor("res/z/motion"), **close)
        torch.testing.assert_close(log_det, reference.tensor("res/log_det/motion"), **close)
    if "inv/z0/motion" in reference.arrays:
        set_samples(reference.model, reference.tensor("inv/z0/motion")[None])
        samples, _ = reference.model.sample(reference.inputs)
        close["atol"] = 5e-4 if name in MIXTURES else 2e-5
        torch.testing.assert_close(samples["motion"], reference.tensor("inv/x/motion"), **close)


def test_a_label_speaks_to_its_own_sample_only() -> None:
    """Theirs took the batch for time; what it gives for each sample alone is what ours gives in a batch."""
    reference = Reference(ALONE)
    head, latent = head_of(reference)
    assert_exact(latent, reference.tensor("res_batch1/latent"))
    assert not torch.allclose(latent, reference.tensor("res/latent"), atol=0.1)
    conditioning, _ = head.condition(latent)
    z, log_det = head.flow(reference.batch["out_motion"], conditioning)
    assert_exact(z, reference.tensor("res_batch1/z/motion"))
    assert_exact(log_det, reference.tensor("res_batch1/log_det/motion"))
    losses = reference.tensor("res_batch1/loss_per_sample")
    assert_exact(reference.model.losses(reference.batch)["loss"], losses.mean())


def test_actnorm_starts_and_goes_on_as_theirs() -> None:
    reference = restarted("transflower_actnorm")
    for number, batch in enumerate((reference.batch, second_batch(reference)), start=1):
        assert_exact(reference.model.train().losses(batch)["loss"], reference.tensor(f"train/pass{number}/loss"))
    assert_exact(reference.model.eval().losses(reference.batch)["loss"], reference.tensor("train/pass3/loss"))


def test_batchnorm_starts_as_theirs_and_goes_on_with_exact_likelihoods() -> None:
    """Theirs normalises a batch by statistics that the batch has moved, which its log-determinant leaves out."""
    reference = restarted("transflower_paper")
    assert_exact(reference.model.train().losses(reference.batch)["loss"], reference.tensor("train/pass1/loss"))
    before = reference.model.eval().losses(second_batch(reference))["loss"]
    assert_exact(reference.model.train().losses(second_batch(reference))["loss"], before)


def restarted(name: str) -> Reference:
    """A reference whose norm layers have seen no data."""
    reference = Reference(name)
    reference.state |= {
        key: torch.zeros_like(value) for key, value in reference.state.items() if key.endswith("is_initialized")
    }
    return reference


def second_batch(reference: Reference) -> dict[str, Tensor]:
    return {
        key.removeprefix("train/batch2/").replace("/", "_"): reference.tensor(key)
        for key in reference.arrays
        if key.startswith("train/batch2/")
    }


def test_all_kinds_of_networks_are_here() -> None:
    models = {json.loads(str(Reference(name).arrays["meta_json"]))["model"] for name in NAMES}
    assert {"transformer", "transflower", "transflowpp", "residualflower", "residualflower2"} <= models
    assert isinstance(Reference("transflower_paper").model.heads["motion"].flow.base, Normal)
