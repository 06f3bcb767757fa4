"""Trials of gesture models: they hear new talks of the demo corpus, and what their hands do is counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from data.demo_gestures import APEX_DELAY_S, BEAT_RAISE_S, gesticulate
from data.demo_recognise import recognise_gestures, score_gestures
from data.demo_speech import DURATION_S, KEYWORDS, Recording, write_speeches
from data.demo_voice import SAMPLE_RATE, synthesise
from feature_extraction.audio import Audio
from feature_extraction.feature import Feature
from feature_extraction.motion.skeleton import Motion, joint_positions
from feature_extraction.text.transcript import Transcript, Word
from inference.sampler import autoregress
from models import LoadedModel

WITHIN_S = 1.0
"""A keyword's gesture has its apex this near to where the corpus would have it; speech this far from any such place is
free of keywords."""
HANDS = ("LeftHand", "RightHand")
SHIFTS = 20
"""So many times the stresses of a talk are put elsewhere, to see what the hands do at any time."""


@dataclass(frozen=True)
class Trial:
    """What a motion shows of the talk that it goes with."""

    recall: float
    """The part of the keywords whose gesture is made at its time."""
    false_alarms: float
    """Gestures made while no keyword is near."""
    free_s: float
    """How long no keyword is near, seconds."""
    beat: float
    """How far the hands drop at stressed syllables without a keyword near, cm, more than at any other time."""


@dataclass(frozen=True)
class Talk:
    """A recording that no model has heard."""

    recording: Recording

    @cached_property
    def sound(self) -> Audio:
        """Its sound."""
        return Audio(synthesise(self.recording).astype(np.float32), SAMPLE_RATE)

    @cached_property
    def called(self) -> list[tuple[str, float]]:
        """The gestures that its keywords call, and the instants that their apexes have on average."""
        return [(KEYWORDS[word.word], word.start_s + APEX_DELAY_S) for word in self.recording.keywords]

    @property
    def transcript(self) -> Transcript:
        """Its words."""
        return Transcript(tuple(Word(*word) for word in self.recording.words))

    def shuffled(self, rng: np.random.Generator) -> Transcript:
        """Its words in another order, at the times of the true ones."""
        order = rng.permutation(len(self.recording.words))
        said = [self.recording.words[place].word for place in order]
        return Transcript(
            tuple(Word(text, word.start_s, word.end_s) for text, word in zip(said, self.recording.words, strict=True))
        )

    def performed(self, seed: int) -> Motion:
        """A performance as valid as the corpus's own."""
        return gesticulate(self.recording, seed)

    def is_free(self, instants: np.ndarray) -> np.ndarray:
        """Whether no keyword is near, at each of the instants."""
        apexes = np.array([instant for _, instant in self.called])
        return np.abs(np.asarray(instants)[:, None] - apexes).min(axis=1, initial=np.inf) > WITHIN_S


def new_talks(seed: int, count: int) -> list[Talk]:
    """Talks of another demo corpus than the one of seed 0, whose words and gestures are the same."""
    return [Talk(recording) for recording in write_speeches(seed)[:count]]


def generate(loaded: LoadedModel, talks: Sequence[Talk], transcripts: Sequence[Transcript]) -> list[Motion]:
    """What a model makes of each talk with the words of each transcript, from the mean pose on."""
    features = {name: Feature.from_dict(each) for name, each in loaded.features.items()}
    [output] = loaded.outputs
    frames = round(DURATION_S * features[output.modality].fps)
    read = [window.modality for window in loaded.inputs if window.modality not in loaded.model.feedback]
    sounds: dict[int, dict[str, np.ndarray]] = {id(talk): {} for talk in talks}
    batch: dict[str, list[np.ndarray]] = {name: [] for name in read}
    for talk, transcript in zip(talks, transcripts, strict=True):
        for name in read:
            if features[name].source == "text":
                batch[name].append(features[name].encode(transcript, frames))
                continue
            known = sounds[id(talk)]
            known[name] = known[name] if name in known else features[name].encode(talk.sound, frames)
            batch[name].append(known[name])
    made = autoregress(loaded.model, {name: np.stack(each) for name, each in batch.items()}, frames=frames)
    return [features[output.modality].decode(values) for values in made[output.modality].cpu().numpy()]


def judge(talk: Talk, motion: Motion, rng: np.random.Generator) -> Trial:
    """Count what a motion shows of a talk."""
    found = recognise_gestures(motion)
    recall = score_gestures(found, talk.called, DURATION_S, WITHIN_S)["recall"]
    instants = np.arange(0.0, DURATION_S, 0.05)
    alarms = talk.is_free(np.array([instant for _, instant in found])) if found else np.zeros(0)
    return Trial(recall, int(alarms.sum()), 0.05 * int(talk.is_free(instants).sum()), beat_response(talk, motion, rng))


def beat_response(talk: Talk, motion: Motion, rng: np.random.Generator) -> float:
    """How far the hands drop at stresses, cm, less what they drop at stresses put elsewhere in the talk."""
    stresses = np.array(talk.recording.stresses)
    shifts = rng.uniform(1.0, DURATION_S - 1.0, SHIFTS)
    elsewhere = ((stresses + shifts[:, None]) % DURATION_S).ravel()
    height = joint_positions(motion)[:, [motion.skeleton.index(name) for name in HANDS], 1].mean(axis=1)
    at_stress, at_any = (
        _drop(height, motion.fps, instants[talk.is_free(instants)]) for instants in (stresses, elsewhere)
    )
    return at_stress - at_any


def _drop(height: np.ndarray, fps: float, instants: np.ndarray) -> float:
    """The mean fall from the middle of a beat to its end."""
    times = np.arange(len(height)) / fps
    return float(np.mean(np.interp(instants - BEAT_RAISE_S / 2, times, height) - np.interp(instants, times, height)))
