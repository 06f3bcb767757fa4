"""A command ends with one readable line for a user's mistake, and a traceback for ours."""

import subprocess
import sys

import pytest

import command


def run(body: str, **environment: str) -> subprocess.CompletedProcess[str]:
    code = f"import command\ndef main():\n    {body}\ncommand.run(main)"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment or None)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        ("ValueError('3 is not 4')", "error: 3 is not 4\n"),
        ("LookupError('no such model')", "error: no such model\n"),
        ("KeyError('no such key')", "error: no such key\n"),
        ("FileNotFoundError(2, 'No such file', 'x.bvh')", "error: [Errno 2] No such file: 'x.bvh'\n"),
        ("ValueError", "error: ValueError\n"),
    ],
)
def test_a_users_mistake_is_one_line_and_exit_code_2(error: str, line: str) -> None:
    done = run(f"raise {error}")
    assert (done.returncode, done.stderr, done.stdout) == (2, line, "")


def test_the_environment_asks_for_the_traceback() -> None:
    done = run("raise ValueError('3 is not 4')", TERPSICHORE_TRACEBACK="1")
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_our_own_mistake_keeps_its_traceback() -> None:
    done = run("raise AssertionError('impossible')")
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_an_interrupt_is_130_and_silent() -> None:
    done = run("raise KeyboardInterrupt")
    assert (done.returncode, done.stderr) == (130, "")


def test_a_closed_pipe_is_silent() -> None:
    code = "import command\ndef main():\n    print('x\\n' * 1000000)\ncommand.run(main)"
    writer = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert writer.stdout
    assert writer.stderr
    writer.stdout.readline()
    writer.stdout.close()
    assert (writer.wait(), writer.stderr.read()) == (0, b"")


@pytest.mark.parametrize(("returned", "code"), [(None, 0), (0, 0), (3, 3)])
def test_what_main_returns_is_the_exit_code(returned: int | None, code: int) -> None:
    with pytest.raises(SystemExit) as stop:
        command.run(lambda: returned)
    assert stop.value.code == code
