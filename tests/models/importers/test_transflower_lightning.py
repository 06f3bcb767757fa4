"""The import command, tried on miniatures of what transflower-lightning writes."""

import argparse
import pickle
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from feature_extraction.feature import Feature
from models import load_model
from models.importers.foreign_checkpoint import read_checkpoint
from models.importers.transflower_lightning import import_checkpoint, main, read_scaler
from models.importers.transflower_options import read_options
from tests.models.importers.reference import Reference


@pytest.fixture
def lightning(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """A module as old releases of Lightning had it, with the classes that their checkpoints name."""
    module = types.ModuleType("pytorch_lightning_of_old")

    class AttributeDict(dict[str, Any]):
        pass

    class ModelCheckpoint:
        pass

    for found in (AttributeDict, ModelCheckpoint):
        found.__module__, found.__qualname__ = module.__name__, found.__name__
        setattr(module, found.__name__, found)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


def save(reference: Reference, path: Path, hyper_parameters: Any, **more: Any) -> Path:
    """A checkpoint with the weights of the reference."""
    state = {name: value.float() if value.is_floating_point() else value for name, value in reference.state.items()}
    torch.save({"state_dict": state, "hyper_parameters": hyper_parameters, "epoch": 7, **more}, path)
    return path


@pytest.mark.parametrize("name", ["transflower_paper", "transflowpp_attn", "residualflower2_moglow", "transformer"])
def test_an_imported_checkpoint_gives_their_loss(name: str, tmp_path: Path, lightning: Any) -> None:
    reference = Reference(name, torch.float32)
    theirs = lightning.AttributeDict(reference.theirs)
    callbacks = {lightning.ModelCheckpoint: {"best_model_score": torch.tensor(1.0)}}
    path = save(reference, tmp_path / "theirs.ckpt", theirs, callbacks=callbacks)
    loaded = load_model(import_checkpoint(path, tmp_path / "ours.ckpt"))
    loss = loaded.model.losses(reference.batch)["loss"]
    torch.testing.assert_close(loss, reference.tensor("res/loss"), rtol=1e-5, atol=2e-5)
    assert [window.modality for window in loaded.inputs] == ["motion", "audio"]


def test_options_can_come_as_a_namespace_or_from_a_file(tmp_path: Path) -> None:
    reference = Reference("transformer", torch.float32)
    namespace = argparse.Namespace(**{key: value for key, value in reference.theirs.items() if key != "model"})
    inside = save(reference, tmp_path / "inside.ckpt", namespace)
    without = save(reference, tmp_path / "without.ckpt", {})
    (tmp_path / "hparams.yaml").write_text(
        "".join(f"{key}: {value!r}\n" for key, value in reference.theirs.items() if value is not None)
    )
    losses = [
        load_model(path).model.losses(reference.batch)["loss"]
        for path in (
            import_checkpoint(inside, tmp_path / "a.ckpt", model="transformer"),
            import_checkpoint(without, tmp_path / "b.ckpt", hparams=tmp_path / "hparams.yaml"),
        )
    ]
    assert torch.equal(*losses)
    with pytest.raises(ValueError, match="name it with --model"):
        import_checkpoint(inside, tmp_path / "c.ckpt")
    with pytest.raises(ValueError, match=r"give their hparams\.yaml with --hparams"):
        import_checkpoint(without, tmp_path / "c.ckpt", model="transformer")


def test_options_of_another_network_are_refused(tmp_path: Path) -> None:
    reference = Reference("transflower_paper", torch.float32)
    path = save(reference, tmp_path / "theirs.ckpt", reference.theirs | {"dhid_flow": 12})
    with pytest.raises(ValueError, match=r"not those of a TransflowerModel .* heads\.motion\.flow.* and \d+ more"):
        import_checkpoint(path, tmp_path / "ours.ckpt")
    assert not (tmp_path / "ours.ckpt").exists()


def test_a_norm_layer_without_a_likelihood_is_refused(tmp_path: Path) -> None:
    reference = Reference("transflower_paper", torch.float32)
    reference.state["net_output_glow_motion.flows.channels.3.gamma"][0, 2] = -0.5
    path = save(reference, tmp_path / "theirs.ckpt", reference.theirs)
    with pytest.raises(ValueError, match="a scale that is not positive"):
        import_checkpoint(path, tmp_path / "ours.ckpt")


def write_feature(folder: Path, dim: int) -> None:
    columns = tuple(f"column_{place}" for place in range(dim))
    Feature("motion", "motion", "motion", 20.0, (), columns, (dim,), columns).save(folder)


def test_features_and_their_scalers_go_into_the_checkpoint(tmp_path: Path, standard_scaler: type) -> None:
    reference = Reference("transformer", torch.float32)
    path = save(reference, tmp_path / "theirs.ckpt", reference.theirs)
    write_feature(tmp_path, 7)
    scaler = standard_scaler()
    vars(scaler).update(mean_=np.arange(7.0), scale_=np.full(7, 2.0))
    (tmp_path / "motion_scaler.pkl").write_bytes(pickle.dumps(scaler))
    ours = import_checkpoint(path, tmp_path / "ours.ckpt", features=tmp_path, scalers=tmp_path)
    features = load_model(ours).features
    assert features.keys() == {"motion"}
    assert features["motion"]["scaler"] == {"mean": list(range(7)), "scale": [2.0] * 7}


def test_a_feature_of_other_columns_is_refused(tmp_path: Path) -> None:
    reference = Reference("transformer", torch.float32)
    path = save(reference, tmp_path / "theirs.ckpt", reference.theirs)
    write_feature(tmp_path, 6)
    with pytest.raises(ValueError, match=r"motion: the network has 7 columns, its description in .* 6"):
        import_checkpoint(path, tmp_path / "ours.ckpt", features=tmp_path)


def test_nothing_in_a_checkpoint_is_run(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return (eval, (f"open({str(tmp_path / 'ran')!r}, 'w').close()",))

    torch.save({"state_dict": {}, "x": Evil()}, tmp_path / "evil.ckpt")
    read_checkpoint(tmp_path / "evil.ckpt")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04 cut"])
def test_a_damaged_file_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "bad.ckpt").write_bytes(content)
    with pytest.raises(ValueError, match=r"bad\.ckpt is damaged or no checkpoint"):
        read_checkpoint(tmp_path / "bad.ckpt")


def test_the_command_says_what_it_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reference = Reference("transformer", torch.float32)
    path = save(reference, tmp_path / "theirs.ckpt", reference.theirs)
    assert main([str(path), str(tmp_path / "ours.ckpt")]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'ours.ckpt'}\n"


@pytest.fixture
def standard_scaler(monkeypatch: pytest.MonkeyPatch) -> type:
    """scikit-learn's class by name and attributes; it is not needed to read what it wrote."""
    name = "sklearn.preprocessing._data"
    for module in ("sklearn", "sklearn.preprocessing", name):
        monkeypatch.setitem(sys.modules, module, types.ModuleType(module))
    found = type("StandardScaler", (), {"__module__": name})
    sys.modules[name].StandardScaler = found  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_pickled_scaler_is_read_without_scikit_learn(protocol: int, tmp_path: Path, standard_scaler: type) -> None:
    scaler = standard_scaler()
    mean, scale = np.array([1.0, -2.0]), np.array([0.5, 3.0])
    vars(scaler).update(mean_=mean, scale_=scale, var_=scale**2, n_samples_seen_=np.int64(9), with_mean=True)
    (tmp_path / "motion_scaler.pkl").write_bytes(pickle.dumps(scaler, protocol=protocol))
    read = read_scaler(tmp_path / "motion_scaler.pkl")
    np.testing.assert_array_equal([read.mean, read.scale], [mean, scale])


def test_other_pickles_are_no_scalers(tmp_path: Path) -> None:
    for name, content in (("plain.pkl", {"mean": 1.0}), ("other.pkl", argparse.Namespace(mean_=1.0))):
        (tmp_path / name).write_bytes(pickle.dumps(content))
        with pytest.raises(ValueError, match=name):
            read_scaler(tmp_path / name)


def test_what_was_fixed_in_theirs_is_set_here() -> None:
    opt = read_options(Reference("transflowpp_attn").theirs, "x")
    assert (opt.use_pos_emb_inputs, opt.use_pos_emb_output, opt.cond_concat_dims) == (True, True, True)
    opt = read_options(Reference("transflower_paper").theirs, "x")
    assert (opt.use_pos_emb_inputs, opt.use_pos_emb_output, opt.use_pos_emb_coupling) == (False, False, True)
