"""Videos last exactly as long as their motion, and the sound is where it was."""

import av
import numpy as np
import pytest
import soundfile

from analysis.render.mp4_renderer import PIECE, Mp4Renderer, video_rate
from tests.feature_extraction.small_corpus import swaying

SMALL = {"width": 160, "height": 96}


def clicks(path, times, seconds, rate, channels=1):
    samples = np.zeros((round(seconds * rate), channels), dtype=np.float32)
    for time in times:
        samples[round(time * rate) : round((time + 0.002) * rate)] = 0.9
    soundfile.write(path, samples, rate)
    return path


def loudness(path):
    """The sound of a video, (samples,), at 48 kHz from time 0."""
    with av.open(path) as video:
        frames = list(video.decode(audio=0))
        assert frames[0].time == 0
        return np.concatenate([np.abs(frame.to_ndarray()[0]) for frame in frames])


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (22050, 2), (44100, 1), (48000, 6)])
def test_a_click_at_time_t_is_at_t_in_the_video(rate, channels, tmp_path):
    times = (0.0, 0.5, 1.25, 1.9)
    audio = clicks(tmp_path / "clicks.wav", times, 2.0, rate, channels)
    path = Mp4Renderer(**SMALL).render(tmp_path / "dance.mp4", [swaying(0, seconds=2)], audio=audio)
    heard = loudness(path)
    for time in times:
        around = slice(max(round((time - 0.1) * 48000), 0), round((time + 0.1) * 48000))
        onset = around.start + int(np.argmax(heard[around] > 0.5 * heard[around].max()))
        assert onset / 48000 == pytest.approx(time, abs=0.003)


@pytest.mark.parametrize("sound_s", [0.3, 1.0, 3.0])
@pytest.mark.parametrize("fps", [20.0, 24.0, 24000 / 1001, 50.0, 120.0])
def test_picture_and_sound_last_as_long_as_the_motion(sound_s, fps, tmp_path):
    motion = swaying(0, seconds=1.0, fps=fps)
    audio = clicks(tmp_path / "clicks.wav", (0.1,), sound_s, 22050)
    path = Mp4Renderer(**SMALL).render(tmp_path / "dance.mp4", [motion], audio=audio)
    with av.open(path) as video:
        picture, sound = video.streams.video[0], video.streams.audio[0]
        assert float(picture.average_rate) == pytest.approx(video_rate(fps))
        assert float(picture.duration * picture.time_base) == pytest.approx(motion.duration_s, abs=0.5 / 60)
        assert float(sound.duration * sound.time_base) == pytest.approx(motion.duration_s, abs=0.5 / 60)
        assert (picture.codec_context.name, picture.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (sound.codec_context.name, sound.rate) == ("aac", 48000)
        times = [frame.time for frame in video.decode(video=0)]
    assert times == pytest.approx(np.arange(len(times)) / video_rate(fps), abs=1e-4)


def test_pieces_of_several_processes_are_one_video(tmp_path):
    motion = swaying(0, seconds=(2 * PIECE + 7) / 60, fps=60)
    path = Mp4Renderer(**SMALL).render(tmp_path / "dance.mp4", [motion])
    with av.open(path) as video:
        frames = list(video.decode(video=0))
        assert not video.streams.audio
    assert len(frames) == 2 * PIECE + 7
    assert [frame.time for frame in frames] == pytest.approx(np.arange(len(frames)) / 60, abs=1e-4)


def test_the_pictures_are_those_drawn(tmp_path):
    from analysis.render.drawing import Scene

    size = {"width": 640, "height": 360}
    motion = swaying(0, seconds=0.2, fps=60)
    path = Mp4Renderer(**size).render(tmp_path / "dance.mp4", [motion], title="sway")
    scene = Scene([motion], **size, title="sway")
    with av.open(path) as video:
        for index, frame in enumerate(video.decode(video=0)):
            assert frame.colorspace == 1  # BT.709
            drawn = scene.frame(index).astype(float)
            assert np.abs(frame.reformat(format="rgb24", src_colorspace=1).to_ndarray() - drawn).mean() < 3


def test_a_shorter_motion_waits_for_the_longer(tmp_path):
    motions = [swaying(0, seconds=0.2), swaying(1, seconds=0.5)]
    path = Mp4Renderer(**SMALL).render(tmp_path / "dance.mp4", motions, names=["a", "b"])
    with av.open(path) as video:
        assert sum(1 for _ in video.decode(video=0)) == 30


def test_odd_sizes_are_refused():
    with pytest.raises(ValueError, match="even sizes"):
        Mp4Renderer(width=641, height=480)


def test_sound_that_cannot_be_read_is_named(tmp_path):
    noise = tmp_path / "noise.wav"
    noise.write_bytes(b"no sound")
    with pytest.raises(ValueError, match=r"noise\.wav"):
        Mp4Renderer(**SMALL).render(tmp_path / "dance.mp4", [swaying(0).cut(0, 2)], audio=noise)
    assert not (tmp_path / "dance.mp4").exists()
