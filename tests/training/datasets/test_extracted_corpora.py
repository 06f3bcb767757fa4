"""What extraction makes is what the data set wants: context of silence, mirror images, labels, tokens."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from feature_extraction.extract import extract
from feature_extraction.feature import Feature
from feature_extraction.mirroring import mirrored_id
from feature_extraction.recipe import parse_recipe
from feature_extraction.store import feature_path, load_array, read_split
from tests.feature_extraction.small_corpus import add_pair
from tests.training.datasets.test_multimodal_dataset import options
from training.datasets.multimodal_dataset import MultimodalDataset

MOTION, SOUND = "pose_cr_scaled_20", "sound_scaled_20"
RECIPE = {
    "fps": 20,
    "features": {
        "pose": {
            "source": "motion",
            "extractors": [{"name": "expmap", "joints": "all"}],
            "remove_constants": True,
            "scale": "maximum",
            "mirror": True,
        },
        "sound": {"source": "audio", "extractors": [{"name": "mel", "n_mels": 8}], "scale": "maximum"},
        "style": {"source": "label", "extractors": [{"name": "label"}]},
        "words": {"source": "text", "extractors": [{"name": "word_tokens"}]},
    },
}
WORDS = [{"alternatives": [{"words": [{"word": "left", "start_time": "0.3s", "end_time": "0.9s"}]}]}]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    for seed, sequence_id in enumerate(["waltz_0", "waltz_1", "tango_0", "tango_1", "tango_2"]):
        add_pair(folder, sequence_id, seed)
        (folder / f"{sequence_id}.json").write_text(json.dumps(WORDS))
    report = extract(folder, parse_recipe("all", RECIPE), test_regex="waltz_1", val_regex="tango_1", jobs=1)
    assert not report.failed
    return folder


def dataset(folder: Path, split: str = "train", **given: Any) -> MultimodalDataset:
    wanted = {
        "input_modalities": SOUND,
        "output_modalities": MOTION,
        "input_lengths": "61",
        "input_time_offsets": "-30",
        "input_padding": "silence",
        "output_lengths": "1",
        "output_time_offsets": "0",
    }
    return MultimodalDataset(options(folder, **(wanted | given)), split)


def test_each_frame_has_its_context_and_silence_stands_around_the_sequence(corpus: Path) -> None:
    data = dataset(corpus, "test")
    sound = load_array(feature_path(corpus, "waltz_1", SOUND))
    around = np.tile(Feature.load(corpus, SOUND).silence(), (30, 1))
    on_disk = np.lib.stride_tricks.sliding_window_view(np.concatenate([around, sound, around]), 61, axis=0)
    assert len(data) == len(sound) == 40
    batch = data.__getitems__(range(40))
    np.testing.assert_array_equal(batch[f"in_{SOUND}"].numpy(), on_disk.transpose(0, 2, 1))
    np.testing.assert_array_equal(batch[f"out_{MOTION}"][:, 0].numpy(), data.sequence("waltz_1")[MOTION])


def test_only_sound_has_silence(corpus: Path) -> None:
    with pytest.raises(ValueError, match="no silence"):
        dataset(corpus, input_modalities=MOTION)


def test_training_has_the_mirror_images_with_the_originals_sound(corpus: Path) -> None:
    train = read_split(corpus, "train")
    data = dataset(
        corpus,
        input_modalities=f"{SOUND},style_20",
        input_fix_length_types="end,single",
        input_lengths="61,1",
        input_time_offsets="-30,0",
        input_padding="silence,none",
        input_types="c,d",
        input_num_tokens="0,2",
    )
    assert list(data.sequence_ids) == [*train, *map(mirrored_id, train)]
    for name in train:
        image, original = data.sequence(mirrored_id(name)), data.sequence(name)
        np.testing.assert_array_equal(image[SOUND], original[SOUND])
        np.testing.assert_array_equal(image["style_20"], original["style_20"])
        assert np.abs(image[MOTION] - original[MOTION]).max() > 0.1
        assert not feature_path(corpus, mirrored_id(name), SOUND).exists()
    assert len(dataset(corpus, use_mirrored=False)) * 2 == len(data)


@pytest.mark.parametrize("split", ["val", "test"])
def test_nothing_else_has_mirror_images(corpus: Path, split: str) -> None:
    data = dataset(corpus, split)
    assert list(data.sequence_ids) == read_split(corpus, split)
    assert not list(corpus.glob(f"{mirrored_id(data.sequence_ids[0])}.*"))


def test_a_motion_that_is_not_mirrored_is_not_taken_for_a_mirror_image(corpus: Path) -> None:
    position = {"pose2": RECIPE["features"]["pose"] | {"mirror": False}}
    extract(corpus, parse_recipe("more", {"fps": 20, "features": position}), jobs=1)
    both = dataset(corpus, output_modalities=f"{MOTION},pose2_cr_scaled_20")
    assert list(both.sequence_ids) == read_split(corpus, "train")


def test_labels_and_tokens_are_discrete_windows(corpus: Path) -> None:
    data = dataset(
        corpus,
        "test",
        input_modalities="style_20,words_20",
        input_lengths="1,10",
        input_types="d",
        input_time_offsets="0",
        input_num_tokens="2,3",
        input_fix_length_types="single,end",
        input_padding="none",
    )
    batch = data.__getitems__([0])
    assert batch["in_style_20"].tolist() == [[[1]]]
    assert batch["in_words_20"].flatten().tolist() == [0] * 6 + [2] * 4
