"""The command: a checkpoint and a sequence, or a sound file, to files of exactly the sound's length."""

import av
import numpy as np
import pytest
import soundfile

from feature_extraction.motion.bvh import read_bvh
from inference.generate import generate, main
from tests.inference.conftest import CONTEXT, MOTION


@pytest.fixture
def command_line(corpus, checkpoint, tmp_path):
    """The start of a command line, results to a folder of their own."""
    experiments = checkpoint.parents[2]
    return ["tiny", "--experiments_dir", str(experiments), "--output_folder", str(tmp_path / "generated")]


def song(path, seconds, rate=22050, level=0.3):
    times = np.arange(round(seconds * rate)) / rate
    soundfile.write(path, level * np.sin(2 * np.pi * 220 * times), rate)
    return path


def test_a_sequence_of_the_corpus_becomes_arrays_bvh_and_video(command_line, tmp_path, capsys, corpus):
    assert main([command_line[0], "s1", *command_line[1:]]) == 0
    folder = tmp_path / "generated" / "tiny"
    expected = [
        folder / "predicted_mods" / f"s1.{MOTION}.npy",
        folder / "predicted_mods" / "s1.expmap_20.npy",
        folder / "bvh" / "s1.bvh",
        folder / "videos" / "s1.mp4",
    ]
    assert capsys.readouterr().out.split() == [str(path) for path in expected]
    frames = len(np.load(corpus / "s1.sound_20.npy"))
    assert len(np.load(expected[0])) == frames
    motion = read_bvh(expected[2])
    assert (motion.frames, motion.fps) == (frames, 20)
    with av.open(expected[3]) as video:
        assert video.duration / av.time_base == pytest.approx(frames / 20, abs=1e-3)
        assert [stream.type for stream in video.streams] == ["audio", "video"]


@pytest.mark.parametrize("seconds", [0.06, 1.0, 1.52])
def test_a_new_song_alone_gives_one_frame_for_each_of_its_own(checkpoint, tmp_path, seconds):
    path = song(tmp_path / "my song.wav", seconds)
    written = generate(checkpoint, str(path), data_dir=tmp_path / "nowhere", output_folder=tmp_path, render=["bvh"])
    motion = read_bvh(written[-1])
    assert motion.frames == np.ceil(round(seconds * 20, 6))
    assert written[-1].name == "my song.bvh"


def test_raw_sound_in_the_folder_is_enough(checkpoint, corpus, tmp_path):
    song(tmp_path / "fresh.wav", 1.0)
    written = generate(checkpoint, "fresh", data_dir=tmp_path, output_folder=tmp_path / "out", render=[])
    from_path = generate(
        checkpoint, str(tmp_path / "fresh.wav"), data_dir=tmp_path, output_folder=tmp_path / "two", render=[]
    )
    assert np.array_equal(np.load(written[0]), np.load(from_path[0]))


def test_the_bare_checkpoint_file_is_enough(checkpoint, tmp_path):
    alone = tmp_path / "model.ckpt"
    alone.write_bytes(checkpoint.read_bytes())
    path = song(tmp_path / "song.wav", 0.5)
    arguments = ["--checkpoint", str(alone), str(path), "--output_folder", str(tmp_path), "--no-generate_video"]
    assert main(arguments) == 0
    assert (tmp_path / "tiny" / "bvh" / "song.bvh").is_file()


def test_the_same_seed_gives_the_same_motion_in_any_batch(checkpoint, tmp_path):
    path = str(song(tmp_path / "song.wav", 0.5))

    def first(folder, **options):
        return np.load(generate(checkpoint, path, output_folder=tmp_path / folder, render=[], **options)[0])

    np.testing.assert_allclose(first("one"), first("three", num_samples=3), atol=1e-5)


def test_samples_get_files_of_their_own_and_one_video(checkpoint, corpus, tmp_path):
    written = generate(checkpoint, "s0", output_folder=tmp_path, num_samples=2, ground_truth=True, max_length=5, seed=3)
    names = [path.name for path in written if path.suffix != ".npy"]
    assert names == ["s0.sample1.bvh", "s0.sample2.bvh", "s0.mp4"]


def test_keep_seed_shows_the_recorded_beginning(checkpoint, corpus, tmp_path):
    written = generate(checkpoint, "s2", output_folder=tmp_path, keep_seed=True, render=[])
    made, recorded = np.load(written[0]), np.load(corpus / f"s2.{MOTION}.npy")
    np.testing.assert_allclose(made[:CONTEXT], recorded[:CONTEXT], atol=1e-5)
    assert np.abs(made[CONTEXT:] - recorded[CONTEXT : len(made)]).max() > 0.1


def test_seeds_can_come_from_another_sequence(checkpoint, corpus, tmp_path):
    def made(folder, sequence, **options):
        return np.load(generate(checkpoint, sequence, output_folder=tmp_path / folder, render=[], **options)[0])

    own, same, other = made("a", "s1"), made("b", "s1", seeds={MOTION: "s1"}), made("c", "s1", seeds={MOTION: "s2"})
    assert np.array_equal(own, same)
    assert not np.array_equal(own, other)


def test_smoothing_changes_every_file(checkpoint, corpus, tmp_path):
    plain = generate(checkpoint, "s1", output_folder=tmp_path / "plain", render=[])
    smooth = generate(checkpoint, "s1", output_folder=tmp_path / "smooth", render=[], smooth=True)
    assert np.abs(np.diff(np.load(smooth[0]), 2, axis=0)).sum() < np.abs(np.diff(np.load(plain[0]), 2, axis=0)).sum()


def test_a_random_test_sequence_is_taken_when_none_is_named(command_line, corpus, capsys):
    assert main([*command_line, "--no-generate-video"]) == 0
    test_ids = (corpus / "base_filenames_test.txt").read_text().split()
    assert capsys.readouterr().out.splitlines()[-1].rpartition("/")[2].removesuffix(".bvh") in test_ids


def test_silence_is_a_warning(checkpoint, tmp_path, caplog):
    path = song(tmp_path / "quiet.wav", 0.5, level=0.0)
    generate(checkpoint, str(path), output_folder=tmp_path, render=[])
    assert "is silent" in caplog.text


@pytest.mark.parametrize(
    ("sequence", "options", "error", "message"),
    [
        ("s11", {}, LookupError, "did you mean s1"),
        ("gone.wav", {}, FileNotFoundError, "no sound file gone.wav"),
        ("s1", {"render": ["vbh"]}, LookupError, "did you mean bvh"),
        ("s1", {"seeds": {"mood": "s2"}}, ValueError, f"can begin with: {MOTION}"),
        ("s1", {"seeds": {MOTION: "s11"}}, LookupError, "did you mean s1"),
        ("s1", {"frames_per_step": 3}, ValueError, "1 to 2"),
        ("s1", {"device": "abacus"}, ValueError, "--device abacus"),
        ("s1", {"audio_format": "mp3"}, FileNotFoundError, "s1.mp3"),
    ],
)
def test_mistakes_are_named(checkpoint, corpus, tmp_path, sequence, options, error, message):
    with pytest.raises(error, match=message):
        generate(checkpoint, sequence, output_folder=tmp_path, **{"render": [], **options})


def test_sound_that_cannot_be_read_is_named(checkpoint, tmp_path):
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF not sound at all")
    with pytest.raises(ValueError, match=r"broken\.wav"):
        generate(checkpoint, str(broken), output_folder=tmp_path)


def test_sound_shorter_than_a_frame_is_refused(checkpoint, tmp_path):
    with pytest.raises(ValueError, match="less than one frame"):
        generate(checkpoint, str(song(tmp_path / "blip.wav", 0.01)), output_folder=tmp_path)


def test_truth_that_is_not_there_is_named(checkpoint, tmp_path):
    with pytest.raises(FileNotFoundError, match="--teacher_forcing"):
        generate(checkpoint, str(song(tmp_path / "a.wav", 1)), output_folder=tmp_path, teacher_forcing=True)
