"""The transformer: the reference's numbers, and what the reference gets wrong."""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from models.transformer_model import TransformerModel
from models.windows import Window

MOTION, AUDIO = Window("motion", 5, 12), Window("audio", 3, 14)
TARGET = Window("motion", 5, 4, offset=12)


def options(**given: Any) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    TransformerModel.modify_commandline_options(parser)
    opt = parser.parse_args([])
    vars(opt).update({"dhid": 16, "nlayers": 2, "nhead": 2, "dropout": 0.0} | given)
    return opt


def build(**given: Any) -> TransformerModel:
    torch.manual_seed(0)
    return TransformerModel(options(**given), (MOTION, AUDIO), (TARGET,))


def batch_of(size: int = 3, seed: int = 0) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {
        f"{side}_{window.modality}": torch.randn(size, window.length, window.dim, generator=generator)
        for side, window in (("in", MOTION), ("in", AUDIO), ("out", TARGET))
    }


def ours(key: str) -> str:
    """The name here of a parameter of the reference."""
    for theirs, name in {
        "net_input_": "encoders.nets.",
        "net_output_motion": "heads.motion.net",
        "encoder1": "enter",
        "pos_encoder.pe": "positions.vectors",
        "transformer_encoder.layers": "layers",
        "self_attn.in_proj_": "attention.query_key_value.",
        "self_attn.out_proj": "attention.merge",
        "linear1": "widen",
        "linear2": "narrow",
        "norm1": "attention_norm",
        "norm2": "feedforward_norm",
        "decoder": "leave",
    }.items():
        key = key.replace(theirs, name)
    return key


@pytest.mark.parametrize("name", ["transformer", "transformer_nopos"])
def test_weights_of_the_reference_give_its_numbers(name: str, parity: Path) -> None:
    content = np.load(parity / "models" / f"{name}.npz", allow_pickle=False)
    theirs = json.loads(str(content["options_json"]))
    sizes = {key: theirs[key] for key in ("dhid", "nlayers", "nhead", "dropout")}
    inputs = [
        Window(each, content[f"in/{each}"].shape[2], content[f"in/{each}"].shape[1]) for each in ("motion", "audio")
    ]
    output = Window("motion", inputs[0].dim, int(theirs["output_lengths"]), offset=12)
    model = TransformerModel(options(**sizes, use_pos_emb_output=theirs["use_pos_emb_output"]), inputs, [output])
    state = {
        ours(key.removeprefix("state/")): torch.from_numpy(content[key])
        for key in content.files
        if key.startswith("state/") and "_mask_" not in key
    }
    state = {key: value.squeeze(1) if key.endswith("positions.vectors") else value for key, value in state.items()}
    model.load_state_dict(state, strict=True)
    model.double().eval()
    batch = {
        key.replace("/", "_"): torch.from_numpy(content[key]).double()
        for key in ("in/motion", "in/audio", "out/motion")
    }
    inputs_only = {"motion": batch["in_motion"], "audio": batch["in_audio"]}
    close = {"rtol": 0, "atol": 1e-10}
    torch.testing.assert_close(model.encoders(inputs_only), torch.from_numpy(content["res/latent"]), **close)
    slots = sum(window.length for window in inputs)
    latent = model.heads["motion"](model.encoders(inputs_only), slots)
    torch.testing.assert_close(latent, torch.from_numpy(content["res/output_net/motion"]), **close)
    prediction = model.sample(inputs_only)[0]["motion"]
    torch.testing.assert_close(prediction, torch.from_numpy(content["res/prediction/motion"]), **close)
    loss = model.losses(batch)["loss"]
    torch.testing.assert_close(loss, torch.from_numpy(content["res/loss"]), **close)
    loss.backward()
    _check_gradients(model, content)


def _check_gradients(model: TransformerModel, content: Any) -> None:
    parameters = dict(model.named_parameters())
    for name, (total, norm) in zip(json.loads(str(content["grad/names_json"])), content["grad/stats"], strict=True):
        gradient = parameters[ours(name)].grad
        assert gradient is not None
        np.testing.assert_allclose([gradient.sum(), gradient.norm()], [total, norm], rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    "kinds",
    [
        {},
        {"use_pos_emb_output": False},
        {"use_pos_emb_inputs": False, "use_pos_emb_output": False, "use_rel_pos_emb_inputs": True},
        {"use_pos_emb_inputs": False, "use_pos_emb_output": False, "use_rotary_pos_emb": True},
    ],
)
@pytest.mark.parametrize("modality", ["motion", "audio"])
def test_the_loss_knows_the_order_of_an_inputs_frames(kinds: dict[str, bool], modality: str) -> None:
    model = build(**kinds)
    if model.encoders.nets["motion"].pair_bias is not None:
        for name, parameter in model.named_parameters():
            if name.endswith("pair_bias.bias"):
                torch.nn.init.normal_(parameter)
    batch = batch_of()
    shuffled = dict(batch)
    order = torch.randperm(batch[f"in_{modality}"].shape[1], generator=torch.Generator().manual_seed(1))
    shuffled[f"in_{modality}"] = batch[f"in_{modality}"][:, order]
    assert abs(model.losses(batch)["loss"] - model.losses(shuffled)["loss"]) > 1e-5


def test_without_any_positions_the_encoders_are_blind_to_order() -> None:
    model = build(use_pos_emb_inputs=False, use_pos_emb_output=False)
    inputs = {"motion": batch_of()["in_motion"], "audio": batch_of()["in_audio"]}
    flipped = inputs | {"audio": inputs["audio"].flip(1)}
    torch.testing.assert_close(model(inputs), model(flipped))


@pytest.mark.parametrize("kind", ["use_pos_emb_inputs", "use_pos_emb_output", "use_rel_pos_emb_inputs"])
def test_positions_are_trained(kind: str) -> None:
    off = {"use_pos_emb_inputs": False, "use_pos_emb_output": False, "use_rel_pos_emb_inputs": False}
    model = build(**(off | {kind: True}))
    model.losses(batch_of())["loss"].backward()
    gradients = {
        name: parameter.grad
        for name, parameter in model.named_parameters()
        if name.endswith(("positions.vectors", "pair_bias.bias"))
    }
    assert gradients
    assert all(gradient is not None and gradient.abs().max() > 0 for gradient in gradients.values())


def test_rotary_scores_depend_on_time_differences_only() -> None:
    inputs = {"motion": batch_of()["in_motion"], "audio": batch_of()["in_audio"]}
    given = {"use_pos_emb_inputs": False, "use_pos_emb_output": False, "use_rotary_pos_emb": True}
    predictions = []
    for shift in (0, 37):
        torch.manual_seed(0)
        moved = [Window(each.modality, each.dim, each.length, each.offset + shift) for each in (MOTION, AUDIO)]
        predictions.append(TransformerModel(options(**given), moved, (TARGET,))(inputs)["motion"])
    torch.testing.assert_close(*predictions, rtol=0, atol=1e-5)


@pytest.mark.parametrize("pre_norm", [False, True])
def test_training_on_one_batch_brings_the_loss_below_5_percent(pre_norm: bool) -> None:
    model = build(dhid=32, pre_norm=pre_norm)
    batch = batch_of(8)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    first = model.losses(batch)["loss"].item()
    for _ in range(250):
        loss = model.losses(batch)["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert model.losses(batch)["loss"].item() < 0.05 * first


def test_an_output_longer_than_the_slots_is_refused_naming_both_options() -> None:
    long = Window("motion", 5, 27, offset=12)
    with pytest.raises(ValueError, match=r"27 slots \(--output_lengths; .*--input_lengths gives only 26"):
        TransformerModel(options(), (MOTION, AUDIO), (long,))


def test_heads_that_do_not_share_the_width_are_refused() -> None:
    with pytest.raises(ValueError, match="a width of 16 cannot be shared among 3 heads"):
        build(nhead=3)


def test_several_outputs_share_the_encoders_and_have_a_head_each() -> None:
    face = Window("face", 7, 2, offset=12)
    model = TransformerModel(options(), (MOTION, AUDIO), (TARGET, face))
    batch = batch_of() | {"out_face": torch.zeros(3, 2, 7)}
    losses = model.losses(batch)
    torch.testing.assert_close(losses["loss"], losses["mse_motion"] + losses["mse_face"])
    assert {
        key: tuple(value.shape)
        for key, value in model.sample({"motion": batch["in_motion"], "audio": batch["in_audio"]})[0].items()
    } == {
        "motion": (3, 4, 5),
        "face": (3, 2, 7),
    }


def test_a_label_changes_only_its_own_sample() -> None:
    label = Window("style", 4, 1, discrete=True, num_tokens=6, single=True)
    torch.manual_seed(0)
    model = TransformerModel(options(), (label, MOTION, AUDIO), (TARGET,))
    inputs = {"motion": batch_of()["in_motion"], "audio": batch_of()["in_audio"]}
    one = model(inputs | {"style": torch.tensor([[[0]], [[1]], [[2]]])})["motion"]
    other = model(inputs | {"style": torch.tensor([[[0]], [[5]], [[2]]])})["motion"]
    assert torch.equal(one[[0, 2]], other[[0, 2]])
    assert not torch.equal(one[1], other[1])


def test_the_published_size_has_the_published_number_of_parameters() -> None:
    """143,025,669 in the reference, whose positions are buffers; ours add them and are counted apart."""
    windows = [Window("expmap_scaled_20", 69, 120), Window("audio_feats_scaled_20", 85, 140)]
    with torch.device("meta"):
        model = TransformerModel(
            options(dhid=1200, nlayers=12, nhead=10), windows, [Window("expmap_scaled_20", 69, 20, offset=120)]
        )
    counts = {name: parameter.numel() for name, parameter in model.named_parameters()}
    positions = sum(count for name, count in counts.items() if name.endswith("positions.vectors"))
    assert positions == 1200 * (120 + 140 + 260)
    assert sum(counts.values()) - positions == 143_025_669


@pytest.mark.parametrize("source", ["last", "queries"])
def test_the_prediction_is_read_where_it_is_asked(source: str) -> None:
    """Other slots are other numbers at any length, and the first frames are the same whether more are wanted or not."""
    model = TransformerModel(options(conditioning_from=source), [MOTION, AUDIO], [TARGET]).eval()
    batch = {window.modality: batch_of()[f"in_{window.modality}"] for window in (MOTION, AUDIO)}
    found = model(batch)[TARGET.modality]
    assert found.shape == (3, TARGET.length, TARGET.dim)
    torch.testing.assert_close(model.heads[TARGET.modality](model.encoders(batch), 2), found[:, :2])
    if source == "last":
        at_the_first = TransformerModel(options(), [MOTION, AUDIO], [TARGET]).eval()
        at_the_first.load_state_dict(model.state_dict())
        assert not torch.allclose(at_the_first(batch)[TARGET.modality], found)
