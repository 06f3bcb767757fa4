"""The generation command: a checkpoint and a sequence, or any sound file, to arrays, BVH and video."""

import logging
import random
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

import command
import registry
from feature_extraction import store
from feature_extraction.feature import Feature
from inference.options import parse
from inference.recording import Recording, decoding, find_recording, read_feature
from training.options.paths import home

if TYPE_CHECKING:
    from models import LoadedModel

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Generate what the arguments say and print the files written."""
    opt = parse(sys.argv[1:] if argv is None else argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    for folder in filter(None, opt.pop("plugin_dir").split(",")):
        registry.add_plugin_dir(folder)
    for path in generate(**opt):
        print(path)
    return 0


def generate(
    checkpoint: str | Path,
    sequence: str = "",
    *,
    experiment: str = "",
    data_dir: str | Path = "",
    output_folder: str | Path = "",
    render: Sequence[str] = ("bvh", "mp4"),
    seeds: Mapping[str, str] | None = None,
    seed: int = 0,
    temperature: float = 1.0,
    max_length: int = 0,
    num_samples: int = 1,
    frames_per_step: int | None = None,
    teacher_forcing: bool = False,
    ground_truth: bool = False,
    keep_seed: bool = False,
    smooth: bool = False,
    audio_format: str = "",
    device: str = "auto",
) -> list[Path]:
    """Generate motion for one sequence with a trained model; the paths of the files written.

    Args:
        checkpoint: file of training; nothing else of the training machine is needed.
        sequence: a sequence id of `data_dir`, or the path of a sound file; a random one of the test split if empty.
        experiment: name of the results' folder; by default that of the run that made the checkpoint.
        data_dir: the corpus; by default the one that the model was trained on.
        output_folder: the results go to `<output_folder>/<experiment>`; by default `inference/generated`.
        render: short names of renderers.
        seeds: modality -> sequence id whose beginning is the seed motion.
        seed: of the random generators; sample k takes seed + k.
        temperature: scale of the randomness.
        max_length: most frames to generate; 0 for no limit.
        num_samples: how many motions to generate for the sequence.
        frames_per_step: how many predicted frames to use at a time; see `sampler.autoregress`.
        teacher_forcing: let the model read the recorded motion in place of its own.
        ground_truth: show the recorded motion beside the generated one.
        keep_seed: begin with the seed motion instead of generating from time 0.
        smooth: smooth the values before they are decoded.
        audio_format: ending of the sound file where a sequence has several.
        device: "cpu", "cuda", ... or "auto": the GPU where there is one.

    Raises:
        ValueError: for a checkpoint of something else, or sound that cannot be read.
        LookupError: for an unknown sequence or renderer; the message has the nearest names.
        FileNotFoundError: for a missing file or folder.
    """
    # Torch takes seconds to import, and --help does not wait for it.
    from inference.export import Result, export, smoothed
    from models import load_model

    for name in render:
        registry.find("renderer", name)  # a mistake shows before the work, not after it
    loaded = load_model(checkpoint, _device(device))
    features = {name: Feature.from_dict(each) for name, each in loaded.features.items()}
    corpus = Path(data_dir) if data_dir else home() / loaded.opt.data_dir
    modalities = [window.modality for window in (*loaded.inputs, *loaded.outputs)]
    recording = find_recording(sequence or _random_sequence(corpus), corpus, modalities, audio_format)
    log.info("generating for %s with %s", recording.sequence_id, checkpoint)
    given = _conditioning(loaded, recording, features)
    own = _own_motion(loaded, recording, features, needed=teacher_forcing or ground_truth or (keep_seed and not seeds))
    past = _seed_motion(loaded, own, seeds or {}, corpus, features)
    samples = _sampled(
        loaded,
        given | own if teacher_forcing else given,
        past,
        frames=_frames(given | own if teacher_forcing or not given else given, loaded, max_length),
        keep_seed=keep_seed,
        seeds=range(seed, seed + num_samples),
        temperature=temperature,
        frames_per_step=frames_per_step,
        teacher_forcing=teacher_forcing,
    )
    result = Result(
        recording.sequence_id,
        [{name: smoothed(values) for name, values in sample.items()} for sample in samples] if smooth else samples,
        {name: decoding(recording, feature) for name, feature in features.items()},
        recording.raw.get("audio"),
        {modality: own[modality][: len(samples[0][modality])] for modality in own} if ground_truth else {},
    )
    name = experiment or getattr(loaded.opt, "experiment", "") or Path(checkpoint).stem
    folder = Path(output_folder or home() / "inference" / "generated") / name
    with _Bars() as bars:
        return export(result, features, folder, render, title=f"{name}   {recording.sequence_id}", progress=bars.show)


def _conditioning(
    loaded: "LoadedModel", recording: Recording, features: Mapping[str, Feature]
) -> dict[str, np.ndarray]:
    """The arrays of the modalities that the model reads and does not give."""
    given = {}
    for window in loaded.inputs:
        if window.modality in loaded.model.feedback:
            continue
        values = read_feature(recording, window.modality, features.get(window.modality))
        if values is None:
            source = features[window.modality].source if window.modality in features else "prepared"
            raise FileNotFoundError(
                f"the model reads {window.modality}, and {recording.sequence_id} has neither "
                f"{recording.sequence_id}.{window.modality}.npy nor a {source} file"
            )
        given[window.modality] = values
    return given


def _own_motion(
    loaded: "LoadedModel", recording: Recording, features: Mapping[str, Feature], needed: bool
) -> dict[str, np.ndarray]:
    """The recorded arrays of the modalities that the model gives, where there are any."""
    own = {}
    for window in loaded.outputs:
        try:
            values = read_feature(recording, window.modality, features.get(window.modality))
        except ValueError as error:
            if needed:
                raise
            log.warning("the motion of %s is not used as seed: %s", recording.sequence_id, error)
            continue
        if values is not None:
            own[window.modality] = values
        elif needed:
            raise FileNotFoundError(
                f"{recording.sequence_id} has no recorded {window.modality}, which --teacher_forcing, --ground_truth "
                "and --keep_seed need"
            )
    return own


def _seed_motion(
    loaded: "LoadedModel",
    own: Mapping[str, np.ndarray],
    wanted: Mapping[str, str],
    corpus: Path,
    features: Mapping[str, Feature],
) -> dict[str, np.ndarray]:
    """The frames before time 0: of the sequences asked for, else of the recording, else of the checkpoint."""
    from inference.sampler import leading_frames

    unknown = sorted(set(wanted) - set(loaded.model.feedback))
    if unknown:
        known = ", ".join(loaded.model.feedback) or "none"
        raise ValueError(f"--seeds names {', '.join(unknown)}; what this model can begin with: {known}")
    reading = {window.modality: window for window in loaded.inputs if window.modality in loaded.model.feedback}
    context = leading_frames(loaded.model) - min((window.offset for window in reading.values()), default=0)
    past = {}
    for name in reading:
        values = own.get(name)
        if name in wanted:
            values = read_feature(find_recording(wanted[name], corpus, [name]), name, features.get(name))
            if values is None:
                raise FileNotFoundError(f"--seeds: {wanted[name]} has no {name} in {corpus}")
        if values is None and name in loaded.seeds:
            values = np.array(loaded.seeds[name], dtype=np.float32)
        if values is not None:
            past[name] = values[:context]
    return past


def _frames(arrays: Mapping[str, np.ndarray], loaded: "LoadedModel", most: int) -> int:
    """How many frames to generate: as many as the shortest of what is read, `most` at most."""
    single = {window.modality for window in loaded.inputs if window.single}
    lengths = [len(values) for name, values in arrays.items() if name not in single]
    if not lengths and not most:
        raise ValueError("nothing says how long the motion is to be; give --max_length")
    return min([*lengths, most]) if most else min(lengths)


def _sampled(
    loaded: "LoadedModel",
    given: Mapping[str, np.ndarray],
    past: Mapping[str, np.ndarray],
    *,
    frames: int,
    keep_seed: bool,
    seeds: range,
    **options: Any,
) -> list[dict[str, np.ndarray]]:
    """One sample for each random seed: modality -> (frames, dim) scaled values."""
    import torch

    from inference.sampler import autoregress

    device = next(loaded.model.parameters()).device
    batch = {name: np.repeat(values[None], len(seeds), axis=0) for name, values in given.items()}
    began = time.perf_counter()
    with tqdm(total=frames, desc="generating", unit="frame", leave=False) as bar:
        made = autoregress(
            loaded.model,
            batch,
            past,
            frames=frames,
            start=min([frames, *map(len, past.values())]) if keep_seed else 0,
            generator=[torch.Generator(device).manual_seed(seed) for seed in seeds],
            progress=bar.update,
            **options,
        )
    speed = frames * len(seeds) / (time.perf_counter() - began)
    log.info("%d frames at %.0f frames/s", frames * len(seeds), speed)
    arrays = {name: values.cpu().numpy() for name, values in made.items()}
    return [{name: values[row] for name, values in arrays.items()} for row in range(len(seeds))]


class _Bars:
    """Progress bars, one after the other, of files that are written frame by frame."""

    def __init__(self) -> None:
        self._file = ""
        self._bar = tqdm(disable=True)

    def __enter__(self) -> "_Bars":
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def show(self, file: str, finished: int, total: int) -> None:
        """Say that so many of a file's frames are finished."""
        if file != self._file:
            self._bar.close()
            self._file, self._bar = file, tqdm(desc=file, total=total, unit="frame", leave=False)
        self._bar.update(finished - self._bar.n)


def _device(name: str) -> str:
    """The device's name for torch; ValueError where this machine has none of that name."""
    import torch

    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"--device {name} cannot be used: {str(error).splitlines()[0]}; try cpu, or auto") from error
    return name


def _random_sequence(corpus: Path) -> str:
    """Any sequence of the test split."""
    ids = store.read_split(corpus, "test")
    if not ids:
        raise ValueError(f"the test split of {corpus} is empty; name a sequence or a sound file")
    return random.choice(ids)


if __name__ == "__main__":
    command.run(main)
