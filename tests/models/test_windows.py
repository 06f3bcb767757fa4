"""Anchors are exactly those at which every window fits."""

import dataclasses

import numpy as np
import pytest

from models.windows import Window, anchors, needed_frames


def _random_windows(rng: np.random.Generator) -> list[Window]:
    return [
        Window(f"m{place}", 1, int(rng.integers(1, 9)), int(rng.integers(-4, 7)), single=bool(rng.integers(5) == 0))
        for place in range(rng.integers(1, 4))
    ]


@pytest.mark.parametrize("seed", range(40))
def test_anchors_are_those_found_by_trying_them_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    windows = _random_windows(rng)
    frames = int(rng.integers(0, 25))
    fitting = [
        anchor
        for anchor in range(frames + 10)
        if all(each.single or (anchor + each.offset >= 0 and anchor + each.stop <= frames) for each in windows)
    ]
    moving = [each for each in windows if not each.single]
    assert list(anchors(windows, frames)) == (fitting if moving else list(range(frames + 1)))


@pytest.mark.parametrize("seed", range(20))
def test_needed_frames_is_the_shortest_length_with_an_anchor(seed: int) -> None:
    windows = [Window("base", 1, 3), *_random_windows(np.random.default_rng(seed))]
    needed = needed_frames(windows)
    assert anchors(windows, needed)
    assert not anchors(windows, needed - 1)


@pytest.mark.parametrize("seed", range(20))
def test_windows_with_padding_may_reach_out_while_the_anchor_does_not(seed: int) -> None:
    rng = np.random.default_rng(seed)
    firm = _random_windows(rng)
    padded = Window("padded", 2, 61, -30, padding=(0.0, 1.0))
    frames = int(rng.integers(0, 25))
    assert list(anchors([*firm, padded], frames)) == [each for each in anchors(firm, frames) if each < frames]
    assert needed_frames([padded]) == 1


def test_padding_from_a_checkpoint_is_what_it_was() -> None:
    window = Window("sound", 2, 61, -30, padding=(0.0, 1.0))
    assert Window(**{**dataclasses.asdict(window), "padding": [0.0, 1.0]}) == window
