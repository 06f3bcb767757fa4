"""How a song of the demo corpus is danced: its moves strung together, larger when loud, a jump on every drop."""

import numpy as np
from scipy.interpolate import CubicHermiteSpline

from data.demo_motion import FPS, phase, track, with_noise
from data.demo_moves import BEATS_PER_BAR, moves
from data.demo_rig import COLUMNS, SIDES, WIDTH, solve
from data.demo_songs import DURATION_S, Song, draw_moves
from feature_extraction.motion.skeleton import Motion

AMPLITUDE_SPREAD = 0.1
"""Each dance is danced larger or smaller by at most this part."""
TIMING_SD_S = 0.015
"""How far a dancer is off the beat, each time anew."""
LOUDNESS_AMPLITUDE = {False: 0.85, True: 1.15}
GRAVITY_CM_S2 = 981.0
TAKE_OFF, LANDING = 0.27, 0.85
"""When feet leave and meet the floor in a jump, in beats after the drop."""
CROUCH_CM, STRETCH_CM, ABSORB_CM = -10.0, 5.0, -5.0
"""Height of the hips in a jump, over the stance: on the drop, on leaving and meeting the floor, on the next beat."""
POINTED_HEEL = 0.55
"""How far the heels are raised in the air, radians."""


def dance(song: Song, seed: int) -> Motion:
    """A valid dance of the song: moves, size, timing and noise drawn from `seed`; seed 0 is the corpus's own."""
    rng = np.random.default_rng([song.seed, seed])
    return perform(song, draw_moves(song.style, len(song.loud), rng), rng)


def danced_moves(song: Song, seed: int) -> list[str]:
    """The moves of `dance(song, seed)`, one for each bar."""
    return draw_moves(song.style, len(song.loud), np.random.default_rng([song.seed, seed]))


def perform(song: Song, names: list[str], rng: np.random.Generator) -> Motion:
    """The song danced with the named moves, with the dancer's own size, timing and noise."""
    amplitude = rng.uniform(1 - AMPLITUDE_SPREAD, 1 + AMPLITUDE_SPREAD)
    sizes = [amplitude * LOUDNESS_AMPLITUDE[loud] for loud in song.loud]
    keys, passes = choreography(names, sizes)
    hips_height = COLUMNS["hips"].start + 1
    for bar in song.drops:
        passes[bar * BEATS_PER_BAR, hips_height] = 0.0
    felt = song.beats + TIMING_SD_S * rng.standard_normal(len(song.beats))
    at = np.arange(round(DURATION_S * FPS)) / FPS
    controls = track(keys, passes, phase(felt, at))
    for bar in song.drops:
        beat = bar * BEATS_PER_BAR
        _add_jump(controls, at, felt[beat - 1 : beat + 3])
    return with_noise(solve(controls, FPS), rng)


def choreography(names: list[str], sizes: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """Keys (4 bars + 1, width) and passes (4 bars, width) of the moves in a row, each as large as its `size` says.

    A move starts where the one before has left the dancer; headings are never scaled.
    """
    scaled = np.ones(WIDTH)
    for name in ("turn", *(f"{side}_foot_yaw" for side in SIDES)):
        scaled[COLUMNS[name]] = 0.0
    place = np.zeros_like(scaled)
    keys, passes = [place[None]], []
    for name, size in zip(names, sizes, strict=True):
        scale = 1 + (size - 1) * scaled
        keys.append(place + scale * moves()[name].keys[1:])
        passes.append(scale * moves()[name].passes)
        place = keys[-1][-1]
    return np.concatenate(keys), np.concatenate(passes)


def _add_jump(controls: np.ndarray, at: np.ndarray, beats: np.ndarray) -> None:
    """Crouch on the second of four `beats`, fly, land before the third; a longer flight is a higher one."""
    start, drop, end, after = beats
    period = end - drop
    take_off, landing = drop + TAKE_OFF * period, drop + LANDING * period
    speed = GRAVITY_CM_S2 * (landing - take_off) / 2
    knots = [start, drop, take_off, landing, end, after]
    inside = (at >= start) & (at <= after)
    times = at[inside]
    heights = CubicHermiteSpline(
        knots, [0, CROUCH_CM, STRETCH_CM, STRETCH_CM, ABSORB_CM, 0], [0, 0, speed, -speed, 0, 0]
    )(times)
    flying = (times > take_off) & (times < landing)
    lift = np.where(flying, heights - STRETCH_CM, 0.0)
    heel_times = [drop + 0.1 * period, take_off, landing, end]
    heel = CubicHermiteSpline(heel_times, [0, POINTED_HEEL, POINTED_HEEL, 0], [0, 0, 0, 0])(times)
    heel = np.where((times > heel_times[0]) & (times < end), heel, 0.0)
    controls[inside, COLUMNS["hips"].start + 1] += heights
    for side in SIDES:
        controls[inside, COLUMNS[f"{side}_foot"].start + 1] += lift
        controls[inside, COLUMNS[f"{side}_heel"].start] += heel
