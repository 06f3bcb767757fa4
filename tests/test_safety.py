"""Nothing that is read can run code, lead out of its folder, or take memory that it has not itself."""

import ast
import json
import pickle
import resource
import struct
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from analysis.metrics.pose_autoencoder import PoseEncoder
from feature_extraction import store
from feature_extraction.covariance import SecondMoments
from feature_extraction.feature import Feature
from feature_extraction.motion.smpl import read_arrays
from feature_extraction.projection import Projection
from feature_extraction.restricted_pickle import read_pickle
from feature_extraction.scaler import Scaler
from inference.reading import read_feature
from inference.recording import Recording
from models import load_model
from models.windows import Window
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


def test_a_small_checkpoint_of_a_large_model_takes_no_memory(experiment: Path) -> None:
    assert main([str(experiment)]) == 0
    path = experiment.parent / "runs" / "toy" / "checkpoints" / "last.ckpt"
    content = torch.load(path, weights_only=True)
    for size in (1_000_000, 10**12):
        content["terpsichore"]["opt"]["dhid"] = size
        torch.save(content, path)
        with memory_left(2**30), pytest.raises(ValueError, match=r"last\.ckpt do not fit the model transformer: "):
            load_model(path)


@contextmanager
def memory_left(size: int) -> Iterator[None]:
    """Let the process have so many bytes of address space more than it has."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def test_malicious_arrays_are_refused(experiment: Path, trace: Path) -> None:
    data = experiment.parent / "data"
    np.save(data / "s0.audio.npy", np.array([Malicious(trace)], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match=r"s0\.audio\.npy is not a readable \.npy file"):
        MultimodalDataset(parse([str(experiment)]))
    np.savez(data / "bad.scaler.npz", mean=np.array([Malicious(trace)], dtype=object), scale=np.ones(1))
    with pytest.raises(ValueError, match=r"bad\.scaler\.npz is not an npz of plain arrays: mean\.npy holds objects"):
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


SOUND = Feature("audio_20", "audio_20", "audio", 20.0, (), ("x",), (1,), ("x",))
READERS: dict[str, Callable[[Path], Any]] = {
    "a scaler": Scaler.load,
    "a projection": Projection.load,
    "moments": SecondMoments.load,
    "an encoder of poses": PoseEncoder.load,
    "a body": read_arrays,
    "features": lambda path: read_feature(Recording("s", None, {}, path), Window("audio_20", 1, 4), SOUND),
}
FAULTS = {
    "the header of .* tells of 8000000000000 bytes, 8 are there": ("<f8", 10**12, 1),
    "unpacks to .* bytes, more than": ("<f8", 3 * 10**6, 3 * 10**6),
    "holds objects": ("|O", 1, 1),
    "not a zip file": ("<f8", 1, 1),
}
"""What is said of arrays -> their type, how many of them the header tells of, and how many are there."""


@pytest.fixture(scope="module", params=FAULTS)
def faulty(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What is wrong with an npz, and the npz."""
    dtype, told, there = FAULTS[request.param]
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': ({told},), }}".ljust(117) + "\n"
    content = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + bytes(8 * there)
    path = tmp_path_factory.mktemp("faulty") / "bad.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("count", "mean", "X"):
            archive.writestr(f"{name}.npy", content)
    if "zip" in request.param:
        path.write_bytes(path.read_bytes()[:-30])
    return request.param, path


@pytest.mark.parametrize("reader", READERS)
def test_archives_that_promise_more_than_there_is_are_refused(reader: str, faulty: tuple[str, Path]) -> None:
    message, path = faulty
    with pytest.raises(ValueError, match=rf"bad\.npz is no.*{message}"):
        READERS[reader](path)


@pytest.mark.parametrize("reader", list(READERS)[:4])
def test_an_archive_without_an_array_is_named_with_it(reader: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "bad.npz", median=np.ones(1))
    with pytest.raises(ValueError, match=r"bad\.npz has no array (mean|count), there are: median"):
        READERS[reader](tmp_path / "bad.npz")


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
