"""MoGlow: the reference's numbers, what the reference gets wrong, and sequences in pieces."""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from inference.sampler import autoregress
from models.base_model import BaseModel
from models.importers.glow_weights import moglow_weights
from models.moglow_model import MoglowModel
from models.windows import Window

MOTION, AUDIO = Window("motion", 5, 9), Window("audio", 3, 11)
TARGET = Window("motion", 5, 6, offset=4)
FOLDER = Path(__file__).resolve().parents[1] / "fixtures" / "reference_glow_models"
FIXTURES = ["moglow_lstm", "moglow_lstm_lu", "moglow_gru", "moglow_ff", "moglow_additive"]


def options(**given: Any) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    MoglowModel.modify_commandline_options(parser)
    opt = parser.parse_args([])
    vars(opt).update({"dhid": 16, "glow_K": 3, "dropout": 0.0} | given)
    return opt


def build(**given: Any) -> MoglowModel:
    torch.manual_seed(0)
    model = MoglowModel(options(**given), (MOTION, AUDIO), (TARGET,))
    for parameter in model.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    return model.double().eval()


def inputs_of(steps: int, batch: int = 2, seed: int = 0) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {
        "motion": torch.randn(batch, 4 + steps - 1, 5, generator=generator, dtype=torch.float64),
        "audio": torch.randn(batch, 6 + steps - 1, 3, generator=generator, dtype=torch.float64),
    }


def batch_of(steps: int = 6, batch: int = 2) -> dict[str, Tensor]:
    target = torch.randn(batch, steps, 5, generator=torch.Generator().manual_seed(9), dtype=torch.float64)
    return {f"in_{name}": value for name, value in inputs_of(steps, batch).items()} | {"out_motion": target}


def assert_exact(found: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-10)


def tensors(content: Any, prefix: str) -> dict[str, Tensor]:
    """The arrays under a prefix, floats as float64."""
    found = {
        key.removeprefix(prefix): torch.from_numpy(content[key]) for key in content.files if key.startswith(prefix)
    }
    return {key: value.double() if value.is_floating_point() else value for key, value in found.items()}


class Fixture:
    """A small published network with its inputs and results, and the model here with its weights, in float64."""

    def __init__(self, path: Path):
        self.content = np.load(path, allow_pickle=False)
        theirs = json.loads(str(self.content["options_json"]))
        self.coupling = theirs["flow_coupling"]
        opt = options(**{key: theirs[key] for key in vars(options()) if key in theirs})
        offset = int(theirs["output_time_offsets"])
        self.inputs = tensors(self.content, "in/")
        self.target = tensors(self.content, "out/")["motion"]
        windows = [Window(name, x.shape[2], x.shape[1]) for name, x in self.inputs.items()]
        output = Window("motion", self.target.shape[2], self.target.shape[1], offset)
        self.model = MoglowModel(opt, windows, [output]).double().eval()
        self.model.load_state_dict(self.weights(tensors(self.content, "state/")))
        self.batch = self.batch_with(self.inputs, self.target)

    def weights(self, state: dict[str, Tensor]) -> dict[str, Tensor]:
        return moglow_weights(state, self.coupling)

    @staticmethod
    def batch_with(inputs: dict[str, Tensor], target: Tensor) -> dict[str, Tensor]:
        return {f"in_{name}": x for name, x in inputs.items()} | {"out_motion": target}

    def result(self, key: str) -> Tensor:
        return torch.from_numpy(self.content[f"res/{key}"])


@pytest.fixture(params=FIXTURES)
def fixture(request: pytest.FixtureRequest) -> Fixture:
    return Fixture(FOLDER / f"{request.param}.npz")


def test_weights_of_the_reference_give_its_densities(fixture: Fixture) -> None:
    conditioning = fixture.model.condition(fixture.inputs)
    assert_exact(conditioning, fixture.result("cond/motion"))
    z, log_det = fixture.model.flow(fixture.target, conditioning)
    assert_exact(z, fixture.result("z/motion"))
    assert_exact(log_det, fixture.result("log_det/motion"))
    assert_exact(fixture.model.flow.base.log_prob(z), fixture.result("logp_base/motion"))
    assert_exact(fixture.model.losses(fixture.batch)["loss"], fixture.result("loss"))


def test_weights_of_the_reference_give_its_gradients(fixture: Fixture) -> None:
    fixture.model.losses(fixture.batch)["loss"].backward()
    gradients = {name: parameter.grad for name, parameter in fixture.model.named_parameters()}
    names = json.loads(str(fixture.content["grad/names_json"]))
    for name, (total, norm) in zip(names, fixture.content["grad/stats"], strict=True):
        [ours] = fixture.weights({name: torch.zeros(2, 2)})
        gradient = gradients.pop(ours)
        assert gradient is not None
        np.testing.assert_allclose([gradient.sum(), gradient.norm()], [total, norm], rtol=0, atol=1e-9)
    assert gradients == {}


def test_weights_of_the_reference_give_its_samples(fixture: Fixture) -> None:
    z, x = (torch.from_numpy(fixture.content[f"inv/{key}/motion"]).double() for key in ("z0", "x"))
    conditioning = fixture.model.condition(fixture.inputs)
    assert_exact(fixture.model.flow.transform.inverse(z, conditioning), x)


def test_weights_of_the_reference_generate_its_sequence_step_by_step(fixture: Fixture) -> None:
    given, noise = tensors(fixture.content, "gen/in/"), tensors(fixture.content, "gen/z0/")["motion"]
    expected = tensors(fixture.content, "gen/out/")["motion"]
    context, reads = fixture.model.outputs[0].offset, fixture.model.inputs[1].length
    motion, state = given["motion"][:context].transpose(0, 1), None
    for step, z in enumerate(noise):
        audio = given["audio"][step : step + reads].transpose(0, 1)
        conditioning = fixture.model.condition({"motion": motion[:, step:], "audio": audio})
        x, state = fixture.model.flow.transform.inverse_from(z[:, None], conditioning, state)
        motion = torch.cat([motion, x], dim=1)
    assert_exact(motion[0, context:], expected[:, 0])


def test_the_sampler_carries_the_state_from_step_to_step(fixture: Fixture, monkeypatch: pytest.MonkeyPatch) -> None:
    given, noise = tensors(fixture.content, "gen/in/"), tensors(fixture.content, "gen/z0/")["motion"].float()
    steps, context = iter(noise), fixture.model.outputs[0].offset
    monkeypatch.setattr(fixture.model.flow.base, "sample", lambda *given, **named: next(steps)[:, None])
    seeds = {"motion": given["motion"][:context, 0]}
    frames = context + len(noise)
    made = autoregress(fixture.model.float(), {"audio": given["audio"][:, 0]}, seeds, frames=frames, start=context)
    expected = tensors(fixture.content, "gen/out/")["motion"][:, 0].float()
    torch.testing.assert_close(made["motion"][context:], expected, rtol=1e-5, atol=2e-5)


def test_the_next_window_goes_on_from_the_state_of_the_last(fixture: Fixture) -> None:
    conditioning = fixture.model.condition(fixture.inputs)
    _, _, state = fixture.model.flow.transform.forward_from(fixture.target, conditioning, None)
    z, log_det, _ = fixture.model.flow.transform.forward_from(fixture.target, conditioning, state)
    log_prob = fixture.model.flow.base.log_prob(z) + log_det
    loss = -log_prob.mean() / (np.log(2) * fixture.target.shape[1])
    assert_exact(loss, fixture.result("loss_second_pass_without_reset"))


@pytest.mark.parametrize("name", ["moglow_lstm", "moglow_gru"])
def test_training_initialises_the_norms_as_the_reference_does(name: str) -> None:
    fixture = Fixture(FOLDER / f"{name}.npz")
    for key, flag in fixture.model.named_buffers():
        assert key.endswith("initialised")
        flag.fill_(False)
    batches = [fixture.batch, Fixture.batch_with(*_second_batch(fixture))]
    for index, batch in enumerate(batches, start=1):
        fixture.model.train()
        expected = torch.from_numpy(fixture.content[f"train/pass{index}/loss"])
        if index == 1:  # the second one crashes with the state of the first in the reference, unless it is reset
            assert_exact(fixture.model.losses(batch)["loss"], expected)
        state = fixture.model.state_dict()
        for key, value in fixture.weights(tensors(fixture.content, f"train/pass{index}/state/")).items():
            assert_exact(state[key], value)


def _second_batch(fixture: Fixture) -> tuple[dict[str, Tensor], Tensor]:
    return tensors(fixture.content, "train/batch2/in/"), tensors(fixture.content, "train/batch2/out/")["motion"]


def test_the_published_size_has_the_published_number_of_parameters() -> None:
    """60,433,712 in moglow_expmap.yaml of the reference: lengths 119, 129 -> 80, 40 and 50 of them at each step."""
    windows = [Window("expmap_cr_scaled_20", 67, 119), Window("audio_feats_scaled_20", 85, 129)]
    with torch.device("meta"):
        model = MoglowModel(options(dhid=128, glow_K=16), windows, [Window("expmap_cr_scaled_20", 67, 80, offset=40)])
    assert sum(parameter.numel() for parameter in model.parameters()) == 60_433_712


@pytest.mark.parametrize("network", ["LSTM", "GRU", "FF", "transformer"])
@pytest.mark.parametrize("coupling", ["affine", "additive"])
def test_a_sequence_in_pieces_is_what_it_is_as_a_whole(network: str, coupling: str) -> None:
    model = build(network_model=network, flow_coupling=coupling, num_heads_flow=2, coupling_context=4)
    conditioning = model.condition(inputs_of(9))
    z = torch.randn(2, 9, 5, dtype=torch.float64)
    whole = model.flow.transform.inverse(z, conditioning)
    state, pieces = None, []
    for first, stop in ((0, 1), (1, 4), (4, 9)):
        piece, state = model.flow.transform.inverse_from(z[:, first:stop], conditioning[:, first:stop], state)
        pieces.append(piece)
    torch.testing.assert_close(torch.cat(pieces, dim=1), whole, rtol=0, atol=1e-10)
    torch.testing.assert_close(model.flow.transform(whole, conditioning)[0], z, rtol=0, atol=1e-9)


@pytest.mark.parametrize("network", ["LSTM", "GRU", "FF", "transformer"])
@pytest.mark.parametrize(
    "kinds",
    [
        {"flow_permutation": "invconv"},
        {"flow_permutation": "invconv", "LU_decomposed": True},
        {"flow_permutation": "shuffle", "flow_coupling": "additive"},
        {"flow_permutation": "reverse"},
    ],
)
@pytest.mark.parametrize(("frames", "training"), [(1, False), (3, True), (20, False)])
def test_the_flow_is_inverted_and_log_det_is_that_of_its_jacobian(
    network: str, kinds: dict[str, Any], frames: int, training: bool
) -> None:
    model = build(network_model=network, num_heads_flow=2, **kinds).train(training)
    conditioning = model.condition(inputs_of(frames, batch=1))
    x = torch.randn(1, frames, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))

    def image(flat: Tensor) -> Tensor:
        return model.flow(flat.view(1, frames, 5), conditioning)[0].flatten()

    z, log_det = model.flow(x, conditioning)
    torch.testing.assert_close(model.flow.transform.inverse(z, conditioning), x, rtol=0, atol=1e-9)
    jacobian = torch.autograd.functional.jacobian(image, x.flatten())
    torch.testing.assert_close(log_det[0], torch.linalg.slogdet(jacobian).logabsdet, rtol=0, atol=1e-8)


@pytest.mark.parametrize("network", ["LSTM", "GRU", "FF", "transformer"])
def test_training_in_bfloat16_lowers_the_loss(network: str) -> None:
    model = build(network_model=network, num_heads_flow=2).float().train()
    batch = {key: value.float() for key, value in batch_of(batch=16).items()}
    optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)
    losses = []
    for _ in range(30):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = model.losses(batch)["loss"]
        assert loss.dtype == torch.float32
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] - 0.5


@pytest.mark.parametrize("network", ["LSTM", "GRU", "transformer"])
def test_no_frame_sees_what_comes_after_it(network: str) -> None:
    model = build(network_model=network, num_heads_flow=2)
    conditioning = model.condition(inputs_of(6))
    x = torch.randn(2, 6, 5, dtype=torch.float64)
    changed = torch.cat([x[:, :4], x[:, 4:] + 1], dim=1)
    assert torch.equal(model.flow(x, conditioning)[0][:, :4], model.flow(changed, conditioning)[0][:, :4])


def test_generating_twice_with_the_same_seed_gives_the_same() -> None:
    """In the reference the hidden state of a GRU was never reset between two songs, and a second step crashed."""
    model = build(network_model="GRU").float()
    audio, seed = torch.randn(30, 3), torch.randn(4, 5)
    made = [
        autoregress(model, {"audio": audio}, {"motion": seed}, frames=30, generator=torch.Generator().manual_seed(1))
        for _ in range(2)
    ]
    assert torch.equal(made[0]["motion"], made[1]["motion"])
    model.train()
    for _ in range(2):
        model.losses({key: value.float() for key, value in batch_of().items()})["loss"].backward()


def test_a_batch_is_generated_as_each_of_it_alone() -> None:
    model = build().float()
    audio, seeds = torch.randn(2, 12, 3), torch.randn(2, 4, 5)
    generators = [torch.Generator().manual_seed(seed) for seed in (1, 2)]
    both = autoregress(model, {"audio": audio}, {"motion": seeds}, frames=12, generator=generators)["motion"]
    for row, seed in enumerate((1, 2)):
        alone = autoregress(
            model,
            {"audio": audio[row]},
            {"motion": seeds[row]},
            frames=12,
            generator=torch.Generator().manual_seed(seed),
        )
        torch.testing.assert_close(both[row], alone["motion"], rtol=0, atol=1e-5)


def test_a_model_of_single_steps_has_the_same_weights() -> None:
    """A checkpoint keeps the windows of a step; the model that they build is the one that was trained."""
    model = build()
    again = MoglowModel(options(), model.inputs, model.outputs).double().eval()
    again.load_state_dict(model.state_dict())
    batch = batch_of()
    assert torch.equal(again.losses(batch)["loss"], model.losses(batch)["loss"])
    assert (again.inputs, again.outputs) == (model.inputs, model.outputs)


def test_the_order_of_a_shuffle_is_saved() -> None:
    model, other = build(flow_permutation="shuffle"), build(flow_permutation="shuffle")
    for name, values in other.named_buffers():
        if name.endswith(".order"):
            values.copy_(values.roll(1))
    other.load_state_dict(model.state_dict())
    assert torch.equal(other.losses(batch_of())["loss"], model.losses(batch_of())["loss"])


def test_several_outputs_are_one_vector_to_the_flow() -> None:
    torch.manual_seed(0)
    face = Window("face", 2, 6, offset=4)
    model = MoglowModel(options(), (MOTION, AUDIO), (TARGET, face)).double()
    samples, _ = model.sample(inputs_of(1))
    assert {name: tuple(x.shape) for name, x in samples.items()} == {"motion": (2, 1, 5), "face": (2, 1, 2)}
    assert model.losses(batch_of() | {"out_face": torch.zeros(2, 6, 2, dtype=torch.float64)})["loss"].isfinite()


def test_a_label_is_read_at_each_step() -> None:
    label = Window("style", 4, 1, discrete=True, num_tokens=6, single=True)
    torch.manual_seed(0)
    model = MoglowModel(options(), (label, MOTION, AUDIO), (TARGET,)).double()
    batch = batch_of()
    one, other = (
        model.condition({"motion": batch["in_motion"], "audio": batch["in_audio"], "style": torch.tensor(each)})
        for each in ([[[0]], [[1]]], [[[0]], [[5]]])
    )
    assert torch.equal(one[0], other[0])
    assert (one[1] != other[1]).any(dim=1).all()


def test_in_training_some_steps_do_not_see_the_motion_before_them() -> None:
    model, inputs = build(history_dropout=0.4), inputs_of(200)
    seen = model.condition(inputs)
    assert torch.equal(seen, build().condition(inputs))
    hidden = model.train().condition(inputs)
    motion, audio = hidden.split([4 * 5, 6 * 3], dim=-1)
    blank = (motion == 0).all(dim=-1)
    assert abs(blank.double().mean().item() - 0.4) < 0.1
    assert torch.equal(motion[~blank], seen[..., : 4 * 5][~blank])
    assert torch.equal(audio, seen[..., 4 * 5 :])


@pytest.mark.parametrize(
    ("given", "output", "message"),
    [
        ({"input_seq_lens": "5,6"}, TARGET, r"motion: --input_lengths 9 .* leaves each step 4 .* says 5; .* length 10"),
        ({"input_seq_lens": "4,6,7"}, TARGET, r"--input_seq_lens 4,6,7: give one whole number, or one for each of 2"),
        ({"history_dropout": 1.0}, TARGET, r"--history_dropout 1.0: it is a share"),
        ({"output_seq_lens": "2"}, TARGET, r"--output_seq_lens 2: a step gives 1 frame"),
        (
            {},
            Window("motion", 5, 6, offset=3),
            r"motion: a step reads frames \[0, 4\), among them frame 3.* to 4 or more",
        ),
        ({}, Window("motion", 5, 10, offset=4), r"--input_lengths 9 with --output_lengths 10 leaves each step 0"),
    ],
)
def test_windows_that_do_not_go_together_are_refused(given: dict[str, Any], output: Window, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MoglowModel(options(**given), (MOTION, AUDIO), (output,))


@pytest.mark.parametrize("network", ["LSTM", "GRU", "FF", "transformer"])
def test_what_is_foreseen_of_many_steps_is_what_each_step_computes(
    network: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    label = Window("style", 2, 1, discrete=True, num_tokens=3, single=True)
    torch.manual_seed(0)
    model = MoglowModel(options(network_model=network, num_heads_flow=2), (MOTION, label, AUDIO), (TARGET,)).eval()
    features = {"audio": torch.randn(30, 3), "style": torch.tensor([[1]])}
    seeds = {"motion": torch.randn(4, 5)}

    def made() -> Tensor:
        return autoregress(model, features, seeds, frames=30, generator=torch.Generator().manual_seed(1))["motion"]

    foreseen = made()
    monkeypatch.setattr(MoglowModel, "sample_step", BaseModel.sample_step)
    torch.testing.assert_close(foreseen, made(), rtol=0, atol=1e-5)
