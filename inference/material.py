"""What a model is given for one recording: the features it reads, and the motion that it begins with."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from feature_extraction.feature import Feature
from feature_extraction.text.transcript import Transcript
from inference.reading import read_class, read_feature
from inference.recording import Recording, find_recording
from inference.sampler import leading_frames
from inference.seeds import drawn_seeds
from inference.settings import Settings
from models.base_model import BaseModel
from models.windows import Window

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Material:
    """Arrays (frames, dim) by modality, scaled as the model wants them."""

    recording: Recording
    read: Mapping[str, np.ndarray]
    """What the model reads and does not give; with teacher forcing also what it gives."""
    truth: Mapping[str, np.ndarray]
    """The recorded motion, where there is one and it is wanted."""
    pasts: Sequence[Mapping[str, np.ndarray]]
    """For each sample the frames before time 0, of what is fed back."""
    frames: int
    """How many to generate."""


def gather(
    recording: Recording,
    model: BaseModel,
    features: Mapping[str, Feature],
    stored_seeds: Mapping[str, Sequence[Sequence[float]]],
    corpus: Path,
    settings: Settings,
) -> Material:
    """Read all that generating for a recording takes.

    Args:
        recording: what to generate for.
        model: what reads it.
        features: modality -> how it is made of raw files.
        stored_seeds: modality -> frames of the checkpoint, for a recording without motion of its own.
        corpus: folder of the sequences that the settings name as seeds.
        settings: see there.

    Raises:
        ValueError: for a file that cannot be read, or that has other columns than the model wants.
        LookupError: for an unknown seed; the message has the nearest names.
        FileNotFoundError: if something is not there that the model or the settings need.
    """
    read = _conditioning(recording, model, features, settings.labels)
    own = _own_motion(recording, model, features, settings)
    if settings.teacher_forcing:
        read = read | own
    return Material(
        recording,
        read,
        own if settings.ground_truth else {},
        _pasts(recording, model, features, stored_seeds, own, corpus, settings),
        _frames(read or own, model, settings.max_length),
    )


def _conditioning(
    recording: Recording, model: BaseModel, features: Mapping[str, Feature], labels: Mapping[str, str]
) -> dict[str, np.ndarray]:
    """The arrays of the modalities that the model reads and does not give; silence for a missing transcript."""
    if unknown := sorted(set(labels) - {window.modality for window in model.inputs if window.discrete}):
        raise ValueError(f"--labels names {', '.join(unknown)}, which the model does not read as classes")
    given: dict[str, np.ndarray] = {}
    wordless: list[Window] = []
    for window in model.inputs:
        if window.modality in model.feedback:
            continue
        feature = features.get(window.modality)
        chosen = labels.get(window.modality)
        values = read_feature(recording, window, feature) if chosen is None else read_class(chosen, window, feature)
        if values is not None:
            given[window.modality] = values
        elif feature is not None and feature.source == "text":
            wordless.append(window)
        else:
            source = feature.source if feature is not None else "prepared"
            raise FileNotFoundError(
                f"the model reads {window.modality}, and {recording.sequence_id} has neither "
                f"{recording.sequence_id}.{window.modality}.npy nor a {source} file"
            )
    return given | _silent(recording, wordless, features, given, model)


def _silent(
    recording: Recording,
    wordless: Sequence[Window],
    features: Mapping[str, Feature],
    given: Mapping[str, np.ndarray],
    model: BaseModel,
) -> dict[str, np.ndarray]:
    """The words of a recording without a transcript: none, for as long as it lasts."""
    if not wordless:
        return {}
    single = {window.modality for window in model.inputs if window.single}
    frames = min((len(values) for name, values in given.items() if name not in single), default=0)
    if not frames:
        raise FileNotFoundError(
            f"the model reads words alone, and {recording.sequence_id} has no transcript; put "
            f"{recording.sequence_id}.json, .tsv or .TextGrid beside the sound, or say where it is with --text_folder"
        )
    log.warning("%s has no transcript: the motion is made as if no word was said", recording.sequence_id)
    return {window.modality: features[window.modality].encode(Transcript(), frames) for window in wordless}


def _own_motion(
    recording: Recording, model: BaseModel, features: Mapping[str, Feature], settings: Settings
) -> dict[str, np.ndarray]:
    """The recorded arrays of the modalities that the model gives, where there are any."""
    begins = settings.keep_seed and not (settings.seeds or settings.seeds_file)
    needed = settings.teacher_forcing or settings.ground_truth or begins
    own = {}
    for window in model.outputs:
        try:
            values = read_feature(recording, window, features.get(window.modality))
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


def _pasts(
    recording: Recording,
    model: BaseModel,
    features: Mapping[str, Feature],
    stored: Mapping[str, Sequence[Sequence[float]]],
    own: Mapping[str, np.ndarray],
    corpus: Path,
    settings: Settings,
) -> list[dict[str, np.ndarray]]:
    """For each sample the frames before time 0: of the sequences asked for, else of the recording or checkpoint."""
    reading = {window.modality: window for window in model.inputs if window.modality in model.feedback}
    context = leading_frames(model) - min((window.offset for window in reading.values()), default=0)
    usual = {name: np.array(values, dtype=np.float32) for name, values in stored.items()} | dict(own)
    asked: dict[tuple[str, str], np.ndarray] = {}
    pasts = []
    for wanted in drawn_seeds(settings, recording.sequence_id, corpus, model.feedback):
        for name, sequence in wanted.items():
            if (name, sequence) not in asked:
                asked[name, sequence] = _seed(sequence, reading[name], features.get(name), corpus)
        begin = usual | {name: asked[name, sequence] for name, sequence in wanted.items()}
        pasts.append({name: begin[name][:context] for name in reading if name in begin})
    return pasts


def _seed(sequence: str, window: Window, feature: Feature | None, corpus: Path) -> np.ndarray:
    values = read_feature(find_recording(sequence, corpus, [window.modality]), window, feature)
    if values is None:
        raise FileNotFoundError(f"the seed {sequence} has no {window.modality} in {corpus}")
    return values


def _frames(arrays: Mapping[str, np.ndarray], model: BaseModel, most: int) -> int:
    """How many frames to generate: as many as the shortest of what is read, `most` at most."""
    single = {window.modality for window in model.inputs if window.single}
    lengths = [len(values) for name, values in arrays.items() if name not in single]
    if not lengths and not most:
        raise ValueError("nothing says how long the motion is to be; give --max_length")
    return min([*lengths, most]) if most else min(lengths)
