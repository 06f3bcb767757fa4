"""environment.sh, with a stub for pip: what it makes, when it does nothing, and how it mends what is broken."""

import os
import shutil
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
TOOLS = ("bash", "cat", "dirname", "flock", "mkdir", "rm", "sed", "touch")

STUB_PIP = """
import os, pathlib, signal, sys
requirements = [pathlib.Path(sys.argv[i + 1]).read_text() for i, word in enumerate(sys.argv) if word == "-r"]
with open(os.environ["PIP_LOG"], "a") as log:
    log.write(" ".join("".join(requirements).split()) + "\\n")
if os.environ.get("PIP") == "interrupted":
    os.killpg(0, signal.SIGKILL)
sys.exit(os.environ.get("PIP") == "failing")
"""

STUB_VENV = """
import pathlib, shutil, sys, venv
venv.create(sys.argv[1], with_pip=False, symlinks=True)
[packages] = pathlib.Path(sys.argv[1]).glob("lib/python*/site-packages")
shutil.copytree(pathlib.Path(__file__).parent / "pip", packages / "pip")
"""

PYPROJECT = """
[project]
name = "x"
[project.optional-dependencies]
dev = ["pytest>=1"]
[tool.x]
setting = 1
"""


class Machine:
    """A project in a folder with a space in its name, and a python3 that makes environments with a stub for pip."""

    def __init__(self, folder: Path):
        self.project, self.bin, self.log = folder / "my project", folder / "bin", folder / "pip.log"
        self.venv = self.project / ".venv"
        for each in (self.project / "training", self.bin, folder / "pip"):
            each.mkdir(parents=True)
        for name in ("environment.sh", "train.sh"):
            shutil.copy(PROJECT / name, self.project)
        self.write("requirements.txt", "some-package==1.0  # pinned\n")
        self.write("pyproject.toml", PYPROJECT)
        self.write("training/train.py", "import sys\nprint(sys.prefix, *sys.argv[1:], sep='|')\n")
        (folder / "pip" / "__main__.py").write_text(STUB_PIP)
        (folder / "pip" / "__init__.py").write_text("")
        (folder / "stub_venv.py").write_text(STUB_VENV)
        for tool in filter(shutil.which, TOOLS):
            (self.bin / tool).symlink_to(str(shutil.which(tool)))
        self.python = f'[ "$1 $2" != "-m venv" ] || exec "{sys.executable}" "{folder}/stub_venv.py" "$3"'
        self.interpreter(self.bin / "python3", self.python)

    def write(self, name: str, text: str) -> None:
        (self.project / name).write_text(text)

    def interpreter(self, path: Path, *special_cases: str) -> Path:
        """Make a program that behaves as this Python but for lines of shell that come first."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(["#!/usr/bin/env bash", *special_cases, f'exec "{sys.executable}" "$@"\n']))
        path.chmod(0o755)
        return path

    def run(self, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a line of shell in another folder than the project's; `$project` is the project."""
        elsewhere = self.project.parent / "else where"
        elsewhere.mkdir(exist_ok=True)
        known = {"PATH": str(self.bin), "PIP_LOG": str(self.log), "project": str(self.project)}
        command = [str(self.bin / "bash"), "-euc", script]
        return subprocess.run(
            command, cwd=elsewhere, env=known | environment, capture_output=True, text=True, start_new_session=True
        )

    def train(self, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run train.sh with two arguments."""
        return self.run('"$project/train.sh" waltz "two words"', **environment)

    def prepare(self, extra: str = "") -> subprocess.CompletedProcess[str]:
        """Prepare the environment, with `dev` for the development tools."""
        return self.run(f'source "$project/environment.sh"; prepare_environment {extra}')

    def installed(self) -> list[str]:
        """What each run of pip was asked to install."""
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A fresh machine."""
    return Machine(tmp_path)


def test_the_first_run_installs_and_the_second_starts_at_once(machine: Machine) -> None:
    for installs in (["some-package==1.0"], ["some-package==1.0"]):
        done = machine.train()
        assert done.stdout == f"{machine.venv}|waltz|two words\n", done.stderr
        assert [line.partition(" ")[0] for line in machine.installed()] == installs
    assert done.stderr == ""


def test_modules_in_the_callers_folder_do_not_hide_the_projects(machine: Machine) -> None:
    (machine.project.parent / "else where").mkdir()
    (machine.project.parent / "else where" / "training.py").write_text("raise AssertionError")
    assert machine.train().returncode == 0


def test_an_interrupted_installation_is_made_anew(machine: Machine) -> None:
    assert machine.train(PIP="interrupted").returncode == -signal.SIGKILL
    (machine.venv / "half a package").write_text("")
    assert machine.train().returncode == 0
    assert not (machine.venv / "half a package").exists()
    assert len(machine.installed()) == 2


def test_a_failed_installation_says_so_and_is_tried_again(machine: Machine) -> None:
    done = machine.train(PIP="failing")
    assert (done.returncode, done.stdout) == (1, "")
    assert "error: the installation failed" in done.stderr
    assert machine.train().returncode == 0


@pytest.mark.parametrize("lost", ["bin/python", "pyvenv.cfg", "lib"])
def test_a_broken_environment_is_made_anew_and_no_other_python_is_written_to(machine: Machine, lost: str) -> None:
    machine.train()
    path = machine.venv / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert machine.train().stdout.startswith(f"{machine.venv}|")
    assert len(machine.installed()) == 2


def test_an_environment_made_by_hand_is_adopted(machine: Machine) -> None:
    machine.run('python3 -m venv "$project/.venv"')
    (machine.venv / "kept").write_text("")
    assert machine.train().returncode == 0
    assert (machine.venv / "kept").exists()


def test_changed_requirements_are_installed_and_other_settings_are_not(machine: Machine) -> None:
    machine.train()
    machine.write("pyproject.toml", PYPROJECT.replace("setting = 1", "setting = 2"))
    machine.train()
    assert len(machine.installed()) == 1
    machine.write("requirements.txt", "some-package==2.0\n")
    machine.train()
    assert machine.installed()[1:] == ["some-package==2.0"]


def test_development_tools_come_when_asked_for_and_stay(machine: Machine) -> None:
    for extra in ("", "dev", "", "dev"):
        assert machine.prepare(extra).returncode == 0
    assert [line.endswith("pytest>=1") for line in machine.installed()] == [False, True]


@pytest.mark.parametrize("variable", ["VIRTUAL_ENV", "CONDA_PREFIX"])
def test_an_active_environment_that_has_everything_is_used(machine: Machine, variable: str) -> None:
    machine.write("requirements.txt", f"# exact\npytest=={version('pytest')}\n")
    active = machine.interpreter(machine.project.parent / "active" / "bin" / "python").parents[1]
    done = machine.train(**{variable: str(active)})
    assert done.stdout == f"{sys.prefix}|waltz|two words\n"
    assert not machine.venv.exists()


@pytest.mark.parametrize("requirement", ["pytest==0.1", "no-such-package==1.0"])
def test_an_active_environment_that_lacks_something_is_left_alone(machine: Machine, requirement: str) -> None:
    machine.write("requirements.txt", requirement + "\n")
    active = machine.interpreter(machine.project.parent / "active" / "bin" / "python", machine.python).parents[1]
    assert machine.train(VIRTUAL_ENV=str(active)).stdout.startswith(f"{machine.venv}|")
    assert [path.name for path in active.rglob("*")] == ["bin", "python"]


def test_python_chooses_the_interpreter_even_with_an_active_environment(machine: Machine) -> None:
    machine.write("requirements.txt", f"pytest=={version('pytest')}\n")
    active = machine.interpreter(machine.project.parent / "active" / "bin" / "python").parents[1]
    chosen = machine.interpreter(machine.project.parent / "my python", machine.python)
    done = machine.train(VIRTUAL_ENV=str(active), PYTHON=str(chosen))
    assert f"({chosen})" in done.stderr
    assert done.stdout.startswith(f"{machine.venv}|")


def test_another_python_makes_the_environment_anew(machine: Machine) -> None:
    machine.train()
    other = machine.interpreter(
        machine.project.parent / "other", machine.python, 'case "$2" in *base_prefix*) echo 3.99 /other; exit ;; esac'
    )
    assert "making .venv" in machine.train(PYTHON=str(other)).stderr


OLD = """case "$2" in *"version_info <"*) exit 1 ;; *"Python %d"*) echo Python 3.9; exit ;; esac"""


def test_an_old_python_is_one_clear_line(machine: Machine) -> None:
    old = machine.interpreter(machine.bin / "python3", OLD)
    done = machine.train()
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: python3 is Python 3.9; 3.11 or newer is needed")
    assert machine.train(PYTHON=str(old)).stderr == f"error: PYTHON={old} is Python 3.9; 3.11 or newer is needed\n"
    assert done.stderr.count("\n") == 1


def test_a_newer_python_beside_an_old_one_is_found(machine: Machine) -> None:
    machine.interpreter(machine.bin / "python3", OLD)
    machine.interpreter(machine.bin / "python3.12", machine.python)
    assert machine.train().stdout.startswith(f"{machine.venv}|")


def test_no_python_is_one_clear_line(machine: Machine) -> None:
    (machine.bin / "python3").unlink()
    done = machine.train()
    assert done.returncode == 1
    assert done.stderr.startswith("error: python3 is not there; 3.11 or newer is needed")
    assert done.stderr.count("\n") == 1


def test_a_missing_venv_module_is_one_line_naming_the_package(machine: Machine) -> None:
    machine.interpreter(machine.bin / "python3", 'case "$2" in *ensurepip*) exit 1 ;; esac')
    done = machine.train()
    assert done.returncode == 1
    assert "install the package python3-venv" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not machine.venv.exists()


@pytest.mark.skipif(not shutil.which("flock"), reason="nothing to take turns with")
def test_two_runs_at_once_install_once(machine: Machine) -> None:
    done = machine.run('"$project/train.sh" a & "$project/train.sh" b & wait')
    assert sorted(line[-1] for line in done.stdout.splitlines()) == ["a", "b"], done.stderr
    assert len(machine.installed()) == 1


@pytest.mark.parametrize("script", ["train.sh", "generate.sh", "test.sh", ".ci/run"])
def test_scripts_are_executable(script: str) -> None:
    assert os.access(PROJECT / script, os.X_OK)
