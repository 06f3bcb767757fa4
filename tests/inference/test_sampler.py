"""The sampler's laws: exact length, no look-ahead, nothing shared between the rows of a batch."""

import argparse
from typing import ClassVar

import pytest
import torch

from inference.sampler import autoregress, leading_frames, most_frames_at_a_time
from models.base_model import BaseModel
from models.windows import Window

CONTEXT, AHEAD, GIVEN = 6, 3, 2
MOTION = Window("motion", dim=2, length=CONTEXT)
SOUND = Window("sound", dim=1, length=CONTEXT + AHEAD)
OUTPUT = Window("motion", dim=2, length=GIVEN, offset=CONTEXT)


class ToyModel(BaseModel):
    """Reads every frame of its windows with a weight of its own, and adds noise by temperature."""

    def losses(self, batch):
        raise NotImplementedError

    def sample(self, inputs, *, temperature=1.0, generator=None, state=None):
        rows = len(next(iter(inputs.values())))
        code = torch.zeros(rows)
        for window in self.inputs:
            weights = torch.linspace(0.1, 1.0, window.length)[:, None] / window.length
            code = code + (inputs[window.modality].float() * weights).sum(dim=(1, 2))
        generators = [generator] if isinstance(generator, torch.Generator) else generator or [None] * rows
        noise = torch.stack([torch.randn((), generator=each) for each in generators])
        state = (state or 0) + 1
        predicted = {}
        for window in self.outputs:
            time = torch.arange(window.length)[None, :, None] * 0.01
            value = torch.cos(code + temperature * 0.1 * noise)[:, None, None] + time
            predicted[window.modality] = value.expand(rows, window.length, window.dim)
        return predicted, state


def toy(inputs=(MOTION, SOUND), outputs=(OUTPUT,)):
    return ToyModel(argparse.Namespace(), inputs, outputs)


def sound(frames, rows=None):
    shape = (frames, 1) if rows is None else (rows, frames, 1)
    return torch.randn(shape, generator=torch.Generator().manual_seed(frames))


def seed_motion():
    return torch.randn(CONTEXT, 2, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("frames", [1, 2, 5, 37])
@pytest.mark.parametrize("per_step", [1, 2])
def test_n_frames_of_sound_give_n_frames_of_motion(frames, per_step):
    made = autoregress(toy(), {"sound": sound(frames)}, frames=frames, frames_per_step=per_step, temperature=0.0)
    assert made["motion"].shape == (frames, 2)
    assert made["motion"].abs().min() > 0  # each frame was written


def test_matches_a_plain_loop_over_windows():
    frames, audio, seed = 12, sound(12), seed_motion()
    made = autoregress(toy(), {"sound": audio}, {"motion": seed}, frames=frames, temperature=0.0)["motion"]
    padded = torch.cat([audio[:1].expand(CONTEXT, 1), audio, audio[-1:].expand(AHEAD, 1)])
    motion = seed.clone()
    for now in range(frames):
        inputs = {"motion": motion[None, now : now + CONTEXT], "sound": padded[None, now : now + CONTEXT + AHEAD]}
        predicted, _ = toy().sample(inputs, temperature=0.0)
        motion = torch.cat([motion, predicted["motion"][0, :1]])
    torch.testing.assert_close(made, motion[CONTEXT:])


@pytest.mark.parametrize("per_step", [1, 2])
def test_no_frame_depends_on_sound_beyond_the_declared_window(per_step):
    frames, changed = 30, 20
    audio = sound(frames)
    other = audio.clone()
    other[changed:] += 5.0
    both = [
        autoregress(toy(), {"sound": each}, frames=frames, frames_per_step=per_step, temperature=0.0)["motion"]
        for each in (audio, other)
    ]
    differs = (both[0] != both[1]).any(dim=1)
    first = changed - AHEAD + 1  # the earliest frame whose window [.., frame + AHEAD) holds the change
    first -= first % per_step  # frames of one step share a window
    assert not differs[:first].any()
    assert differs[first]


def test_teacher_forcing_reads_the_truth():
    frames, audio = 15, sound(15)
    truth = torch.randn(frames, 2, generator=torch.Generator().manual_seed(3))
    features = {"sound": audio, "motion": truth}
    forced = autoregress(toy(), features, frames=frames, teacher_forcing=True, temperature=0.0)["motion"]
    alone = autoregress(toy(), {"sound": audio[9:]}, {"motion": truth[9 - CONTEXT : 9]}, frames=1, temperature=0.0)[
        "motion"
    ]
    inputs = {"motion": truth[None, 9 - CONTEXT : 9], "sound": audio[None, 9 - CONTEXT : 9 + AHEAD]}
    torch.testing.assert_close(forced[9], toy().sample(inputs, temperature=0.0)[0]["motion"][0, 0])
    assert alone.shape == (1, 2)


def test_a_row_does_not_depend_on_what_shares_the_batch():
    frames, audio = 20, sound(20, rows=3)
    seeds = torch.randn(3, CONTEXT, 2, generator=torch.Generator().manual_seed(5))

    def generators(rows):
        return [torch.Generator().manual_seed(row) for row in rows]

    together = autoregress(toy(), {"sound": audio}, {"motion": seeds}, frames=frames, generator=generators(range(3)))
    for row in range(3):
        alone = autoregress(
            toy(), {"sound": audio[row]}, {"motion": seeds[row]}, frames=frames, generator=generators([row])
        )
        torch.testing.assert_close(together["motion"][row], alone["motion"])


def test_one_song_with_several_generators_gives_samples_that_differ():
    generators = [torch.Generator().manual_seed(seed) for seed in (1, 2)]
    made = autoregress(toy(), {"sound": sound(10, rows=1).expand(2, -1, -1)}, frames=10, generator=generators)["motion"]
    assert made.shape == (2, 10, 2)
    assert (made[0] != made[1]).any()


def test_frames_before_the_start_are_the_seed():
    seed = seed_motion()
    made = autoregress(toy(), {"sound": sound(10)}, {"motion": seed}, frames=10, start=4, temperature=0.0)["motion"]
    assert torch.equal(made[:4], seed[-4:])
    assert (made[4:] != 0).all()


def test_a_seed_of_another_length_is_cut_or_continued():
    long = torch.cat([torch.ones(3, 2), seed_motion()])
    same = [autoregress(toy(), {"sound": sound(8)}, {"motion": seed}, frames=8, temperature=0.0)["motion"]
            for seed in (seed_motion(), long)]  # fmt: skip
    assert torch.equal(*same)
    short = autoregress(toy(), {"sound": sound(8)}, {"motion": torch.ones(1, 2)}, frames=8, temperature=0.0)["motion"]
    full = autoregress(toy(), {"sound": sound(8)}, {"motion": torch.ones(6, 2)}, frames=8, temperature=0.0)["motion"]
    assert torch.equal(short, full)


def test_shifted_outputs_give_their_last_frame():
    shifted = Window("motion", dim=2, length=CONTEXT, offset=1)
    assert leading_frames(toy(outputs=(shifted,))) == CONTEXT
    assert most_frames_at_a_time(toy(outputs=(shifted,))) == 1


def test_without_feedback_whole_windows_are_used():
    calls = []
    model = toy(inputs=(Window("sound", 1, 8),), outputs=(Window("motion", 2, 8, offset=0),))
    made = autoregress(model, {"sound": sound(20)}, frames=20, temperature=0.0, progress=calls.append)
    assert calls == [8, 8, 4]
    assert made["motion"].shape == (20, 2)


def test_a_label_is_read_at_every_step():
    label = Window("style", dim=1, length=1, discrete=True, num_tokens=3, single=True)
    made = [
        autoregress(toy((MOTION, SOUND, label)), {"sound": sound(9), "style": [[token]]}, frames=9, temperature=0.0)
        for token in (0, 2)
    ]
    assert (made[0]["motion"] != made[1]["motion"]).all()


def test_the_model_is_left_in_its_mode():
    model = toy().train()
    autoregress(model, {"sound": sound(3)}, frames=3)
    assert model.training


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"features": {}}, "needs sound"),
        ({"features": {"sound": torch.zeros(5, 3)}}, r"\(frames, 1\)"),
        ({"features": {"sound": torch.zeros(5, 1)}, "frames_per_step": 3}, "1 to 2"),
        ({"features": {"sound": torch.zeros(2, 5, 1)}, "generator": torch.Generator()}, "batch of 2"),
        ({"features": {"sound": torch.zeros(2, 5, 1)}, "seeds": {"motion": torch.zeros(3, 6, 2)}}, r"\[2, 3\]"),
    ],
)
def test_what_does_not_fit_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        autoregress(toy(), **arguments, frames=5)


def test_outputs_that_hold_nothing_new_are_refused():
    with pytest.raises(ValueError, match="no new frame"):
        autoregress(toy(outputs=(Window("motion", 2, 3, offset=1),)), {"sound": sound(3)}, frames=3)


def test_padding_stands_where_windows_reach_over_the_ends():
    context = Window("sound", dim=1, length=2 * AHEAD + 1, offset=-AHEAD, padding=(7.0,))
    output = Window("motion", dim=2, length=1)
    padded = autoregress(toy([context], [output]), {"sound": sound(20)}, frames=20, temperature=0.0)["motion"]
    plain = Window("sound", dim=1, length=2 * AHEAD + 1, offset=-AHEAD)
    ends = torch.full((AHEAD, 1), 7.0)
    written_out = {"sound": torch.cat([ends, sound(20), ends])}
    expected = autoregress(toy([plain], [output]), written_out, frames=20 + 2 * AHEAD, temperature=0.0)["motion"]
    torch.testing.assert_close(padded, expected[AHEAD:-AHEAD])


def test_frames_that_two_steps_predict_are_cross_faded():
    """Of 5 predicted frames 3 are used; the next step predicts 2 of the rest again and takes over frame by frame."""
    model = toy(outputs=(Window("motion", dim=2, length=5, offset=CONTEXT),))
    audio = sound(9)
    options = {"frames": 9, "frames_per_step": 3, "temperature": 0.0}
    made = autoregress(model, {"sound": audio}, {"motion": seed_motion()}, **options)["motion"]
    padded = torch.cat([audio[:1].expand(CONTEXT, 1), audio, audio[-1:].expand(AHEAD, 1)])
    motion, left = seed_motion(), None
    for now in range(0, 9, 3):
        inputs = {"motion": motion[None, now : now + CONTEXT], "sound": padded[None, now : now + CONTEXT + AHEAD]}
        new = model.sample(inputs, temperature=0.0)[0]["motion"][0].clone()
        if left is not None:
            new[0] = 2 / 3 * left[0] + 1 / 3 * new[0]
            new[1] = 1 / 3 * left[1] + 2 / 3 * new[1]
        motion, left = torch.cat([motion, new[:3]]), new[3:].clone()
    torch.testing.assert_close(made, motion[CONTEXT:])


def test_a_modality_can_be_mixed_in_its_own_way():
    model = toy(outputs=(Window("motion", dim=2, length=5, offset=CONTEXT),))
    shares = []

    def later(before, after, share):
        shares.append(share)
        return after

    options = {"frames": 8, "frames_per_step": 4, "temperature": 0.0}
    made = autoregress(model, {"sound": sound(8)}, blends={"motion": later}, **options)["motion"]
    mixed = autoregress(model, {"sound": sound(8)}, **options)["motion"]
    assert [share.tolist() for share in shares] == [[[0.5]]]
    assert (made[4] != mixed[4]).any()
    assert torch.equal(made[:4], mixed[:4])


class ForeseeingModel(ToyModel):
    """A toy that sums what it hears ahead of time, and adds the motion that it had not seen then."""

    calls: ClassVar[list[int]] = []

    def foresee(self, inputs):
        self.calls.append(len(inputs["sound"]))
        return {"sums": inputs["sound"].sum(dim=(1, 2)) + inputs["motion"].sum(dim=(1, 2))}

    def sample_step(self, inputs, step, *, temperature=1.0, generator=None, state=None):
        known = step.foreseen.get("sums", inputs["sound"].sum(dim=(1, 2)) + inputs["motion"].sum(dim=(1, 2)))
        fresh = (0 if not step.foreseen else 1) * inputs["motion"][:, CONTEXT - step.unforeseen.get("motion", 0) :].sum(
            dim=(1, 2)
        )
        code = torch.cos(0.1 * (known + fresh))[:, None, None]
        return {"motion": code.expand(-1, step.wanted(CONTEXT, GIVEN), 2)}, state


@pytest.mark.parametrize("per_step", [1, 2])
def test_what_is_foreseen_is_what_would_have_been_computed(per_step):
    features, seeds = {"sound": sound(21)}, {"motion": seed_motion()}
    model = ForeseeingModel(argparse.Namespace(), (MOTION, SOUND), (OUTPUT,))
    ForeseeingModel.calls.clear()
    made = autoregress(model, features, seeds, frames=21, frames_per_step=per_step)["motion"]
    assert max(ForeseeingModel.calls) > 1
    crowd = {name: values.expand(16, -1, -1) for name, values in features.items()}
    alone = autoregress(model, crowd, seeds, frames=21, frames_per_step=per_step)["motion"]
    torch.testing.assert_close(made, alone[3])


def test_without_a_seed_the_padding_of_its_window_is_the_past():
    resting = Window("motion", dim=2, length=CONTEXT, padding=(0.5, -0.5))
    past = torch.tensor([[0.5, -0.5]]).expand(CONTEXT, 2)
    without = autoregress(toy((resting, SOUND)), {"sound": sound(9)}, frames=9, temperature=0.0)["motion"]
    given = autoregress(toy(), {"sound": sound(9)}, {"motion": past}, frames=9, temperature=0.0)["motion"]
    assert torch.equal(without, given)


def test_five_minutes_of_sound_give_five_minutes_of_motion():
    frames = 6000
    calls = []
    made = autoregress(toy(), {"sound": sound(frames)}, frames=frames, frames_per_step=2, progress=calls.append)
    assert made["motion"].shape == (frames, 2)
    assert sum(calls) == frames
