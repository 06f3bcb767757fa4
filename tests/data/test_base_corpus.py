"""Making a corpus: once, whole, never over other files."""

from pathlib import Path

import pytest

import registry
from data import make
from data.base_corpus import MARKER, BaseCorpus


class WordsCorpus(BaseCorpus):
    last_file = "last.txt"

    def __init__(self, fails: bool = False):
        self.fails = fails
        self.written: list[str] = []

    def write(self, directory: Path, *, seed: int, jobs: int, progress: bool) -> None:
        for name in ("first.txt", self.last_file):
            if not (directory / name).exists():
                (directory / name).write_text(f"{name} {seed}")
                self.written.append(name)
            if self.fails:
                raise KeyboardInterrupt


def test_a_complete_corpus_is_not_made_again(tmp_path: Path) -> None:
    WordsCorpus().make(tmp_path / "words")
    again = WordsCorpus()
    assert again.make(tmp_path / "words") == tmp_path / "words"
    assert again.written == []


def test_an_interrupted_corpus_goes_on_where_it_stopped(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        WordsCorpus(fails=True).make(tmp_path)
    again = WordsCorpus()
    again.make(tmp_path)
    assert again.written == ["last.txt"]


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ValueError, match=r"not empty .*mine\.txt"):
        WordsCorpus().make(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_corpus_of_another_seed_is_refused(tmp_path: Path) -> None:
    WordsCorpus().make(tmp_path, seed=1)
    with pytest.raises(ValueError, match=r"seed 1, not .* seed 2"):
        WordsCorpus().make(tmp_path, seed=2)
    assert (tmp_path / "last.txt").read_text() == "last.txt 1"


def test_what_a_killed_run_left_does_not_stop_the_next(tmp_path: Path) -> None:
    (tmp_path / ".terpsichore-tmp-0123456789abcdef.json").write_text("{")
    WordsCorpus().make(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [MARKER, "first.txt", "last.txt"]


def test_make_without_a_name_lists_the_corpora(capsys: pytest.CaptureFixture[str]) -> None:
    assert make.main([]) == 0
    assert "demo" in capsys.readouterr().out.split()


def test_make_makes_a_plugin_corpus_and_prints_its_folders(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "_plugin_dirs", [])
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "tiny_corpus.py").write_text(
        "from data.base_corpus import BaseCorpus\n"
        "class TinyCorpus(BaseCorpus):\n"
        "    parts, last_file = ('songs',), 'songs'\n"
        "    def write(self, directory, *, seed, jobs, progress):\n"
        "        (directory / 'songs').mkdir()\n"
    )
    made = tmp_path / "made"
    assert make.main(["tiny", str(made), "--plugin_dir", str(tmp_path / "plugins")]) == 0
    assert capsys.readouterr().out.split() == [str(made / "songs")]


def test_make_refuses_an_unknown_corpus_and_a_negative_seed(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="did you mean demo"):
        make.main(["dmo", str(tmp_path)])
    with pytest.raises(ValueError, match="--seed"):
        make.main(["demo", str(tmp_path), "--seed", "-1"])
