"""The generation command: a checkpoint and a sequence, a sound file or a folder, to arrays, BVH and video."""

import logging
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import command
import registry
from feature_extraction import store
from inference.options import parse
from inference.progress import Bars
from inference.settings import Settings
from training.options.paths import home

if TYPE_CHECKING:
    from inference.material import Material
    from inference.performer import Performer, Sample
    from inference.postprocessing import Finish

log = logging.getLogger(__name__)

READ_AHEAD = 4
"""So many batches' recordings are read at a time, to find some of similar length among them."""


@dataclass(frozen=True)
class Outcome:
    """What became of one sequence: the files written, or the mistake that kept them from being written."""

    sequence_id: str
    files: tuple[Path, ...] = ()
    mistake: Exception | None = None


def main(argv: Sequence[str] | None = None) -> int:
    """Generate what the arguments say and print the files written; 1 when some sequences of a folder failed."""
    opt = parse(sys.argv[1:] if argv is None else argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    for folder in filter(None, opt.pop("plugin_dir").split(",")):
        registry.add_plugin_dir(folder)
    outcomes = []
    for outcome in generate_each(opt.pop("checkpoint"), opt.pop("sequence"), Settings(**opt)):
        outcomes.append(outcome)
        for path in outcome.files:
            print(path)
    failed = [outcome for outcome in outcomes if outcome.mistake]
    if failed and len(outcomes) == 1:
        raise failed[0].mistake  # type: ignore[misc]
    for outcome in failed:
        print(f"failed: {outcome.sequence_id}: {outcome.mistake}", file=sys.stderr)
    return 1 if failed else 0


def generate(checkpoint: str | Path, sequence: str = "", **settings: Any) -> list[Path]:
    """Generate motion for one sequence, or for each one of a folder; the paths of the files written.

    Args:
        checkpoint: file of training or folder of a shared model; nothing else of the training machine is needed.
        sequence: a sequence id of the corpus, the path of a sound file, of a file of features or of a folder of them;
            a random one of the test split if empty.
        settings: those of `Settings`.

    Raises:
        ValueError: for a checkpoint of something else, or a file that cannot be read.
        LookupError: for an unknown sequence or renderer; the message has the nearest names.
        FileNotFoundError: for a missing file or folder.
    """
    outcomes = list(generate_each(checkpoint, sequence, Settings(**settings)))
    for outcome in outcomes:
        if outcome.mistake:
            raise outcome.mistake
    return [path for outcome in outcomes for path in outcome.files]


def generate_each(checkpoint: str | Path, sequence: str, settings: Settings) -> Iterator[Outcome]:
    """Generate for each sequence that a name stands for, see `generate`; one that fails does not stop the others."""
    # Torch takes seconds to import, and --help does not wait for it.
    from inference.performer import Performer
    from inference.postprocessing import Finish
    from inference.pretrained import load_trained

    for name in settings.render:
        registry.find("renderer", name)  # a mistake shows before the work, not after it
    finish = Finish.of(settings)
    performer = Performer(load_trained(checkpoint, device_named(settings.device)), settings)
    recordings = iter(performer.recordings(sequence or _random_sequence(performer.corpus, settings.seed)))
    _try_out(finish, performer)
    folder = _results_folder(performer, checkpoint)
    while coming := list(islice(recordings, READ_AHEAD * settings.batch_size)):
        materials: list[Material] = []
        for recording in coming:
            log.info("generating for %s with %s", recording.sequence_id, checkpoint)
            try:
                materials.append(performer.material(recording))
            except command.USER_MISTAKES as mistake:
                yield Outcome(recording.sequence_id, mistake=mistake)
        for material, samples in performer.perform(materials):
            try:
                yield _written(performer, material, samples, folder, finish)
            except command.USER_MISTAKES as mistake:
                yield Outcome(material.recording.sequence_id, mistake=mistake)


def _written(
    performer: "Performer", material: "Material", samples: Sequence["Sample"], folder: Path, finish: "Finish"
) -> Outcome:
    """Write what was generated for one sequence, with a bar for each file."""
    sequence_id = material.recording.sequence_id
    with Bars() as bars:
        title = f"{folder.name}   {sequence_id}"
        files = write(performer, material, samples, folder, finish, title=title, progress=bars.show)
    return Outcome(sequence_id, tuple(files))


def write(
    performer: "Performer",
    material: "Material",
    samples: Sequence["Sample"],
    folder: Path,
    finish: "Finish",
    *,
    title: str,
    progress: Callable[[str, int, int], object],
) -> list[Path]:
    """Write what a performer generated for one sequence, as its settings say; the paths of the files.

    `progress` is called with a file's name and how many of its frames are finished, of how many.
    """
    from inference.export import Result, export
    from inference.reading import decoding

    settings, recording = performer.settings, material.recording
    result = Result(
        recording.sequence_id,
        samples,
        {name: decoding(recording, feature) for name, feature in performer.features.items()},
        recording.raw.get("audio"),
        {name: values[: material.frames] for name, values in material.truth.items()},
    )
    appearance = {"title": title, "finish": finish, "size": settings.picture_size, "progress": progress}
    return export(result, performer.features, folder, settings.render, **appearance)


def _try_out(finish: "Finish", performer: "Performer") -> None:
    """Finish a single frame, so that what cannot be done to this skeleton shows before the work."""
    from inference.export import is_motion

    for window in performer.loaded.outputs:
        feature = performer.features.get(window.modality)
        if feature is not None and is_motion(feature):
            finish.generated(feature.decode(np.zeros((1, feature.dim), np.float32)))


def _results_folder(performer: "Performer", checkpoint: str | Path) -> Path:
    settings = performer.settings
    trained = Path(str(getattr(performer.loaded.opt, "experiment", ""))).name  # what a foreign file says is no path
    name = settings.experiment or trained or Path(checkpoint).stem
    return Path(settings.output_folder or home() / "inference" / "generated") / name


def device_named(name: str) -> str:
    """The device's name for torch; ValueError where this machine has none of that name."""
    import torch

    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"--device {name} cannot be used: {str(error).splitlines()[0]}; try cpu, or auto") from error
    return name


def _random_sequence(corpus: Path, seed: int) -> str:
    """Any sequence of the test split."""
    ids = store.read_split(corpus, "test")
    if not ids:
        raise ValueError(f"the test split of {corpus} is empty; name a sequence or a sound file")
    return random.Random(seed).choice(ids)


if __name__ == "__main__":
    command.run(main)
