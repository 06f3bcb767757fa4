"""The windows of the multimodal data set: which, from where, and what happens to faulty corpora."""

import argparse
import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from training.datasets.multimodal_dataset import MultimodalDataset

REFERENCE_FAULTS = {"mixed_lengths_offsets", "negative_output_offset"}


def options(data_dir: Path, **given: Any) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    MultimodalDataset.modify_commandline_options(parser)
    opt = parser.parse_args([])
    opt.data_dir = str(data_dir)
    vars(opt).update({key: str(value) if type(value) in (int, float) else value for key, value in given.items()})
    opt.num_train_samples = int(opt.num_train_samples)
    return opt


def write_corpus(folder: Path, lengths: dict[str, int], dims: dict[str, int], seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    arrays = {
        name: {modality: rng.standard_normal((frames, dim)).astype(np.float32) for modality, dim in dims.items()}
        for name, frames in lengths.items()
    }
    for name, modalities in arrays.items():
        for modality, array in modalities.items():
            np.save(folder / f"{name}.{modality}.npy", array)
    (folder / "base_filenames_train.txt").write_text("\n".join(lengths))
    return arrays


def dance_options(folder: Path, **given: Any) -> argparse.Namespace:
    wanted = {
        "input_modalities": "motion,audio",
        "output_modalities": "motion",
        "input_lengths": "12,14",
        "output_lengths": "3",
        "output_time_offsets": "12",
    }
    return options(folder, **(wanted | given))


@pytest.fixture
def dance(tmp_path: Path) -> Path:
    write_corpus(tmp_path, {"a": 40, "b": 16, "c": 31}, {"motion": 3, "audio": 2})
    return tmp_path


@pytest.fixture(scope="module")
def reference(parity: Path) -> tuple[Any, dict[str, Any]]:
    content = np.load(parity / "dataset" / "multimodal.npz", allow_pickle=False)
    return content, json.loads(str(content["meta_json"]))


@pytest.mark.parametrize(
    "setting",
    [
        "transflower",
        "transflower_1out",
        "moglow",
        "audio_offset",
        "audio_only_future",
        "long_window",
        "exactly_full",
        "label",
        "fix_lengths_end",
        "mixed_lengths_offsets",
        "negative_output_offset",
    ],
)
def test_items_agree_with_the_reference_where_it_is_right(
    setting: str, reference: tuple[Any, dict[str, Any]], tmp_path: Path
) -> None:
    content, meta = reference
    assert set(meta["settings"]) == {
        "transflower", "transflower_1out", "moglow", "audio_offset", "audio_only_future", "long_window",
        "exactly_full", "label", "fix_lengths_end", *REFERENCE_FAULTS,
    }  # fmt: skip
    expected = meta["settings"][setting]
    for name in meta["base_filenames"]:
        for modality in ("motion", "audio", "label"):
            key = f"seq/{name}/{modality}"
            if setting == "fix_lengths_end" and f"seq_fix/{name}/{modality}" in content:
                key = f"seq_fix/{name}/{modality}"
            np.save(tmp_path / f"{name}.{modality}.npy", content[key])
    (tmp_path / "base_filenames_train.txt").write_text("\n".join(meta["base_filenames"]))
    given = {key: value for key, value in expected["options"].items() if value is not None}
    opt = options(tmp_path, **given)
    opt.fix_lengths = bool(expected["options"]["fix_lengths"])
    dataset = MultimodalDataset(opt)
    if setting in REFERENCE_FAULTS:
        _check_by_definition(dataset, content, expected["options"])
        return
    assert len(dataset) == expected["len"]
    assert list(dataset.sequence_ids) == expected["sequences"]
    for index in expected["indices"]:
        item = dataset[index]
        stored = {key.split("/")[-1]: content[key] for key in content.files if key.startswith(f"{setting}/{index}/")}
        assert set(item) == set(stored)
        for key, values in stored.items():
            assert item[key].numpy().dtype == values.dtype
            np.testing.assert_array_equal(item[key].numpy(), values)


def _check_by_definition(dataset: MultimodalDataset, content: Any, opt: dict[str, Any]) -> None:
    """Every t at which all windows lie inside the sequence, in order, none else."""
    lengths = [int(each) for each in opt["input_lengths"].split(",")]
    offsets = [int(each) for each in opt["input_time_offsets"].split(",")]
    offsets = offsets * 2 if len(offsets) == 1 else offsets
    spans = {"in_motion": (offsets[0], lengths[0]), "in_audio": (offsets[1], lengths[1])}
    spans["out_motion"] = (int(opt["output_time_offsets"]), int(opt["output_lengths"]))
    index = 0
    for name in ("seq0", "seq1", "seq2"):
        arrays = {modality: content[f"seq/{name}/{modality}"] for modality in ("motion", "audio")}
        frames = len(arrays["motion"])
        for t in range(frames):
            if any(t + start < 0 or t + start + length > frames for start, length in spans.values()):
                continue
            item = dataset[index]
            for key, (start, length) in spans.items():
                values = arrays[key.split("_")[1]][t + start : t + start + length]
                np.testing.assert_array_equal(item[key].numpy(), values)
            index += 1
    assert index == len(dataset)


def test_a_batch_holds_its_items_in_order(dance: Path) -> None:
    dataset = MultimodalDataset(dance_options(dance))
    order = np.random.default_rng(3).permutation(len(dataset))[:17].tolist()
    batch = dataset.__getitems__(order)
    items = [dataset[index] for index in order]
    for key, values in batch.items():
        assert torch.equal(values, torch.stack([item[key] for item in items]))


def test_a_batch_that_is_kept_keeps_its_contents(dance: Path) -> None:
    dataset = MultimodalDataset(dance_options(dance))
    indices = list(range(8))
    kept = dataset.__getitems__(indices)["out_motion"]
    before = kept.clone()
    for start in range(20):
        dataset.__getitems__(list(range(start, start + 8)))
    assert torch.equal(kept, before)


def test_the_memory_of_a_batch_that_is_dropped_is_used_again(dance: Path) -> None:
    dataset = MultimodalDataset(dance_options(dance))
    addresses = {dataset.__getitems__([start, start + 1])["in_motion"].data_ptr() for start in range(30)}
    assert len(addresses) == 1


def test_worker_processes_give_the_same_batches(dance: Path) -> None:
    dataset = MultimodalDataset(dance_options(dance))
    loaders = [
        torch.utils.data.DataLoader(
            dataset, batch_size=4, collate_fn=lambda batch: batch, num_workers=workers, multiprocessing_context=context
        )
        for workers, context in ((0, None), (2, "fork"))
    ]
    kept = [list(loader) for loader in loaders]
    for alone, sent in zip(*kept, strict=True):
        assert all(torch.equal(alone[key], sent[key]) for key in alone)


def test_a_data_set_sent_to_another_process_carries_no_arrays(dance: Path) -> None:
    build, arguments = MultimodalDataset(dance_options(dance)).__reduce__()
    assert torch.equal(build(*arguments)[3]["in_audio"], MultimodalDataset(dance_options(dance))[3]["in_audio"])
    assert arguments[1] == "train"
    assert not any(isinstance(value, np.ndarray | torch.Tensor) for value in vars(arguments[0]).values())


def test_dimensions_are_read_from_the_files(dance: Path) -> None:
    dataset = MultimodalDataset(dance_options(dance))
    assert [window.dim for window in (*dataset.inputs, *dataset.outputs)] == [3, 2, 3]


def test_noise_is_the_input_windows_own(dance: Path) -> None:
    dataset = MultimodalDataset(dance_options(dance, input_noise="0.5,0"))
    assert [window.noise for window in (*dataset.inputs, *dataset.outputs)] == [0.5, 0.0, 0.0]


def test_one_number_serves_all_modalities(dance: Path) -> None:
    dataset = MultimodalDataset(dance_options(dance, input_lengths="9", input_time_offsets="2"))
    assert [(window.length, window.offset) for window in dataset.inputs] == [(9, 2), (9, 2)]


def test_short_sequences_are_left_out_with_one_line(dance: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        dataset = MultimodalDataset(dance_options(dance, input_lengths="20,24", output_time_offsets="20"))
    assert dataset.sequence_ids == ("a", "c")
    assert [record.getMessage() for record in caplog.records] == [
        "1 of 3 train sequences are too short for a window: b"
    ]


def test_too_long_windows_are_refused_with_both_lengths(dance: Path) -> None:
    with pytest.raises(ValueError, match=r"longest has 40 frames.*need 75"):
        MultimodalDataset(dance_options(dance, input_lengths="12,75"))


def test_a_sequence_without_a_modality_is_named_and_left_out(dance: Path, caplog: pytest.LogCaptureFixture) -> None:
    (dance / "c.audio.npy").unlink()
    with caplog.at_level(logging.WARNING):
        assert MultimodalDataset(dance_options(dance)).sequence_ids == ("a", "b")
    assert caplog.messages == ["1 of 3 sequences have no audio: c"]


def test_a_wrong_modality_name_gets_the_nearest_one(dance: Path) -> None:
    with pytest.raises(LookupError, match=r"no audoi .*is audio meant\?"):
        MultimodalDataset(dance_options(dance, input_modalities="motion,audoi"))


def test_unequal_lengths_are_refused_naming_both_files(dance: Path) -> None:
    np.save(dance / "b.audio.npy", np.zeros((18, 2), np.float32))
    with pytest.raises(ValueError, match=r"b\.audio\.npy has 18 frames, b\.motion\.npy has 16; .*--fix_lengths"):
        MultimodalDataset(dance_options(dance))


@pytest.mark.parametrize(("cut", "kept"), [("end", slice(0, 16)), ("beg", slice(2, 18))])
def test_fix_lengths_cuts_the_named_end_and_leaves_the_files_alone(dance: Path, cut: str, kept: slice) -> None:
    long = np.random.default_rng(1).standard_normal((18, 2)).astype(np.float32)
    np.save(dance / "b.audio.npy", long)
    before = {path.name: path.read_bytes() for path in dance.iterdir()}
    opt = dance_options(dance, input_fix_length_types=f"end,{cut}")
    opt.fix_lengths = True
    dataset = MultimodalDataset(opt)
    np.testing.assert_array_equal(dataset.sequence("b")["audio"], long[kept])
    assert len(dataset.sequence("b")["motion"]) == 16
    assert {path.name: path.read_bytes() for path in dance.iterdir()} == before


def test_a_number_of_training_samples_is_spread_over_all_windows(dance: Path) -> None:
    whole = MultimodalDataset(dance_options(dance))
    part = MultimodalDataset(dance_options(dance, num_train_samples=5))
    assert len(part) == 5
    assert torch.equal(part[0]["in_motion"], whole[0]["in_motion"])
    assert torch.equal(part[4]["in_motion"], whole[len(whole) - 1]["in_motion"])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"input_modalities": ""}, "--input_modalities names no feature"),
        ({"input_modalities": "motion,motion"}, "--input_modalities motion,motion names a feature twice"),
        ({"input_lengths": "12,14,16"}, "--input_lengths 12,14,16 has 3 values for 2 modalities"),
        ({"input_lengths": "12,x"}, "--input_lengths is '12,x', which is not a whole number"),
        ({"input_lengths": "0"}, "--input_lengths is '0'"),
        ({"input_types": "c,e"}, "--input_types is 'c,e', which is not c or d"),
        ({"input_types": "c,d"}, "--input_num_tokens is 0 for audio"),
        ({"input_fix_length_types": "start"}, "--input_fix_length_types is 'start', which is not end or beg or single"),
        ({"dins": "3,7"}, "has 2 columns, --dins says 7"),
        ({"input_noise": "-1,0"}, "--input_noise is '-1,0', which is not a number from 0 upwards"),
    ],
)
def test_a_mistake_in_the_windows_names_its_option(dance: Path, given: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("'", ".")):
        MultimodalDataset(dance_options(dance, **given))


def test_tokens_beyond_the_table_are_refused(dance: Path) -> None:
    for name, token in {"a": 3, "b": 20, "c": 0}.items():
        np.save(dance / f"{name}.label.npy", np.array([token]))
    given = {
        "input_modalities": "label,motion,audio",
        "input_lengths": "1,12,14",
        "input_types": "d,c,c",
        "input_num_tokens": "20,0,0",
        "input_fix_length_types": "single,end,end",
    }
    with pytest.raises(ValueError, match=r"b\.label\.npy holds tokens 20 to 20; --input_num_tokens allows 0 to 19"):
        MultimodalDataset(dance_options(dance, **given))


def test_words_beyond_the_table_are_refused_where_they_are_read(dance: Path) -> None:
    for name in "abc":
        words = np.zeros((len(np.load(dance / f"{name}.motion.npy")), 2), np.int64)
        words[0, 1] = {"a": 3, "b": 20, "c": 0}[name]
        np.save(dance / f"{name}.words.npy", words)
    given = {"input_modalities": "words,motion,audio", "input_lengths": "6,12,14", "input_types": "d,c,c"}
    dataset = MultimodalDataset(dance_options(dance, **given, input_num_tokens="20,0,0"))
    items = [index for index in range(len(dataset)) if dataset.place(index)[0] == "b"]
    assert len(dataset.__getitems__(items[-1:])["in_words"]) == 1
    message = r"b\.words\.npy holds tokens 0 to 20; --input_num_tokens allows 0 to 19"
    with pytest.raises(ValueError, match=message):
        dataset.__getitems__([0, items[0]])
    with pytest.raises(ValueError, match=message):
        dataset.preload(torch.device("cpu"))


def test_the_last_name_of_a_list_without_final_newline_counts(dance: Path) -> None:
    assert "c" in MultimodalDataset(dance_options(dance)).sequence_ids


def test_anonymous_memory_does_not_grow_with_the_corpus(tmp_path: Path) -> None:
    megabytes = {}
    for sequences in (4, 60):
        folder = tmp_path / str(sequences)
        folder.mkdir()
        write_corpus(folder, {f"s{place}": 2000 for place in range(sequences)}, {"motion": 67, "audio": 85})
        before = _anonymous_mb()
        dataset = MultimodalDataset(dance_options(folder))
        rng = np.random.default_rng(0)
        for _ in range(100):
            dataset.__getitems__(rng.integers(0, len(dataset), 64).tolist())
        megabytes[sequences] = _anonymous_mb() - before
    assert megabytes[60] < megabytes[4] + 4, megabytes  # the larger corpus has 70 MB


def _anonymous_mb() -> float:
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Anonymous:")) / 1024
