"""The whole way of the quickstart on three songs: extraction, training, clips, a dance with its sound."""

from pathlib import Path

import pytest

from data import demo_songs
from data.demo_corpus import write_song
from feature_extraction.motion.bvh import read_bvh
from training.run import Run
from training.train import main

SMALL = [
    "--dhid",
    "16",
    "--dhid_flow",
    "16",
    "--nlayers",
    "1",
    "--num_train_samples",
    "64",
    "--max_epochs",
    "1",
    "--no-enable_progress_bar",
]


@pytest.mark.slow
def test_the_quickstart_ends_with_a_dance(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inference.generate.home", lambda: tmp_path)
    songs = demo_songs.compose(0)[:3]
    (tmp_path / "dance").mkdir()
    for song, split in zip(songs, ("train", "val", "test"), strict=True):
        write_song(song, tmp_path / "dance")
        (tmp_path / "dance" / f"base_filenames_{split}.txt").write_text(f"{song.id}\n")
    given = ["quickstart", "--data_dir", str(tmp_path / "dance"), "--experiments_dir", str(tmp_path / "runs")]
    assert main([*given, "--corpus", "", "--sample_every_n_epochs", "1", *SMALL]) == 0
    run = Run(tmp_path / "runs" / "quickstart")
    assert run.state == "finished"
    assert sorted(path.suffix for path in run.features.iterdir()) == [".json", ".json", ".npz", ".npz"]
    assert _pictures(run)
    printed = [line.split()[-1] for line in capsys.readouterr().out.splitlines()]
    (bvh,) = (Path(path) for path in printed if path.endswith(".bvh"))
    (mp4,) = (Path(path) for path in printed if path.endswith(".mp4"))
    assert read_bvh(bvh).duration_s == pytest.approx(demo_songs.DURATION_S, abs=0.1)
    assert mp4.stat().st_size > 10_000


def _pictures(run: Run) -> list[str]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    return EventAccumulator(str(next(run.folder.glob("events.*")))).Reload().Tags()["images"]
