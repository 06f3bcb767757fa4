"""A checkpoint is read without running what is in it, and what is none is refused in one line."""

from pathlib import Path

import pytest
import torch

from models import load_model


class Malicious:
    """Unpickled, it makes a file."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def refusal(path: Path) -> str:
    with pytest.raises(ValueError, match="damaged or no checkpoint of this project") as caught:
        load_model(path)
    return str(caught.value)


def test_an_object_in_a_checkpoint_is_refused_and_not_run(tmp_path: Path) -> None:
    trace, checkpoint = tmp_path / "trace", tmp_path / "bad.ckpt"
    torch.save({"terpsichore": Malicious(trace)}, checkpoint)
    assert "\n" not in refusal(checkpoint)
    assert not trace.exists()


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04 cut off", b"\x80\x02]"])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes) -> None:
    checkpoint = tmp_path / "other.ckpt"
    checkpoint.write_bytes(content)
    refusal(checkpoint)


def test_a_checkpoint_cut_short_is_refused(tmp_path: Path) -> None:
    checkpoint = tmp_path / "cut.ckpt"
    torch.save({"state_dict": {"weight": torch.zeros(1000)}}, checkpoint)
    checkpoint.write_bytes(checkpoint.read_bytes()[:2000])
    refusal(checkpoint)


@pytest.mark.parametrize("payload", [{}, {"terpsichore": {"opt": {}}}, {"terpsichore": "of Music"}])
def test_a_checkpoint_of_another_project_is_refused(tmp_path: Path, payload: dict[str, object]) -> None:
    checkpoint = tmp_path / "foreign.ckpt"
    torch.save({"state_dict": {}} | payload, checkpoint)
    refusal(checkpoint)


def test_a_missing_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nothing\.ckpt"):
        load_model(tmp_path / "nothing.ckpt")
