"""Metrics agree with the numbers of the code that they were published with, and with these numbers put right."""

import json
from pathlib import Path

import numpy as np
import pytest

import registry
from analysis.metrics.beats import alignment, published_beats
from analysis.metrics.canonical import CanonicalPair
from analysis.metrics.clip import Clip
from analysis.metrics.derivatives import derivative_norms
from analysis.metrics.feet import sliding
from analysis.metrics.frechet import frechet_distance, moments
from analysis.metrics.geometric import PUBLISHED_FPS, geometric_features
from analysis.metrics.histograms import counts, hellinger
from analysis.metrics.kinetic import kinetic_features

REFERENCE = Path(__file__).parents[2] / "fixtures" / "reference_metrics" / "metrics.npz"
SETS = ("A", "B")
FPS = 60.0
CM = 100.0


@pytest.fixture(scope="module")
def known() -> dict[str, np.ndarray]:
    with np.load(REFERENCE, allow_pickle=False) as arrays:
        return {name.replace("__", "/"): arrays[name] for name in arrays.files}


@pytest.fixture(scope="module")
def results(known: dict[str, np.ndarray]) -> dict[str, float]:
    return json.loads(str(known["results_json"]))


@pytest.fixture(scope="module")
def clips(known: dict[str, np.ndarray]) -> dict[str, list[Clip]]:
    """Set A is real, set B generated. The features are 7 joints of every third frame, as the reference takes them."""
    joints = tuple(json.loads(str(known["meta_json"]))["joint_names"])
    return {
        name: [
            Clip(f"clip_{i}", FPS, positions, joints, positions[::3, :7].reshape(-1, 21))
            for i, positions in enumerate(known[name].astype(np.float64))
        ]
        for name in SETS
    }


@pytest.mark.parametrize("name", SETS)
def test_kinetic_and_geometric_features(name: str, known: dict[str, np.ndarray], clips: dict[str, list[Clip]]) -> None:
    def features(published: bool, fps: float, moved: bool = False) -> tuple[np.ndarray, np.ndarray]:
        places = [clip.positions - (clip.positions[:1, :1] if moved else 0.0) for clip in clips[name]]
        return (
            np.stack([kinetic_features(each, FPS, published=published) for each in places]),
            np.stack([geometric_features(each, clips[name][0].joints, fps) for each in places]),
        )

    kinetic, geometric = features(True, PUBLISHED_FPS)
    np.testing.assert_allclose(kinetic, known[f"aist/kinetic_{name}"], rtol=1e-6)
    np.testing.assert_allclose(geometric, known[f"aist/manual_{name}"], atol=1e-6)
    kinetic, geometric = features(False, FPS)
    np.testing.assert_allclose(kinetic, known[f"aist/kinetic_{name}_corrected"], rtol=1e-6)
    np.testing.assert_allclose(geometric, known[f"aist/manual_{name}_corrected_dt"], atol=1e-6)
    kinetic, geometric = features(True, PUBLISHED_FPS, moved=True)
    np.testing.assert_allclose(kinetic, known[f"bailando/kinetic_{name}"], rtol=1e-6)
    np.testing.assert_allclose(geometric, known[f"bailando/manual_{name}"], atol=1e-6)


@pytest.mark.parametrize(
    ("metric", "variant", "result"),
    [
        ("fid_k", "published", "mint_FID_k_exact_float64"),
        ("fid_k", "", "mint_FID_k_corrected_exact_float64"),
        ("fid_g", "published", "mint_FID_g_exact_float64"),
        ("fid_g", "", "mint_FID_g_corrected_dt_exact_float64"),
    ],
)
def test_fid(metric: str, variant: str, result: str, clips: dict[str, list[Clip]], results: dict[str, float]) -> None:
    options = {} if variant else {"piece_s": 0.0}
    value = registry.find("metric", metric)(variant, few_samples=True, **options).value(clips["B"], clips["A"])
    assert value == pytest.approx(results[result], rel=1e-5)


def test_fid_and_diversity_of_bailando(clips: dict[str, list[Clip]], results: dict[str, float]) -> None:
    moved = {
        name: [Clip(c.sequence_id, c.fps, c.positions - c.positions[:1, :1], c.joints) for c in clips[name]]
        for name in SETS
    }
    for ours, theirs in {"k": "k", "g": "m"}.items():
        fid = registry.find("metric", f"fid_{ours}")("published", few_samples=True)
        assert fid.value(moved["B"], moved["A"]) == pytest.approx(
            results[f"bailando_fid_{theirs}_exact_float64"], rel=1e-5
        )
        diversity = registry.find("metric", f"diversity_{ours}")("published")
        for name, ending in {"B": "", "A": "_gt"}.items():
            expected = results[f"bailando_div_{theirs}{ending}_float64"]
            assert diversity.value(moved[name], moved["A"]) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("metric", "variant", "result"),
    [
        ("fpd", "", "FPD_centred_correct"),
        ("fpd", "uncentred", "FPD_uncentred_exact"),
        ("fmd", "", "FMD_centred_correct"),
        ("fmd", "uncentred", "FMD_uncentred_exact"),
    ],
)
def test_pose_and_movement_distance(
    metric: str, variant: str, result: str, clips: dict[str, list[Clip]], results: dict[str, float]
) -> None:
    """The covariances are singular, and the root of a product that is taken with rounding errors is 3e-8 off."""
    value = registry.find("metric", metric)(variant).value(clips["B"], clips["A"])
    assert value == pytest.approx(results[f"transflower_{result}"], rel=1e-7)


def test_frechet_distance(known: dict[str, np.ndarray], results: dict[str, float]) -> None:
    value = frechet_distance(moments(known["frechet/a"]), moments(known["frechet/b"]))
    assert value == pytest.approx(results["frechet_exact"], rel=1e-9)
    assert value == pytest.approx(results["frechet_genea"], rel=1e-9)


def test_beat_alignment(known: dict[str, np.ndarray]) -> None:
    music = known["beat/music_beats_frames"]
    positions = np.concatenate([known[name] for name in SETS]).astype(np.float64)
    for i, places in enumerate(positions):
        found = published_beats(places)
        assert found.tolist() == known["beat/motion_beats_frames"][i][: known["beat/motion_beats_count"][i]].tolist()
        clip = Clip("", FPS, places, ("root",) * places.shape[1], beats_s=music / FPS)
        value = registry.find("metric", "beat_alignment")("published").value([clip])
        assert value == pytest.approx(known["beat/score_per_clip"][i], rel=1e-9)
        assert alignment(found, music, 3.0) == pytest.approx(known["beat/score_motion_to_music_own"][i], rel=1e-9)


@pytest.mark.parametrize("name", SETS)
def test_physical_foot_contact(name: str, known: dict[str, np.ndarray], clips: dict[str, list[Clip]]) -> None:
    metric = registry.find("metric", "pfc")("published")
    values = [metric.value([Clip(c.sequence_id, FPS / 2, c.positions[::2], c.joints)]) for c in clips[name]]
    np.testing.assert_allclose(values, known[f"edge/pfc_per_clip_{name}"], rtol=1e-9)


@pytest.mark.parametrize("name", SETS)
def test_foot_skating(name: str, known: dict[str, np.ndarray], clips: dict[str, list[Clip]]) -> None:
    """Their threshold is a centimetre per frame, at 60 frames a second."""
    joints = clips[name][0].joints
    for i, clip in enumerate(clips[name]):
        for side, (ankle, toe) in enumerate((("lankle", "ltoes"), ("rankle", "rtoes"))):
            feet = (clip.positions[:, joints.index(joint)] for joint in (ankle, toe))
            contact, slides = sliding(*feet, FPS, fastest=0.01 * FPS)
            assert contact == known[f"lodge/contact_frames_{name}"][i, side]
            expected = known[f"lodge/foot_skating_left_right_{name}_corrected_norm"][i, side]
            assert slides / max(contact, 1) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("name", SETS)
def test_jerk_and_acceleration(
    name: str, known: dict[str, np.ndarray], clips: dict[str, list[Clip]], results: dict[str, float]
) -> None:
    slow = [Clip(c.sequence_id, FPS / 2, c.positions[::2], c.joints) for c in clips[name]]
    for what, order in {"acceleration": 2, "jerk": 3}.items():
        values = [derivative_norms(clip.positions, clip.fps, order).mean(axis=0) * CM for clip in slow]
        np.testing.assert_allclose(values, known[f"genea/{what}_per_joint_{name}"], rtol=1e-9)
        metric = registry.find("metric", what)()
        assert metric.value(slow) == pytest.approx(results[f"genea_{what}_{name}_mean"], rel=1e-9)
        if name == "A":
            corrected = results[f"genea_{what}_A_60fps_corrected_factor_mean"]
            assert metric.value(clips["A"]) == pytest.approx(corrected, rel=1e-9)


def test_histograms_and_hellinger(
    known: dict[str, np.ndarray], clips: dict[str, list[Clip]], results: dict[str, float]
) -> None:
    """The reference looks at joints from the ninth on, and drops what is faster than its last bin."""
    below = 49
    totals = {}
    for name in SETS:
        upper = [Clip(c.sequence_id, FPS / 2, c.positions[::2, 8:], c.joints[8:]) for c in clips[name]]
        for what, order in {"velocity": 1, "acceleration": 2}.items():
            whole = sum(counts(clip, order, 1.0, below + 1) for clip in upper)
            assert whole.sum() == sum(derivative_norms(c.positions, c.fps, order).size for c in upper)
            totals[what, name] = whole[:below]
        np.testing.assert_array_equal(totals["velocity", name], known[f"genea/hist_velocity_{name}_width1"][:, -1])
        expected = known[f"genea/hist_acceleration_{name}_width1_corrected"]
        np.testing.assert_array_equal(totals["acceleration", name], expected)
    distance = hellinger(totals["velocity", "A"], totals["velocity", "B"])
    assert distance == pytest.approx(results["hellinger_velocity_width1"], rel=1e-9)


def test_canonical_correlation(known: dict[str, np.ndarray], results: dict[str, float]) -> None:
    pairs = [(known[f"cca/one_clip{i}"], known[f"cca/two_clip{i}"]) for i in range(2)]
    everything = CanonicalPair.fit(*(np.concatenate(each) for each in zip(*pairs, strict=True)))
    for i, pair in enumerate(pairs):
        refitted = CanonicalPair.fit(*pair).correlation(*pair)
        assert refitted == pytest.approx(results[f"cca_clip{i}_reference_refits"], abs=1e-3)
        assert everything.correlation(*pair) == pytest.approx(results[f"cca_clip{i}_corrected_global_model"], abs=1e-3)
