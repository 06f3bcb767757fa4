"""The laws that every model obeys; a new file in models/ is tested on arrival."""

import argparse
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import registry
from models.base_model import BaseModel
from models.windows import Window
from training.options import parse

MODELS = registry.names("model")
WITHOUT_ORDER = {"dae", "vae"}
"""Models whose loss does not depend on the order of frames; each has a reason in its docstring."""
NOT_GENERATING = {"dae", "vae"}
"""Models that cannot be rolled forward."""

MOTION, SOUND = Window("motion_29.97", 6, 12), Window("sound_29.97", 4, 16)
TARGET = Window(MOTION.modality, 6, 4, offset=12)
SMALL = {
    "dhid": 16,
    "nlayers": 2,
    "nhead": 2,
    "dropout": 0.0,
    "dhid_flow": 16,
    "scales": "[[2,0]]",
    "num_glow_coupling_blocks": 1,
    "num_heads_flow": 2,
    "encoder_hidden": 16,
    "decoder_hidden": 16,
    "discriminator_hidden": 16,
}
"""Sizes for a quick test, of the options that a model has."""


def options(name: str, tmp_path: Path, **given: object) -> argparse.Namespace:
    """All options of a run with this model, at their defaults but for ``given``, also of the models that it holds."""
    opt = parse(["--experiment_name", "contract", "--model", name, "--data_dir", str(tmp_path)])
    prefixes = ("", *registry.find("model", name).sub_models)
    values = {prefix + key: value for prefix in prefixes for key, value in given.items()}
    vars(opt).update({key: value for key, value in values.items() if hasattr(opt, key)})
    return opt


def number_options(name: str) -> dict[str, argparse.Action]:
    """The options of a model, or what it adds to all, that are numbers."""
    parser = argparse.ArgumentParser()
    registry.find("model", name).modify_commandline_options(parser)
    return {
        action.dest: action for action in parser._actions if isinstance(action.default, int | float) and action.type
    }


@pytest.mark.parametrize("name", MODELS)
def test_no_number_of_a_model_is_negative_or_none_at_all(name: str) -> None:
    for action in number_options(name).values():
        assert callable(action.type)
        for text in ("-1", "nan", "inf"):
            with pytest.raises(argparse.ArgumentTypeError, match=text):
                action.type(text)


@pytest.mark.parametrize("name", MODELS)
def test_sizes_without_which_nothing_is_computed_are_above_zero(name: str) -> None:
    for size in SMALL.keys() & number_options(name).keys() - {"dropout", "dhid_flow"}:  # 0: as wide as the transformers
        with pytest.raises(argparse.ArgumentTypeError, match=r"'0' is not a whole number from 1 on"):
            number_options(name)[size].type("0")


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest, tmp_path: Path) -> BaseModel:
    torch.manual_seed(0)
    return registry.find("model", request.param)(options(request.param, tmp_path, **SMALL), (MOTION, SOUND), (TARGET,))


WORDS = Window("word_context_29.97", 6, 4, offset=12, discrete=True, num_tokens=7, padding=(0, 0, 0), columns=3)
"""A list of words for each frame of the target."""


@pytest.mark.parametrize("name", MODELS)
def test_lists_of_words_are_read_beside_any_other_input(
    name: str, tmp_path: Path, batch: dict[str, torch.Tensor]
) -> None:
    opt = options(name, tmp_path, **SMALL | {"generator_model": "contextseq2seq"})
    # This model reads one list for all frames, the others of its kind one for each.
    words = replace(WORDS, length=1) if name == "wordsseq2seq" else WORDS
    torch.manual_seed(0)
    model = registry.find("model", name)(opt, (MOTION, SOUND, words), (TARGET,)).train()
    lists = torch.tensor([[0, 0, 0], [2, 0, 0], [3, 1, 0], [4, 4, 5]])[-words.length :].repeat(5, 1, 1)
    batch[f"in_{words.modality}"] = lists
    model.losses(batch)["loss"].backward()
    reads = name not in {"dae", "vae", "speechencoder"}
    tables = [module for module in model.modules() if isinstance(module, torch.nn.Embedding)]
    assert bool(tables) == reads
    assert all(bool(table.weight.grad[4].any()) for table in tables)
    if model.generates:
        assert sample_of(model, batch).isfinite().all()


@pytest.mark.parametrize("name", ["transformer", "transflower"])
def test_causal_encoders_read_lists_of_words_too(name: str, tmp_path: Path, batch: dict[str, torch.Tensor]) -> None:
    words = replace(WORDS, length=12, offset=0)
    opt = options(name, tmp_path, **SMALL, causal=True)
    model = registry.find("model", name)(opt, (MOTION, SOUND, words), (TARGET,)).train()
    lists = torch.randint(0, 7, (5, 12, 3))
    one, other = (model.losses(batch | {f"in_{words.modality}": each})["loss"] for each in (lists, lists.flip(1)))
    assert one.isfinite()
    assert one != other


@pytest.mark.parametrize("name", MODELS)
def test_words_as_an_output_are_refused_at_once(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=rf"word_context_29.97: {name} gives numbers, .*--output_modalities"):
        registry.find("model", name)(options(name, tmp_path, **SMALL), (MOTION, SOUND), (TARGET, WORDS))


@pytest.fixture
def batch() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return {
        f"{side}_{window.modality}": torch.randn(5, window.length, window.dim, generator=generator)
        for side, window in (("in", MOTION), ("in", SOUND), ("out", TARGET))
    }


def inputs_of(batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {key.removeprefix("in_"): value for key, value in batch.items() if key.startswith("in_")}


def sample_of(model: BaseModel, batch: dict[str, torch.Tensor], seed: int = 0) -> torch.Tensor:
    samples, _ = model.eval().sample(inputs_of(batch), generator=torch.Generator().manual_seed(seed))
    return samples[MOTION.modality]


@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_built_from_the_default_options(name: str, tmp_path: Path) -> None:
    with torch.device("meta"):
        model = registry.find("model", name)(options(name, tmp_path), (MOTION, SOUND), (TARGET,))
    assert sum(parameter.numel() for parameter in model.parameters()) > 0


def test_every_parameter_gets_a_finite_gradient(model: BaseModel, batch: dict[str, torch.Tensor]) -> None:
    model.train().losses(batch)["loss"].backward()
    without = [name for name, parameter in model.named_parameters() if parameter.grad is None]
    broken = [
        name
        for name, parameter in model.named_parameters()
        if parameter.grad is not None and not parameter.grad.isfinite().all()
    ]
    assert (without, broken) == ([], [])


def test_the_loss_falls_on_one_batch(model: BaseModel, batch: dict[str, torch.Tensor]) -> None:
    optimiser = torch.optim.Adam(model.train().parameters(), lr=3e-3)
    losses = []
    for _ in range(60):
        loss = model.losses(batch)["loss"]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert sum(losses[-5:]) < 0.8 * sum(losses[:5])


def test_losses_leave_the_batch_as_it_was(model: BaseModel, batch: dict[str, torch.Tensor]) -> None:
    before = {key: value.clone() for key, value in batch.items()}
    model.train().losses(batch)
    assert all(torch.equal(value, before[key]) for key, value in batch.items())


def test_saved_and_loaded_weights_give_the_same_loss(
    model: BaseModel, batch: dict[str, torch.Tensor], tmp_path: Path
) -> None:
    model.train().losses(batch)  # whatever is initialised from data
    torch.save(model.eval().state_dict(), tmp_path / "weights.pt")
    name = next(name for name in MODELS if isinstance(model, registry.find("model", name)))
    other = registry.find("model", name)(options(name, tmp_path, **SMALL), (MOTION, SOUND), (TARGET,)).eval()
    other.load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True))
    assert torch.equal(model.losses(batch)["loss"], other.losses(batch)["loss"])
    if model.generates:
        assert torch.equal(sample_of(model, batch), sample_of(other, batch))


def test_samples_are_finite_and_of_the_windows_shape(model: BaseModel, batch: dict[str, torch.Tensor]) -> None:
    if model.generates:
        sample = sample_of(model, batch)
        assert sample.shape == (5, TARGET.length, TARGET.dim)
        assert sample.isfinite().all()
        assert not sample.requires_grad


def test_the_same_generator_gives_the_same_sample(model: BaseModel, batch: dict[str, torch.Tensor]) -> None:
    if model.generates:
        assert torch.equal(sample_of(model, batch, seed=3), sample_of(model, batch, seed=3))


def test_a_sample_does_not_depend_on_what_shares_its_batch(model: BaseModel, batch: dict[str, torch.Tensor]) -> None:
    if model.generates:
        first = {key: value[:1] for key, value in batch.items()}
        changed = {key: torch.cat([value[:1], value[1:].flip(0) + 1]) for key, value in batch.items()}
        torch.testing.assert_close(sample_of(model, changed)[:1], sample_of(model, batch)[:1], rtol=0, atol=1e-5)
        assert first[f"in_{MOTION.modality}"].shape[0] == 1


def test_a_sample_does_not_know_its_target(model: BaseModel, batch: dict[str, torch.Tensor]) -> None:
    """Whatever the true future is, and although the model has just seen it in a loss, the sample stays the same."""
    if model.generates:
        before = sample_of(model, batch)
        out = f"out_{TARGET.modality}"
        model.eval().losses(batch | {out: batch[out] + 5})
        assert torch.equal(sample_of(model, batch), before)


def test_windows_of_a_model_are_those_it_trains_on_or_of_one_step(
    model: BaseModel, batch: dict[str, torch.Tensor]
) -> None:
    """A checkpoint holds the model's own windows: who measures it has to know how many steps to give it."""
    lengths = [window.length for window in model.outputs]
    assert lengths == [1 if model.goes_by_steps else TARGET.length]
    assert model.losses(batch)["loss"].isfinite()


def test_the_order_of_an_inputs_frames_matters(model: BaseModel, batch: dict[str, torch.Tensor]) -> None:
    model.eval()
    order = torch.randperm(SOUND.length, generator=torch.Generator().manual_seed(2))
    sound = f"in_{SOUND.modality}"
    shuffled = batch | {sound: batch[sound][:, order]}
    difference = (model.losses(batch)["loss"] - model.losses(shuffled)["loss"]).abs().item()
    assert (difference > 1e-6) == model.order_sensitive


def test_the_exceptions_from_the_laws_are_known() -> None:
    classes = {name: registry.find("model", name) for name in MODELS}
    assert {name for name, found in classes.items() if not found.order_sensitive} == WITHOUT_ORDER
    assert {name for name, found in classes.items() if not found.generates} == NOT_GENERATING
