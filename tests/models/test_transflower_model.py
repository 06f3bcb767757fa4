"""Transflower and its relatives: sizes, options, and what the reference gets wrong."""

import argparse
import math
from typing import Any

import pytest
import torch
from torch import Tensor

from models.base_model import BaseModel
from models.flow_plus_plus import read_scales
from models.likelihood import bits_per_frame, nats_per_dimension
from models.residualflower2_model import Residualflower2Model
from models.residualflower_model import ResidualflowerModel
from models.transflower_model import TransflowerModel
from models.transformerflow_model import TransformerflowModel
from models.windows import Window
from training.options import parse

MOTION, AUDIO = Window("motion", 5, 12), Window("audio", 3, 14)
TARGET = Window("motion", 5, 4, offset=12)
FAMILY = [TransflowerModel, TransformerflowModel, ResidualflowerModel]
SMALL = {
    "dhid": 16,
    "nlayers": 1,
    "nhead": 2,
    "dropout": 0.0,
    "dhid_flow": 8,
    "scales": "[[2,0]]",
    "num_glow_coupling_blocks": 1,
    "num_heads_flow": 2,
}
PUBLISHED = {
    "dhid": 800,
    "nlayers": 12,
    "nhead": 10,
    "dropout": 0.0,
    "scales": "[[16,0]]",
    "num_glow_coupling_blocks": 2,
    "glow_norm_layer": "batchnorm",
    "use_transformer_nn": True,
    "cond_concat_dims": True,
}


def options(kind: type[BaseModel], **given: Any) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    kind.modify_commandline_options(parser)
    opt = parser.parse_args([])
    vars(opt).update(given)
    return opt


def build(kind: type[BaseModel] = TransflowerModel, outputs: tuple[Window, ...] = (TARGET,), **given: Any) -> Any:
    torch.manual_seed(0)
    return kind(options(kind, **SMALL | given), (MOTION, AUDIO), outputs).double()


def batch_of(*windows: Window, size: int = 3) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return {
        f"{side}_{window.modality}": torch.randn(
            size, window.length, window.dim, generator=generator, dtype=torch.float64
        )
        for side, window in (("in", MOTION), ("in", AUDIO), *(("out", window) for window in windows))
    }


def inputs_of(batch: dict[str, Tensor]) -> dict[str, Tensor]:
    return {key.removeprefix("in_"): value for key, value in batch.items() if key.startswith("in_")}


def parameters(kind: type[BaseModel], inputs: list[Window], output: Window, **given: Any) -> dict[str, int]:
    with torch.device("meta"):
        model = kind(options(kind, **given), inputs, [output])
    return {name: parameter.numel() for name, parameter in model.named_parameters()}


def positions(counts: dict[str, int]) -> int:
    return sum(count for name, count in counts.items() if name.endswith("positions.vectors"))


@pytest.mark.parametrize(
    ("motion", "audio", "published"),
    [(69, 85, 122_323_152), (67, 85, 122_288_112), (67, 83, 122_286_512)],
)
def test_the_papers_size_has_the_papers_number_of_parameters(motion: int, audio: int, published: int) -> None:
    """The reference's positions are buffers that stay zero; ours are trained and counted apart."""
    inputs = [Window("motion", motion, 120), Window("audio", audio, 140)]
    counts = parameters(TransflowerModel, inputs, Window("motion", motion, 20, offset=120), **PUBLISHED)
    assert positions(counts) == 800 * (120 + 140 + 260) + 16 * 512 * 20
    assert sum(counts.values()) - positions(counts) == published


def test_transflower_with_a_mean_has_the_published_number_of_parameters() -> None:
    inputs = [Window("motion", 69, 120), Window("audio", 85, 140)]
    output = Window("motion", 69, 20, offset=120)
    counts = parameters(TransflowerModel, inputs, output, **PUBLISHED | {"dhid": 1000, "residual": True})
    assert sum(counts.values()) - positions(counts) == 160_094_621


def test_transflower_with_a_label_has_the_published_number_of_parameters() -> None:
    inputs = [
        Window("style", 256, 1, discrete=True, num_tokens=16, single=True),
        Window("motion", 67, 120),
        Window("audio", 85, 140),
    ]
    counts = parameters(
        TransflowerModel,
        inputs,
        Window("motion", 67, 20, offset=120),
        dhid=800,
        nlayers=4,
        nhead=10,
        scales="[[16,0]]",
        num_glow_coupling_blocks=3,
        glow_norm_layer="actnorm",
        use_transformer_nn=True,
        use_pos_emb_inputs=False,
        use_rel_pos_emb_inputs=True,
        use_pos_emb_coupling=False,
    )
    assert sum(counts.values()) - positions(counts) == 125_497_216


def test_residualflower2_has_the_published_number_of_parameters() -> None:
    """Published with outputs of 3 frames, which its two scales could not halve; here they leave the last one out."""
    opt = parse(["--model", "residualflower2", "--experiment_name", "x"])
    published = PUBLISHED | {"nlayers": 6, "scales": "[[4,0],[4,0]]"}
    for prefix in ("mean_", "residual_"):
        vars(opt).update({prefix + name: value for name, value in published.items()})
    with torch.device("meta"):
        model = Residualflower2Model(
            opt, [Window("motion", 72, 120), Window("audio", 23, 140)], [Window("motion", 72, 3, offset=120)]
        )
    counts = {name: parameter.numel() for name, parameter in model.named_parameters()}
    assert sum(counts.values()) - positions(counts) == 112_353_704


def test_transformerflow_has_the_published_number_of_parameters() -> None:
    """The reference's kernels are 3 x 3 on images of width 1; two of their three columns never meet data."""
    inputs = [Window("motion", 219, 120), Window("audio", 103, 140)]
    counts = parameters(
        TransformerflowModel,
        inputs,
        Window("motion", 219, 10, offset=120),
        dhid=200,
        nlayers=4,
        nhead=10,
        scales="[[4,0],[4,0]]",
        num_glow_coupling_blocks=2,
    )
    kernels = sum(count for name, count in counts.items() if name.endswith("conv.parametrizations.weight.original1"))
    assert sum(counts.values()) - positions(counts) + 2 * kernels == 29_331_208


@pytest.mark.parametrize("kind", FAMILY)
def test_several_outputs_share_the_encoders_and_have_a_flow_each(kind: type[BaseModel]) -> None:
    face = Window("face", 7, 2, offset=12)
    model = build(kind, (TARGET, face))
    batch = batch_of(TARGET, face)
    losses = model.losses(batch)
    assert {"nll_motion", "nll_face"} <= losses.keys()
    samples, _ = model.sample(inputs_of(batch), generator=torch.Generator().manual_seed(0))
    assert {key: tuple(value.shape) for key, value in samples.items()} == {"motion": (3, 4, 5), "face": (3, 2, 7)}


def test_several_outputs_have_a_mean_each() -> None:
    face = Window("face", 7, 2, offset=12)
    losses = build(outputs=(TARGET, face), residual=True).losses(batch_of(TARGET, face))
    assert losses.keys() == {"loss", "nll_motion", "mse_motion", "nll_face", "mse_face"}


def test_the_squared_error_is_added_to_the_bits_of_what_is_left() -> None:
    model, batch = build(residual=True, residual_loss="sum"), batch_of(TARGET)
    losses = model.losses(batch)
    torch.testing.assert_close(losses["loss"], losses["nll_motion"] + 100 * losses["mse_motion"])
    named = dict(model.named_parameters())
    by_bits = torch.autograd.grad(losses["nll_motion"], named.values(), allow_unused=True, retain_graph=True)
    assert {name for name, each in zip(named, by_bits, strict=True) if each is not None} == {
        name for name in named if ".flow." in name
    }
    by_all = torch.autograd.grad(losses["loss"], named.values())
    assert all(each.isfinite().all() for each in by_all)


@pytest.mark.parametrize(
    ("source", "loss", "slots"),
    [("first", "fading", 8), ("first", "sum", 4), ("last", "fading", 4), ("queries", "fading", 4)],
)
def test_a_mean_is_read_at_the_slots_of_its_frames(source: str, loss: str, slots: int) -> None:
    """The first are of no particular time: as published the mean has four of its own, and bits train the others."""
    model = build(residual=True, conditioning_from=source, residual_loss=loss).eval()
    assert model.heads["motion"].conditioner.count == slots
    conditioning, mean = model.heads["motion"].condition(model.encoders(inputs_of(batch_of(TARGET))))
    assert conditioning.shape[:2] == mean.shape[:2] == (3, 4)


@pytest.mark.parametrize("kind", FAMILY)
@pytest.mark.parametrize(
    "given",
    [
        {"scales": "[[1,2]]"},
        {"scales": "[[1,1],[1,1],[1,0]]"},
        {"scales": "[[1,0],[1,0]]", "cond_concat_dims": False, "conditioning_seq_lens": "7"},
        {"scales": "[[1,0],[1,0]]", "cond_concat_dims": False, "use_transformer_nn": True},
        {"conditioning_from": "last"},
        {"conditioning_from": "queries"},
        {"flow_dist": "studentT", "num_mixture_components": 3},
        {"glow_norm_layer": "actnorm"},
        {"glow_norm_layer": "batchnorm", "use_rotary_pos_emb": True},
    ],
    ids=str,
)
@pytest.mark.parametrize("frames", [4, 5])
def test_what_a_flow_maps_it_maps_back(kind: type[BaseModel], given: dict[str, Any], frames: int) -> None:
    """Checkerboard couplings and several scales with conditioning along time crash in the reference."""
    target = Window("motion", 5, frames, offset=12)
    model = build(kind, (target,), **given)
    batch = batch_of(target)
    model.train().losses(batch)["loss"].backward()
    without = [name for name, each in model.named_parameters() if each.grad is None or not each.grad.isfinite().all()]
    assert without == []
    head = model.eval().heads["motion"]
    conditioning, _ = head.condition(model.encoders(inputs_of(batch)))
    z, log_det = head.flow(batch["out_motion"], conditioning)
    torch.testing.assert_close(head.flow.transform.inverse(z, conditioning), batch["out_motion"], rtol=0, atol=1e-9)
    jacobian = torch.autograd.functional.jacobian(
        lambda x: head.flow(x.view(1, frames, 5), conditioning[:1])[0].flatten(), batch["out_motion"][0].flatten()
    )
    torch.testing.assert_close(log_det[0], torch.linalg.slogdet(jacobian).logabsdet, rtol=0, atol=1e-8)


def test_norm_layers_start_with_the_first_batch_of_training_and_never_in_evaluation() -> None:
    model = build(glow_norm_layer="actnorm")
    flow = model.heads["motion"].flow
    model.eval().losses(batch_of(TARGET))
    model.sample(inputs_of(batch_of(TARGET)))
    assert not flow.initialised
    model.train().losses(batch_of(TARGET))
    assert flow.initialised
    before = {name: value.clone() for name, value in model.state_dict().items()}
    model.losses({key: 3 * value for key, value in batch_of(TARGET).items()})
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_a_sample_in_training_mode_changes_no_statistics() -> None:
    model = build(glow_norm_layer="batchnorm").train()
    model.losses(batch_of(TARGET))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    model.sample(inputs_of(batch_of(TARGET)))
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_no_temperature_gives_the_same_sample_to_every_generator() -> None:
    model = build().eval()
    inputs = inputs_of(batch_of(TARGET))
    samples = [
        model.sample(inputs, temperature=0.0, generator=torch.Generator().manual_seed(seed))[0]["motion"]
        for seed in (0, 1)
    ]
    assert torch.equal(*samples)


@pytest.mark.parametrize("given", [{"causal": True}, {"conditioning_from": "queries", "use_rotary_pos_emb": True}])
def test_the_means_own_slots_tell_the_frames_in_order(given: dict[str, Any]) -> None:
    """However many tokens condition the flow: the window has 4 frames."""
    model = build(residual=True, conditioning_seq_lens="3", cond_concat_dims=False, nlayers=1, **given)
    conditioner = model.heads["motion"].conditioner
    if "causal" in given:
        assert conditioner.frames == (0, 1, 2, 0, 1, 2, 3)
    else:
        turned = conditioner.net.rotary.cos[:7]
        assert torch.equal(turned[:3], turned[3:6])
        assert not torch.equal(turned[6], turned[3])


@pytest.mark.parametrize("source", ["first", "last", "queries"])
@pytest.mark.parametrize("kinds", [{}, {"use_pos_emb_inputs": False, "use_rotary_pos_emb": True}])
@pytest.mark.parametrize("modality", ["motion", "audio"])
def test_the_loss_knows_the_order_of_an_inputs_frames(modality: str, kinds: dict[str, bool], source: str) -> None:
    model = build(conditioning_from=source, **kinds).eval()
    batch = batch_of(TARGET)
    flipped = batch | {f"in_{modality}": batch[f"in_{modality}"].flip(1)}
    assert abs(model.losses(batch)["loss"] - model.losses(flipped)["loss"]) > 1e-6


def test_more_tokens_than_slots_are_refused_unless_they_are_queries() -> None:
    long = Window("motion", 5, 27, offset=12)
    with pytest.raises(ValueError, match=r"27 slots \(--output_lengths; .*--input_lengths gives only 26"):
        build(outputs=(long,))
    assert build(outputs=(long,), conditioning_from="queries").losses(batch_of(long))["loss"].isfinite()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"cond_concat_dims": True, "conditioning_seq_lens": "6"}, r"--conditioning_seq_lens 6 must be .* 4"),
        ({"conditioning_seq_lens": "2,3"}, "--conditioning_seq_lens 2,3: give one whole number"),
        ({"conditioning_seq_lens": "two"}, "--conditioning_seq_lens two: give one whole number"),
        ({"scales": "[[2,0],[1]]"}, r"--scales \[\[2,0\],\[1\]\]: give two whole numbers for each scale"),
        ({"scales": "[[1,0],[1,0],[1,0],[1,0]]"}, "4 scales, which take at least 8 frames; --output_lengths gives 4"),
        ({"nhead": 3}, "a width of 16 cannot be shared among 3 heads"),
    ],
)
def test_options_that_contradict_are_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build(**given)


@pytest.mark.parametrize("text", ["[[10,0]]", "[[ 10, 0 ]]", "10,0", [[10, 0]]])
def test_scales_are_read_however_they_are_written(text: Any) -> None:
    assert read_scales(str(text)) == [(10, 0)]


def test_a_step_by_step_residual_gives_the_frame_that_is_new() -> None:
    """In the reference MoGlow's windows and the mean's do not fit together."""
    arguments = ["--model", "residualflower2", "--residual_model", "moglow", "--experiment_name", "x"]
    opt = parse([*arguments, "--mean_dhid", "16", "--mean_nlayers", "1", "--residual_dhid", "8"])
    windows = (Window("motion", 5, 10), Window("audio", 3, 12)), (Window("motion", 5, 7, offset=4),)
    torch.manual_seed(0)
    model = Residualflower2Model(opt, *windows).double().eval()
    inputs = {window.modality: torch.randn(3, window.length, window.dim, dtype=torch.float64) for window in windows[0]}
    first, state = model.sample(inputs, generator=torch.Generator().manual_seed(1))
    assert first["motion"].shape == (3, 7, 5)
    generators = [torch.Generator().manual_seed(seed) for seed in range(3)]
    second, _ = model.sample(inputs, generator=generators, state=state)
    mean = model.mean_model(inputs)["motion"]
    first_rest, second_rest = first["motion"] - mean, second["motion"] - mean
    torch.testing.assert_close(second_rest[:, :-1], first_rest[:, 1:])
    assert (second_rest[:, -1:] - first_rest).abs().min() > 0


def test_a_mean_model_that_only_samples_is_trained_by_its_own_loss() -> None:
    arguments = ["--model", "residualflower2", "--mean_model", "transflower", "--experiment_name", "x"]
    opt = parse(arguments)
    for prefix in ("mean_", "residual_"):
        vars(opt).update({prefix + name: value for name, value in SMALL.items()})
    torch.manual_seed(0)
    model = Residualflower2Model(opt, (MOTION, AUDIO), (TARGET,)).double()
    model.losses(batch_of(TARGET))["loss"].backward()
    assert all(each.grad is not None and each.grad.isfinite().all() for each in model.parameters())


def test_bits_per_frame_of_a_standard_normal() -> None:
    """A frame of one standard normal number costs log2(2 pi e) / 2 bits on average."""
    x = torch.randn(20_000, 4, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    log_prob = torch.distributions.Normal(0.0, 1.0).log_prob(x).sum(dim=(1, 2))
    assert bits_per_frame(log_prob, 4).item() == pytest.approx(math.log2(2 * math.pi * math.e) / 2, abs=0.01)


def test_nats_per_dimension_do_not_depend_on_the_scale_that_was_used() -> None:
    x = torch.randn(50, 1, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = []
    for scale in (torch.ones(2), torch.tensor([0.1, 7.0])):
        density = torch.distributions.Normal(torch.zeros(2), 1 / scale.double())
        bits = bits_per_frame(density.log_prob(x / scale).sum(dim=(1, 2)), 1)
        found.append(nats_per_dimension(bits.item(), scale.tolist()))
    assert found[0] == pytest.approx(found[1], rel=1e-12)
