"""The study of dances: fair to all, done once, and no claim by a metric that cannot tell."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from analysis import study
from analysis.dance_options import make_parser
from analysis.dance_study import make_cells, training_length
from analysis.dance_systems import MEMORY, SYSTEMS, WITHIN, Contender, arguments, chosen
from analysis.dance_table import Outcome, Trained, tables
from data.demo_moves import BEATS_PER_BAR
from data.demo_songs import TEMPI_BPM
from models import create_model
from tests.inference.conftest import corpus
from training.datasets.window_options import read_windows
from training.options import parse

__all__ = ["corpus"]  # the fixture

FPS, DIMS = 20, {"expmap_cr_scaled_20": 67, "audio_feats_scaled_20": 83}


def parameters(contender: Contender) -> int:
    opt = parse(arguments(contender, {"dins": ",".join(map(str, DIMS.values())), "douts": 67}))
    inputs, outputs, _ = read_windows(opt)
    with torch.device("meta"):
        return sum(each.numel() for each in create_model(opt, inputs, outputs).parameters())


def test_the_systems_have_about_as_many_parameters() -> None:
    counts = {name: parameters(contender) for name, contender in SYSTEMS.items()}
    assert max(counts.values()) <= (1 + WITHIN) * min(counts.values()), counts


def test_the_long_memory_reaches_two_bars_of_the_slowest_song_and_the_short_one_less_than_one_of_the_fastest() -> None:
    bar = BEATS_PER_BAR * 60 * FPS  # frames, times beats a minute
    assert 2 * bar / min(TEMPI_BPM) <= MEMORY
    short = int(SYSTEMS["transflower, short"].options["input_lengths"].split(",")[0])
    assert short == 20 < bar / max(TEMPI_BPM)


def test_the_short_one_differs_in_its_memory_alone() -> None:
    long, short = SYSTEMS["transflower"], SYSTEMS["transflower, short"]
    assert long.experiment == short.experiment
    different = {name for name in long.options if long.options[name] != short.options[name]}
    assert different == {"input_lengths", "input_time_offsets", "output_time_offsets"}
    heard = []
    for contender in (long, short):
        opt = parse(arguments(contender))
        inputs, outputs, _ = read_windows(opt)
        heard.append([inputs[1].offset - outputs[0].offset, inputs[1].stop - outputs[0].offset])
    assert heard[0] == heard[1] == [-20, 20]


@pytest.mark.parametrize(("seconds", "batches"), [(0.5, 900), (0.05, 900), (0.5, 3), (3.0, 900)])
def test_all_train_for_the_minutes_however_fast_their_steps_are(seconds: float, batches: int) -> None:
    words = training_length({"steps": {"seconds": {"x": seconds}, "batches": {"x": batches}}}, "x", 7.0)
    given = {name: float(value) for name, value in (word.removeprefix("--").split("=") for word in words)}
    assert given["limit_train_batches"] <= batches
    assert given["limit_train_batches"] * given["max_epochs"] * seconds / 60 == pytest.approx(7.0, rel=0.05)


def test_an_unknown_system_gets_the_nearest_name() -> None:
    with pytest.raises(LookupError, match="did you mean transflower_short"):
        chosen("transflower_shorter")


def asked(name: str, found: dict[str, Any]) -> dict[str, Any]:
    """What a cell of the whole study asks, given what others have found."""
    opt = make_parser().parse_args([])
    opt.data_dir, opt.modality = "d", "m"
    [cell] = [each for each in make_cells(SYSTEMS, opt, {}) if each.name == name]
    assert set(found) <= set(cell.needs)
    return cell.ask(found)


def test_a_model_is_trained_with_the_learning_rate_of_the_lowest_held_out_loss() -> None:
    timed = {"steps": {"seconds": {"moglow": 0.1}, "batches": {"moglow": 900}}}
    trials = {f"grid/moglow_rate{rate:g}": {"loss": loss} for rate, loss in ((1e-3, 3.0), (3e-3, -1.0), (1e-2, 2.0))}
    assert "--learning_rate=0.003" in asked("train/moglow_seed2", timed | trials)["arguments"]
    assert "--learning_rate=0.01" in asked("train/moglow_seed2", timed | dict([trials.popitem()]))["arguments"]
    with pytest.raises(ValueError, match="no learning rate came to a loss"):
        asked("train/moglow_seed2", timed)


def test_a_model_dances_as_it_varies_moves_best_on_the_held_out_songs() -> None:
    def danced(variation: float | None) -> dict[str, Any]:
        return {"scores": {"move_variation": {"value": variation}}}

    found: dict[str, Any] = {"train/transflower_seed2": {"loss": 1.0}}
    found |= {f"grid/transflower_temperature{t}_frames{k}": danced(0.5) for t in (0.5, 0.7, 1) for k in (1, 4, 10)}
    found |= {
        "grid/transflower_temperature0.7_frames4": danced(0.2),
        "grid/transflower_temperature1_frames1": danced(None),
    }
    chosen_manner = asked("judge/transflower_seed2", found)
    assert (chosen_manner["temperature"], chosen_manner["frames_per_step"]) == (0.7, 4)
    assert chosen_manner["split"] == "test"
    trial = asked("grid/transflower_temperature1_frames10", {"train/transflower_seed1": {"loss": 1.0}})
    assert (trial["split"], trial["temperature"], trial["frames_per_step"]) == ("val", 1.0, 10)


def outcome() -> Outcome:
    """Three seeds that beat a rival in two of three metrics, one of which cannot tell; the third is undecided."""

    def system(*scores: tuple[float, float, float]) -> Trained:
        found: list[dict[str, Any]] = [
            {
                name: {"value": value, "interval": [value - 1, value + 1]}
                for name, value in zip(("fpd", "return_rate", "jerk"), each, strict=True)
            }
            for each in scores
        ]
        return Trained(1_600_000, 0.5, 840, {1e-3: 2.0, 3e-3: 1.0}, 0.7, 4, [1.0] * len(scores), found)

    metric = {"title": "", "unit": "u", "best": "lowest", "floor": [1.0, 2.0], "unfit": []}
    values = {"fpd": {"value": 1.0}, "return_rate": {"value": 0.7}, "jerk": {"value": 9.0}}
    references = {
        "kinds": {"oracle: another valid dance": "oracle", "a blend": "degraded"},
        "scores": {"oracle: another valid dance": values, "a blend": values},
        "metrics": {
            "fpd": metric,
            "return_rate": metric | {"best": "like real motion", "ideal": 0.7},
            "jerk": metric | {"unfit": ["a blend"]},
        },
    }
    systems = {
        "transflower": system((3, 0.6, 1), (4, 0.75, 1), (5, 0.5, 1)),
        "transformer": system((6, 0.1, 8), (7, 0.65, 8), (8, 0.4, 8)),
    }
    return Outcome(systems, references, {})


def test_a_claim_counts_the_pairs_of_seeds_by_metrics_that_are_fit() -> None:
    won = {claim.metric: (claim.won, claim.apart, claim.pairs) for claim in outcome().claims()}
    # values 3, 4, 5 against 6, 7, 8, each give or take 1; distances from .7: .1, .05, .2 against .6, .05, .3
    assert won == {"fpd": (9, 6, 9), "return_rate": (6, 0, 9)}


def test_a_seed_without_a_score_wins_nothing_and_is_counted() -> None:
    found = outcome()
    found.systems["transflower"].scores[1]["fpd"] = {"value": None, "interval": [None, None]}
    [claim] = [claim for claim in found.claims() if claim.metric == "fpd"]
    assert (claim.won, claim.pairs) == (6, 9)
    assert "4.00 (3.00 to 5.00), 1 without" in tables(found)["table.txt"]


def test_the_tables_say_what_was_found_and_what_cannot_be_claimed() -> None:
    text, markdown = (tables(outcome())[name] for name in ("table.txt", "table.md"))
    assert "4.00 (3.00 to 5.00)" in text
    assert "jerk † is unfit for claims: it finds no worse than the oracle a blend" in text
    assert "better in all 9 pairs of seeds: fpd; better in some: return_rate (6)" in text
    assert "| transflower | 1,600,000 | 0.50 | 840 | 7.0 | 0.003 |" in markdown
    json.dumps(outcome().to_dict())


TINY = [
    *("--minutes=0.0005", "--learning_rates=1e-3,1e-2", "--seeds=1", "--models=transflower", "--samples=2"),
    *("--temperatures=0.5,1", "--frames_per_step=1,2", "--jobs=0", "--skip_s=0.4", "--few_samples"),
    *("--resamplings=3", "--no-prepare", "--metrics=speed,beat_alignment,move_variation,nll"),
    *("--input_modalities=expmap_cr_scaled_20,sound_scaled_20", "--input_lengths=8,16", "--input_time_offsets=0,4"),
    *("--output_time_offsets=8", "--dhid=8", "--nlayers=1", "--nhead=2"),
]
"""A small model, trained for a step on five pairs of two seconds."""


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_study_comes_to_its_tables_and_goes_on_where_it_was(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["demo", *TINY, "--data_dir", str(corpus), "--output_folder", str(tmp_path)]
    assert study.main(words) == 0
    printed = capsys.readouterr().out
    assert "a pose that is held" in printed
    results = json.loads((tmp_path / "results.json").read_text())
    assert set(results["systems"]) == {"transflower"}
    assert results["systems"]["transflower"]["scores"][0]["speed"]["value"] > 0
    assert set(results["systems"]["transflower"]["rates"]) == {"0.001", "0.01"}
    assert results["claims"] == []  # there is no oracle of these recordings
    cells = {path: path.stat().st_mtime_ns for path in sorted((tmp_path / "cells").rglob("*.json"))}
    assert len(cells) == 2 + 2 + 1 + 2 * 2 + 1
    lost = tmp_path / "cells" / "judge" / "transflower_seed1.json"
    lost.unlink()
    assert study.main(words) == 0
    again = {path: path.stat().st_mtime_ns for path in cells}
    assert [path for path in cells if again[path] != cells[path]] == [lost]


@pytest.mark.slow
def test_a_few_minutes_come_to_all_rows(tmp_path: Path) -> None:
    asked = ["--minutes=0.4", "--seeds=1", "--learning_rates=1e-3", "--temperatures=1", "--frames_per_step=4"]
    fewer = ["--samples=2", "--songs=3", "--resamplings=20"]
    assert study.main(["demo", *asked, *fewer, "--output_folder", str(tmp_path)]) == 0
    results = json.loads((tmp_path / "results.json").read_text())
    assert set(results["systems"]) == set(SYSTEMS)
    for name, system in results["systems"].items():
        [scores] = system["scores"]
        assert (scores["nll"]["value"] is None) == (name == "transformer")
        assert 0 <= scores["none_share"]["value"] <= 1
    oracle = results["references"]["scores"]["oracle: another valid dance"]
    assert oracle["none_share"]["value"] < 0.1
    assert results["references"]["scores"]["blend of two valid dances"]["none_share"]["value"] > 0.2
