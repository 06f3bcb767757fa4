"""Nothing that is read can run code, lead out of its folder, or take memory that it has not itself."""

import ast
import json
import pickle
import struct
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from feature_extraction import store
from feature_extraction.feature import Feature
from feature_extraction.restricted_pickle import read_pickle
from feature_extraction.scaler import Scaler
from models import load_model
from tests.test_house import TREES
from tests.training.corpus import write_experiment
from training.datasets.multimodal_dataset import MultimodalDataset
from training.options import load_hparams, parse
from training.options.experiments import read_settings
from training.run import Run
from training.train import main

PICKLE_READERS = {"feature_extraction.restricted_pickle", "models.importers.transflower_lightning"}
"""The restricted reader; and that importer, which reads hyper-parameters by it."""
LOADERS = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "joblib", "pandas"}


class Malicious:
    """Unpickled, it makes a file."""

    def __init__(self, trace: Path):
        self.trace = trace

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Path]]:
        return Path.touch, (self.trace,)


def names_called(module: str) -> list[tuple[str, ast.Call]]:
    """The dotted name of what each call of a module calls."""
    calls = [node for node in ast.walk(TREES[module]) if isinstance(node, ast.Call)]
    return [(ast.unparse(call.func), call) for call in calls]


@pytest.mark.parametrize("module", TREES)
def test_no_module_reads_pickles_but_by_the_restricted_reader(module: str) -> None:
    roots = {
        name.split(".")[0]
        for node in ast.walk(TREES[module])
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""])
    }
    used = {name for name, _ in names_called(module)}
    if module not in PICKLE_READERS:
        assert not roots & LOADERS - ({"joblib"} if "joblib.Parallel" in used or "Parallel" in used else set())
    for name, call in names_called(module):
        given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        if name in ("torch.load", "np.load", "numpy.load"):
            assert given.get("weights_only") == "True" or given.get("allow_pickle") == "False", f"{module}: {name}"
        assert name not in ("yaml.load", "yaml.unsafe_load", "yaml.full_load", "eval", "exec"), f"{module}: {name}"


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    """A file that is there once something malicious has run."""
    return tmp_path / "trace"


@pytest.fixture
def experiment(tmp_path: Path) -> Path:
    return write_experiment(tmp_path, max_epochs=1)


def test_a_malicious_checkpoint_is_neither_loaded_nor_gone_on_with(experiment: Path, trace: Path) -> None:
    run = Run(experiment.parent / "runs" / "toy")
    run.checkpoints.mkdir(parents=True)
    torch.save({"terpsichore": Malicious(trace), "state_dict": Malicious(trace)}, run.checkpoints / "last.ckpt")
    with pytest.raises(ValueError, match="damaged or no checkpoint"):
        load_model(run.checkpoints / "last.ckpt")
    with pytest.raises(ValueError, match="damaged or no checkpoint"):
        main([str(experiment), "--continue_train"])
    assert not trace.exists()


def test_malicious_arrays_are_refused(experiment: Path, trace: Path) -> None:
    data = experiment.parent / "data"
    np.save(data / "s0.audio.npy", np.array([Malicious(trace)], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match=r"s0\.audio\.npy is not a readable \.npy file"):
        MultimodalDataset(parse([str(experiment)]))
    np.savez(data / "bad.scaler.npz", mean=np.array([Malicious(trace)], dtype=object), scale=np.ones(1))
    with pytest.raises(ValueError, match=r"allow_pickle|scaler"):
        Scaler.load(data / "bad.scaler.npz")
    (data / "bad.pkl").write_bytes(pickle.dumps({"smpl_poses": Malicious(trace)}))
    with pytest.raises(ValueError, match="not a pickle of plain arrays"):
        read_pickle(data / "bad.pkl")
    assert not trace.exists()


@pytest.mark.parametrize("tag", ["!!python/object/apply:pathlib.Path.touch", "!!python/name:os.system"])
def test_malicious_yaml_is_refused(tag: str, experiment: Path, trace: Path) -> None:
    (experiment.parent / "hparams.yaml").write_text(f"experiment: {tag} [{trace}]\n")
    with pytest.raises(ValueError, match=r"hparams\.yaml.* (YAML|options of a run)"):
        load_hparams(experiment.parent / "hparams.yaml")
    experiment.write_text(experiment.read_text() + f"text_folder: {tag} [{trace}]\n")
    assert str(trace) in parse([str(experiment)]).text_folder  # a text like any other
    assert not trace.exists()


def test_lists_that_grow_when_written_out_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.yaml"
    path.write_text("a: &a [x, x]\n" + "".join(f"{two}: &{two} [*{one}, *{one}]\n" for one, two in pairwise("abcd")))
    with pytest.raises(ValueError, match=r"bomb\.yaml:2: \*a is a YAML alias"):
        read_settings(path)
    path.write_text("a: " + "[" * 500)
    with pytest.raises(ValueError, match=r"bomb\.yaml.*(lists in lists|not YAML)"):
        read_settings(path)


def test_json_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "deep.json"
    path.write_text('{"a":' * 100_000)
    with pytest.raises(ValueError, match=r"deep\.json is not valid JSON"):
        store.load_json(path)


def test_headers_that_promise_more_than_there_is_are_refused(tmp_path: Path) -> None:
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000, 64), }".ljust(117) + "\n"
    path = tmp_path / "s.audio.npy"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
    with pytest.raises(ValueError, match=r"not a readable \.npy file"):
        store.load_array(path)


@pytest.mark.parametrize("name", ["../outside", "..", "/etc/passwd", "a\\b", "sub/seq"])
def test_a_split_list_leads_nowhere_else(name: str, tmp_path: Path) -> None:
    (tmp_path / "base_filenames_train.txt").write_text(f"good\n{name}\n")
    with pytest.raises(ValueError, match=r"base_filenames_train\.txt names .*, which is a path"):
        store.read_split(tmp_path, "train")


def test_a_features_description_leads_nowhere_else(tmp_path: Path) -> None:
    good = Feature("motion_20", "motion_20", "motion", 20.0, (), ("x",), (1,), ("x",))
    for key in ("name", "base"):
        with pytest.raises(ValueError, match="which is a path"):
            Feature.from_dict(good.to_dict() | {key: "../../motion_20"})
    good.save(tmp_path)
    described = json.loads((tmp_path / "motion_20.json").read_text())
    (tmp_path / "motion_20.json").write_text(json.dumps(described | {"scaler": "../outside.npz"}))
    with pytest.raises(ValueError, match="outside"):
        Feature.load(tmp_path, "motion_20")


def test_a_runs_record_leads_nowhere_else(tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    run.checkpoints.mkdir(parents=True)
    (tmp_path / "outside.ckpt").touch()
    run.write_record(best_checkpoint="../../outside.ckpt")
    assert run.best_checkpoint is None
