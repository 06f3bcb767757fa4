"""Noise on input windows: where it is asked for, of the strength that is asked for, repeatable."""

import pytest
import torch

from models.windows import Window
from training.noise import with_noise

WINDOWS = [Window("motion", 3, 200, noise=0.5), Window("audio", 2, 5), Window("words", 4, 5, discrete=True)]


def batch(rows: int) -> dict[str, torch.Tensor]:
    words = torch.ones(rows, 5, 1, dtype=torch.long)
    return {"in_motion": torch.zeros(rows, 200, 3), "in_audio": torch.ones(rows, 5, 2), "in_words": words}


def test_only_windows_that_ask_for_it_get_noise_and_the_batch_stays_as_it_was() -> None:
    given = batch(4)
    noisy = with_noise(given, WINDOWS)
    assert noisy["in_audio"] is given["in_audio"]
    assert noisy["in_words"] is given["in_words"]
    assert noisy["in_motion"].abs().sum() > 0
    assert given["in_motion"].abs().sum() == 0


def test_each_window_draws_its_strength_evenly_up_to_the_largest() -> None:
    torch.manual_seed(0)
    strengths = with_noise(batch(2000), WINDOWS)["in_motion"].flatten(1).std(dim=1)
    assert strengths.max() < 0.5 * 1.1
    wanted = torch.linspace(0, 0.5, 2000)
    assert (strengths.sort().values - wanted).abs().max() < 0.03


def test_the_same_seed_gives_the_same_noise() -> None:
    torch.manual_seed(7)
    first = with_noise(batch(3), WINDOWS)["in_motion"]
    torch.manual_seed(7)
    assert torch.equal(first, with_noise(batch(3), WINDOWS)["in_motion"])


def test_noise_on_tokens_is_refused() -> None:
    with pytest.raises(ValueError, match="words is discrete: give it an --input_noise of 0"):
        Window("words", 4, 5, discrete=True, noise=0.1)
