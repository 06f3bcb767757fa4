"""What the README shows works, section by section, at reduced size."""

import shutil
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.docs.pages import PROJECT, Command, blocks, commands, files
from tests.docs.reduction import FIRST, reduced
from tests.docs.understanding import PLACEHOLDERS, module_and_arguments
from tests.docs.workplace import make_workplace, run

README = PROJECT / "README.md"
ELSEWHERE = {
    "Use it in a program": "test_the_three_lines_of_python_give_motion_where_the_project_is_installed",
    "Run on a cluster": "several GPUs and machines; tests/training/test_processes.py starts two processes",
}
"""Sections that are tested in another way, and where."""
NOT_RUN = {
    "inference.app": "never ends; tests/inference/test_app.py asks it for motion",
    "models.importers.transflower_lightning": "tests/models/importers make checkpoints like theirs",
    "models.importers.genea": "tests/models/importers make checkpoints like theirs",
}
"""Commands that are not run here, and why."""
FORMS = (".bvh", ".mp4", ".html", ".glb", ".gif", ".json", ".csv")
"""Endings of what is written for people to look at."""
SECTIONS = [each for each in dict.fromkeys(command.heading for command in commands(README)) if each not in ELSEWHERE]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which the quickstart has been run."""
    project = make_workplace(tmp_path_factory.mktemp("workplace"))
    for name, text in files(README).items():
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text(text, encoding="utf-8")
    work(Command("", "", ("./train.sh", "quickstart")), project)
    return project


def work(command: Command, project: Path) -> None:
    """Run a command of the README, and see that it has written what it is there to write."""
    called = module_and_arguments(command)
    if called is None or called[0] in NOT_RUN:
        return
    if "pred.npy" in command.words:
        [made] = project.glob("inference/generated/wordsseq2seq/predicted_mods/*scaled_20.npy")
        shutil.copy(made, project / "pred.npy")
    words = [word for word in (PLACEHOLDERS.get(word, word) for word in command.words) if word is not None]
    printed = run(project, reduced(called[0], words, project))
    paths = [Path(line.split()[-1]) for line in printed.splitlines() if line.strip() and "/" in line]
    written = [path for path in paths if path.suffix in FORMS]
    assert [path for path in written if not (project / path).is_file() or not (project / path).stat().st_size] == []
    endings = {path.suffix for path in written}
    assert endings >= wanted(called[0], words), f"{command} has written {sorted(endings)}"
    assert "--render" not in words or endings == wanted(called[0], words)


def wanted(module: str, words: Sequence[str]) -> set[str]:
    """The endings of the files that a command has to write."""
    if "--render" in words:
        return {f".{form}" for form in words[words.index("--render") + 1].split(",")}
    if module in ("inference.generate", "inference.decode") or [*words] == FIRST:
        return {".bvh", ".mp4"}
    return {".html", ".json", ".csv"} if module == "analysis.evaluate" else set()


@pytest.mark.slow
@pytest.mark.parametrize("section", SECTIONS)
def test_the_section_works_as_written(section: str, project: Path) -> None:
    for command in commands(README):
        if command.heading == section:
            work(command, project)


@pytest.mark.slow
def test_the_three_lines_of_python_give_motion_where_the_project_is_installed(project: Path, tmp_path: Path) -> None:
    [share] = [each for each in commands(README) if "inference.share" in each.words]
    work(share, project)
    shutil.copytree(project / "path/to/model", tmp_path / "path/to/model")
    shutil.copy(project / "song.wav", tmp_path)
    made = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    run(project, [*made, "--wheel-dir", str(tmp_path), "."])
    [wheel] = tmp_path.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "installed")
    [block] = [each for each in blocks(README) if each.heading == "Use it in a program" and each.language == "python"]
    code = f"{block.text}\nprint(len(motions), motions[0].frames)"
    printed = run(tmp_path, [sys.executable, "-c", code], python_path=str(tmp_path / "installed"))
    assert printed.split() == ["3", "60"]


def test_every_command_of_the_readme_belongs_to_a_section() -> None:
    found = list(commands(README))
    assert [str(command) for command in found if command.heading not in {*SECTIONS, *ELSEWHERE}] == []
    assert "" not in SECTIONS
    told = {called[0] for called in map(module_and_arguments, found) if called}
    assert told >= NOT_RUN.keys(), "a command that is not run here is no longer on the page"


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        ("./generate.sh quickstart song.mp3", ""),
        ("./generate.sh quickstart song.mp3", "song.bvh"),
        ("./generate.sh quickstart song.mp3 --render bvh,glb", "song.bvh\nsong.glb\nsong.mp4"),
        ("./generate.sh quickstart song.mp3 --render bvh", "gone.bvh"),
        ("./evaluate.sh quickstart", "table\nresults.json"),
        ("./train.sh quickstart", "curves tensorboard --logdir runs"),
    ],
)
def test_a_command_that_does_not_write_what_it_should_is_found_out(
    words: str, printed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("song.bvh", "song.glb", "song.mp4", "results.json"):
        (tmp_path / name).write_text("something")
    monkeypatch.setattr(sys.modules[__name__], "run", lambda *_: "\n".join(f"./{line}" for line in printed.split("\n")))
    monkeypatch.setattr(sys.modules[__name__], "reduced", lambda _, words, __: words)
    with pytest.raises(AssertionError):
        work(Command("", "", tuple(words.split())), tmp_path)
