"""Windows of systems that gesture to speech: previous poses, sound with its context, lists of words."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from feature_extraction.extract import extract
from feature_extraction.feature import Feature
from feature_extraction.recipe import parse_recipe
from inference.sampler import autoregress
from models import create_model
from models.windows import Window
from tests.feature_extraction.small_corpus import add_pair
from tests.models.test_models_contract import options as model_options
from tests.training.datasets.test_multimodal_dataset import options
from training.datasets.multimodal_dataset import MultimodalDataset
from training.payload import seed_motion
from training.word_vectors import begin_with_vectors

POSE, SOUND, AROUND, SAID = "pose_cr_scaled_20", "sound_scaled_20", "around_20", "said_20"
RECIPE = {
    "fps": 20,
    "features": {
        "pose": {
            "source": "motion",
            "extractors": [{"name": "expmap", "joints": "all"}],
            "remove_constants": True,
            "scale": "maximum",
        },
        "sound": {"source": "audio", "extractors": [{"name": "mel", "n_mels": 4}], "scale": "maximum"},
        "around": {"source": "text", "extractors": [{"name": "word_context", "margin_s": 0.5}]},
        "said": {"source": "text", "extractors": [{"name": "word_tokens"}]},
    },
}
WORDS = (("so", 0.1, 0.3), ("left", 0.35, 0.6), ("right", 0.9, 1.2), ("so", 1.5, 1.7))
PREVIOUS, PREDICTED = 10, 20


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("talks")
    for seed in range(3):
        add_pair(folder, f"talk_{seed}", seed)
        words = [{"word": word, "start_time": f"{start}s", "end_time": f"{end}s"} for word, start, end in WORDS]
        (folder / f"talk_{seed}.json").write_text(json.dumps([{"alternatives": [{"words": words}]}]))
    (folder / "glove.txt").write_text("".join(f"{word} {value} {value + 1}\n" for word, value in (("so", 2), ("a", 5))))
    report = extract(folder, parse_recipe("talks", RECIPE), test_regex="talk_2", val_regex="talk_1", jobs=1)
    assert not report.failed
    return folder


def dataset(folder: Path, split: str = "train", **given: Any) -> MultimodalDataset:
    wanted: dict[str, Any] = {
        "input_modalities": f"{POSE},{SOUND},{AROUND}",
        "output_modalities": POSE,
        "input_lengths": f"{PREVIOUS},{PREDICTED + 60},{PREDICTED}",
        "input_time_offsets": f"-{PREVIOUS},-30,0",
        "input_padding": "mean,silence,silence",
        "output_lengths": str(PREDICTED),
        "output_time_offsets": "0",
    }
    opt = options(folder, **(wanted | given))
    vars(opt).update({name: int(getattr(opt, name)) for name in ("stride", "predicted_poses", "previous_poses")})
    return MultimodalDataset(opt, split)


@pytest.mark.parametrize("stride", [1, 3, 20])
def test_windows_begin_at_each_stride_as_in_the_published_system(corpus: Path, stride: int) -> None:
    data = dataset(corpus, stride=stride)
    pose = data.sequence("talk_0")[POSE]
    assert len(data) == (len(pose) - PREDICTED + stride) // stride
    for place in range(len(data)):
        first = place * stride
        np.testing.assert_array_equal(data[place][f"out_{POSE}"].numpy(), pose[first : first + PREDICTED])


@pytest.mark.parametrize("setting", ["prev10_pred20_stride20", "prev10_pred20_stride5", "prev4_pred6_stride3"])
def test_windows_are_those_of_the_published_data_set(parity: Path, tmp_path: Path, setting: str) -> None:
    """But where a window's previous poses are partly there: all of them were replaced by the mean pose."""
    stored = np.load(parity / "text" / "context.npz", allow_pickle=False)
    expected = {name: stored[f"dataset_{setting}/{name}"] for name in ("len", "first_frame", "prev_first_frame")}
    previous, predicted, stride = (int("".join(filter(str.isdigit, part))) for part in setting.split("_"))
    numbers = np.arange(1, len(stored["frame_tokens"]) + 1, dtype=np.float32)[:, None]
    np.save(tmp_path / "a.pose.npy", numbers)
    (tmp_path / "base_filenames_train.txt").write_text("a")
    given = {"input_modalities": "pose", "output_modalities": "pose", "input_padding": "mean"}
    given |= {"input_lengths": "5", "input_time_offsets": "-5", "output_lengths": "7", "output_time_offsets": "0"}
    data = dataset(tmp_path, **given, stride=stride, predicted_poses=predicted, previous_poses=previous)
    assert len(data) == expected["len"]
    batch = data.__getitems__(range(len(data)))
    np.testing.assert_array_equal(batch["out_pose"][:, 0, 0].numpy() - 1, expected["first_frame"])
    whole = expected["first_frame"] >= previous
    np.testing.assert_array_equal(batch["in_pose"][whole, 0, 0].numpy() - 1, expected["prev_first_frame"][whole])
    torch.testing.assert_close(batch["in_pose"][0], torch.full((previous, 1), float(numbers.mean())))


def test_the_mean_pose_stands_before_a_sequence(corpus: Path) -> None:
    data = dataset(corpus, "val")
    pose = data.sequence("talk_1")[POSE]
    first, later = data[0][f"in_{POSE}"].numpy(), data[4][f"in_{POSE}"].numpy()
    np.testing.assert_array_equal(first, np.zeros((PREVIOUS, pose.shape[1])))
    np.testing.assert_array_equal(later, np.concatenate([np.zeros((PREVIOUS - 4, pose.shape[1])), pose[:4]]))


def test_words_are_lists_of_ids_as_long_as_the_longest(corpus: Path) -> None:
    data = dataset(corpus, "val")
    words = data.inputs[2]
    assert (words.discrete, words.num_tokens, words.columns, words.width) == (True, 5, 2, 2)
    assert Feature.load(corpus, AROUND).words == ("so", "left", "right")
    found = data[0][f"in_{AROUND}"]
    assert (found.dtype, found.shape) == (torch.int64, (PREDICTED, 2))
    assert found[0].tolist() == [2, 0]
    assert found[12].tolist() == [2, 3]  # 0.1 to 1.1 s
    np.testing.assert_array_equal(data[3][f"in_{AROUND}"].numpy(), data.sequence("talk_1")[AROUND][3:23])


def test_other_numbers_of_poses_move_the_windows_that_span_them(corpus: Path) -> None:
    data = dataset(corpus, predicted_poses=8, previous_poses=4)
    assert [(each.offset, each.length) for each in data.inputs] == [(-4, 4), (-30, 68), (0, 8)]
    assert [(each.offset, each.length) for each in data.outputs] == [(0, 8)]


def test_previous_poses_of_what_is_not_read_are_refused(corpus: Path) -> None:
    with pytest.raises(ValueError, match="--previous_poses: no input is an output"):
        dataset(corpus, input_modalities=f"{SOUND},{AROUND},{SAID}", previous_poses=4)


def test_vectors_begin_the_embedding_of_words(corpus: Path, tmp_path: Path) -> None:
    given = {"input_modalities": f"{POSE},{SOUND},{SAID}", "embedding": str(corpus / "glove.txt")}
    data = dataset(corpus, **given)
    assert data.inputs[2].dim == 2
    table = data.token_vectors[SAID]
    assert table[:3].tolist() == [[0, 0], [1, 1], [2, 3]]
    assert (np.abs(table[3:]) < 1).all()
    for name in ("moglow", "transformer"):
        model = create_model(model_options(name, tmp_path, dhid=16, nhead=2), *_spanning(data))
        begin_with_vectors(model, data.token_vectors)
        assert any(torch.equal(value, torch.from_numpy(table)) for value in model.state_dict().values())


@pytest.mark.parametrize("name", ["moglow", "transformer"])
def test_vectors_are_for_features_with_a_dot_in_their_name_too(name: str, tmp_path: Path) -> None:
    inputs = (Window("poses", 3, 8), Window("word_tokens_29.97", 2, 8, discrete=True, num_tokens=5))
    options = model_options(name, tmp_path, dhid=16, nhead=2)
    model = create_model(options, inputs, (Window("poses", 3, 1, offset=8),))
    table = np.arange(10, dtype=np.float32).reshape(5, 2)
    begin_with_vectors(model, {"word_tokens_29.97": table})
    assert any(torch.equal(value, torch.from_numpy(table)) for value in model.state_dict().values())


def _spanning(data: MultimodalDataset) -> tuple[tuple[Window, ...], tuple[Window, ...]]:
    """Windows of the data set's modalities that all models take."""
    inputs = tuple(Window(each.modality, each.dim, 12, 0, each.discrete, each.num_tokens) for each in data.inputs)
    return inputs, (Window(POSE, data.outputs[0].dim, 2, 12),)


def test_vectors_that_know_no_word_are_refused(corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("zebra 1 2\n")
    with pytest.raises(ValueError, match=r"--embedding .*other\.txt has a vector for no word"):
        dataset(corpus, embedding=str(tmp_path / "other.txt"))


def test_a_dance_model_reads_words_and_goes_on_past_the_last_one(corpus: Path, tmp_path: Path) -> None:
    """The tail of a recording has no word any more, and begins with the mean pose, as in training."""
    data = dataset(
        corpus,
        input_modalities=f"{POSE},{SAID}",
        input_lengths=f"{PREVIOUS},{PREDICTED}",
        input_time_offsets=f"-{PREVIOUS},0",
        input_padding="mean,silence",
    )
    model = create_model(model_options("transformer", tmp_path, dhid=16, nhead=2), data.inputs, data.outputs)
    assert set(model.losses(data.__getitems__([0, 5]))) == {"loss"}
    assert seed_motion(model, data) == {POSE: [[0.0] * data.outputs[0].dim] * PREVIOUS}
    words = np.array(data.sequence("talk_0")[SAID])
    made = autoregress(model, {SAID: words}, frames=len(words), frames_per_step=PREDICTED)[POSE]
    padded = np.concatenate([words, np.zeros((PREDICTED, 1), np.int64)])
    same = autoregress(model, {SAID: padded}, frames=len(padded), frames_per_step=PREDICTED)[POSE]
    assert len(made) == len(words)
    torch.testing.assert_close(made, same[: len(words)])
