"""What the README shows works, section by section, at reduced size."""

import sys
from pathlib import Path

import pytest

from tests.docs.pages import PROJECT, SHELL, Command, blocks, commands, files
from tests.docs.understanding import module_and_arguments
from tests.docs.workplace import make_workplace, reduced, run

README = PROJECT / "README.md"
ELSEWHERE = {
    "Reproduce the study": "hours; tests/analysis run its parts",
    "Run on a cluster": "several GPUs and machines; tests/training/test_processes.py starts two processes",
}
"""Sections that are not run here, and why."""
NOT_RUN = ("./test.sh", "python3", ".venv/bin/pip", ".venv/bin/tensorboard")
"""Programs that would run these tests, change the environment, or never end."""
SECTIONS = [
    heading
    for heading in dict.fromkeys(block.heading for block in blocks(README) if block.language in SHELL)
    if heading not in ELSEWHERE
]

pytestmark = pytest.mark.slow


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
    """Run a command of the README, and see that the files which it says it has written are there."""
    called = module_and_arguments(command)
    assert called is not None
    printed = run(project, reduced(called[0], command.words, project))
    written = [line.split()[-1] for line in printed.splitlines() if line.strip() and "/" in line]
    assert all(
        (project / name).exists()
        for name in written
        if Path(name).suffix in (".bvh", ".mp4", ".html", ".glb", ".gif", ".json", ".csv")
    )


@pytest.mark.parametrize("section", SECTIONS)
def test_the_section_works_as_written(section: str, project: Path) -> None:
    for command in commands(README):
        if command.heading == section and command.words[0] not in NOT_RUN:
            work(command, project)


def test_the_three_lines_of_python_give_motion(project: Path) -> None:
    [share] = [each for each in commands(README) if "inference.share" in each.words]
    work(share, project)
    [block] = [each for each in blocks(README) if each.heading == "Use it in a program"]
    print_it = "print(len(motions), motions[0].frames)"
    printed = run(project, [sys.executable, "-c", f"{block.text}\n{print_it}"])
    assert printed.split() == ["3", "60"]
