"""Whatever bytes a sound file holds, it is read as sound or refused by name; no crash, no hang."""

import re
from datetime import timedelta
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feature_extraction.audio import FASTEST_RATE, LOUDEST, SLOWEST_RATE, duration, read_audio

fuzz = settings(
    max_examples=300,
    deadline=timedelta(seconds=10),
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
KINDS = {
    "pcm16.sound.wav": ("WAV", "PCM_16", 2),
    "float.sound.wav": ("WAV", "FLOAT", 1),
    "adpcm.sound.wav": ("WAV", "IMA_ADPCM", 1),
    "sound.flac": ("FLAC", "PCM_16", 2),
    "sound.ogg": ("OGG", "VORBIS", 1),
    "sound.mp3": ("MP3", "MPEG_LAYER_III", 1),
}
HEADER = 64
PLACE = re.compile(
    r"sound\.\w+ (is no readable sound file: |holds no sound: |says that it has \d+ |"
    r"cannot be decoded, somewhere after \d+\.\d s: )"
)


@cache
def encoded(name: str) -> bytes:
    """A fifth of a second of noise in one of the formats."""
    kind, subtype, channels = KINDS[name]
    samples = 0.2 * np.random.default_rng(0).standard_normal((3200, channels))
    file = BytesIO()
    soundfile.write(file, samples, 16000, format=kind, subtype=subtype)
    return file.getvalue()


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, bytes]:
    """A sound file in which bytes are lost, doubled or others, more often in its head than elsewhere."""
    name = draw(st.sampled_from(sorted(KINDS)))
    data = encoded(name)
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.one_of(st.integers(0, HEADER), st.integers(0, len(data))))
        length = draw(st.sampled_from([0, 1, 2, 4, 4, 4, 40, len(data)]))
        new = draw(
            st.one_of(
                st.binary(min_size=length, max_size=length) if length <= 40 else st.just(b""),
                st.binary(max_size=8),
                st.sampled_from([b"", b"\0" * length, b"\xff" * length, b"\xff\xff\xff\x7f", data[:start][-40:]]),
            )
        )
        data = data[:start] + new + data[start + length :]
    return name, data


def assert_read_or_refused(folder: Path, name: str, data: bytes) -> None:
    """What is read is finite sound of the length that `duration` tells; what is not is refused by name, in a line."""
    path = folder / name
    path.write_bytes(data)
    try:
        audio = read_audio(path)
    except ValueError as error:
        refusal = str(error)
    else:
        assert audio.samples.dtype == np.float32
        assert audio.samples.ndim == 1
        assert len(audio.samples)
        assert np.abs(audio.samples).max() < LOUDEST
        assert SLOWEST_RATE <= audio.sample_rate <= FASTEST_RATE
        assert abs(duration(path) - audio.duration_s) < 1e-9
        return
    assert PLACE.search(refusal), refusal
    assert refusal.isprintable()
    assert len(refusal) < 500 + len(str(path))


@fuzz
@given(damaged())
def test_a_damaged_sound_file_is_read_or_refused_by_name(tmp_path: Path, file: tuple[str, bytes]) -> None:
    assert_read_or_refused(tmp_path, *file)


@fuzz
@given(st.sampled_from(sorted(KINDS)), st.integers(0, 10**6))
def test_a_sound_file_cut_anywhere_is_read_or_refused_by_name(tmp_path: Path, name: str, length: int) -> None:
    data = encoded(name)
    assert_read_or_refused(tmp_path, name, data[: length % len(data)])


@fuzz
@given(st.sampled_from(sorted(KINDS)), st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_by_name(tmp_path: Path, name: str, data: bytes) -> None:
    assert_read_or_refused(tmp_path, name, data)
