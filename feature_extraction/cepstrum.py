"""Mel-frequency cepstral coefficients: the outline of short stretches' spectra; plain functions on arrays."""

import math
from functools import lru_cache

import numpy as np
import scipy.fft

from feature_extraction.spectrum import power_spectrogram

EPSILON = float(np.finfo(float).eps)


def mfcc(
    samples: np.ndarray,
    *,
    sample_rate: float,
    hop: int,
    window: int,
    n_fft: int,
    n_mels: int = 26,
    n_mfcc: int = 26,
    frames: int | None = None,
    f_max: float | None = None,
    pre_emphasis: float = 0.97,
    lifter: float = 22.0,
    full_scale: float = 1.0,
    floor: float = EPSILON,
) -> np.ndarray:
    """Give the (frames, n_mfcc) cepstra of (n,) `samples`, in their floating-point type, after pre-emphasis.

    Frame i is the stretch of `window` samples from i hop, evenly weighted, transformed with `n_fft` samples. The
    logarithms of its power in `n_mels` bands to `f_max` Hz become cosine coefficients, weighted by 1 + lifter / 2
    sin(pi k / lifter); number 0 gives way to the logarithm of the power in all bins to `f_max`. No power counts as
    less than `floor`. A sample of 1 stands for `full_scale` (the usual 16-bit units: 32768). `frames` None gives as
    many as it takes to come to the end of the sound (see `frames_within`).

    With the defaults this is what Davis and Mermelstein (IEEE TASSP 28, 1980) became in the HTK book and in
    python_speech_features, which the gesture system uses.
    """
    if window > n_fft:
        raise ValueError(f"a window of {window} samples does not fit into a transform of {n_fft}; raise n_fft")
    frames = frames_within(len(samples), hop, window) if frames is None else frames
    triangles = htk_filterbank(sample_rate, n_fft, n_mels, f_max)
    heard = n_fft // 2 + 1 if f_max is None else int(f_max / sample_rate * n_fft) + 1
    bank = np.concatenate([np.ones((heard, 1)), triangles[:heard]], axis=1).astype(samples.dtype)
    weights = np.zeros(n_fft)
    weights[:window] = full_scale / math.sqrt(n_fft)
    emphasised = np.append(samples[:1], samples[1:] - samples.dtype.type(pre_emphasis) * samples[:-1])
    power = power_spectrogram(emphasised, hop=hop, n_fft=n_fft, frames=frames, start=0, window=weights, bank=bank)
    logarithm = np.log(np.maximum(power, floor))
    cepstra = logarithm[:, 1:] @ _cosines(n_mels, n_mfcc, lifter).astype(samples.dtype)
    cepstra[:, 0] = logarithm[:, 0]
    return cepstra


def frames_within(samples: int, hop: int, window: int) -> int:
    """Give how many stretches of `window` samples, `hop` apart, it takes to come to the end of `samples`; 1 or more."""
    return 1 + max(0, math.ceil((samples - window) / hop))


@lru_cache(maxsize=8)
def htk_filterbank(sample_rate: float, n_fft: int, n_mels: int, f_max: float | None = None) -> np.ndarray:
    """Give the (n_fft // 2 + 1, n_mels) weights of triangular bands evenly spaced in HTK mel, 2595 log10(1 + f / 700).

    Their corners are moved down to whole bins and each peaks at 1. `f_max` None is half the sample rate. ValueError
    when a band is so narrow that no bin falls into it.
    """
    f_max = sample_rate / 2 if f_max is None else f_max
    mel = np.linspace(0.0, 2595.0 * math.log10(1.0 + f_max / 700.0), n_mels + 2)
    corners = np.floor((n_fft + 1) * 700.0 * (10.0 ** (mel / 2595.0) - 1.0) / sample_rate)
    low, centre, high = corners[:-2], corners[1:-1], corners[2:]
    if not (low < centre).all():
        raise ValueError(
            f"{n_mels} mel bands to {f_max:g} Hz are narrower than the {sample_rate / n_fft:.3g} Hz between the bins "
            f"of {n_fft} samples at {sample_rate:g} Hz; ask for fewer n_mels"
        )
    place = np.arange(n_fft // 2 + 1)[:, None]
    rising, falling = (place - low) / (centre - low), (high - place) / np.maximum(high - centre, 1.0)
    bank = np.maximum(np.minimum(rising, falling), 0.0)
    bank.flags.writeable = False
    return bank


@lru_cache(maxsize=8)
def _cosines(n_mels: int, n_mfcc: int, lifter: float) -> np.ndarray:
    """The orthonormal cosine transform (type II) as an (n_mels, n_mfcc) matrix, its columns weighted by the lifter."""
    weights = 1.0 + lifter / 2.0 * np.sin(np.pi * np.arange(n_mfcc) / lifter)
    cosines = scipy.fft.dct(np.eye(n_mels), norm="ortho")[:, :n_mfcc] * weights
    cosines.flags.writeable = False
    return cosines
