"""A stream gives what the sampler gives for the whole, at a cost and in a memory that stay the same."""

import shutil
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from inference.sampler import autoregress
from inference.stream import Stream
from models import create_model
from models.base_model import BaseModel
from models.flows.couplings import ChannelCoupling
from models.windows import Window
from training.options import parse

MOTION, SOUND, TARGET = Window("motion", 5, 13), Window("sound", 3, 17), Window("motion", 5, 4, offset=13)
SIZES = "--dhid 16 --nlayers 2 --nhead 2 --dropout 0"
COUPLINGS = "--dhid_flow 16 --num_glow_coupling_blocks 1 --use_transformer_nn --num_heads_flow 2"
FLOW = f"{COUPLINGS} --scales [[2,0]]"
IN_ORDER = f"--model transflower --causal --cond_concat_dims {COUPLINGS}"
CAUSAL = {
    "transformer": "--model transformer --causal",
    "transformer, pre-norm": "--model transformer --causal --pre_norm",
    "transflower": f"--model transflower --causal {FLOW}",
    "transflower, with a mean": f"--model transflower --causal --residual --cond_concat_dims {FLOW}",
    "transflower, with a mean in the same slots": f"--model transflower --causal --residual --residual_loss=sum {FLOW}",
    "transflower, frame after frame": f"{IN_ORDER} --scales [[2,0]]",
    "transflower, in pairs of frames": f"{IN_ORDER} --scales [[2,1],[1,1]]",
    "residualflower": f"--model residualflower --causal {FLOW}",
}
OTHERS = {
    "transformer that reads windows": "--model transformer",
    "transflower that reads windows": f"--model transflower --glow_norm_layer actnorm {FLOW}",
}


def build(words: str, inputs: Sequence[Window] = (MOTION, SOUND), outputs: Sequence[Window] = (TARGET,)) -> BaseModel:
    opt = parse([*words.split(), *SIZES.split(), "--experiment_name", "stream"])
    torch.manual_seed(0)
    return create_model(opt, inputs, outputs).eval()


def noise(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def sound(frames: int, dim: int = 3) -> Tensor:
    return torch.randn(frames, dim, generator=noise(frames))


def streamed(model: BaseModel, heard: Tensor, pieces: Sequence[int], **options: Any) -> Tensor:
    stream = Stream(model, generator=noise(1), **options)
    poses = [stream.push({"sound": piece})["motion"] for piece in heard.split(list(pieces))]
    return torch.cat([*poses, stream.finish()["motion"]])


@pytest.mark.parametrize("name", [*CAUSAL, *OTHERS])
@pytest.mark.parametrize("per_step", [1, 3])
def test_streaming_gives_what_is_generated_offline(name: str, per_step: int) -> None:
    model = build((CAUSAL | OTHERS)[name])
    heard, seed = sound(40), {"motion": torch.randn(13, 5, generator=noise(2))}
    offline = autoregress(model, {"sound": heard}, seed, frames=40, frames_per_step=per_step, generator=noise(1))
    poses = streamed(model, heard, [1] * 20 + [7, 13], seeds=seed, frames_per_step=per_step)
    torch.testing.assert_close(poses, offline["motion"], rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", CAUSAL)
@pytest.mark.parametrize("per_step", [1, 2, 4])
def test_what_is_kept_is_what_the_whole_windows_give(name: str, per_step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    model = build(CAUSAL[name])
    options: dict[str, Any] = {"frames": 30, "frames_per_step": per_step}
    kept = autoregress(model, {"sound": sound(30)}, **options, generator=noise(1))["motion"]
    monkeypatch.setattr(type(model), "sample_step", BaseModel.sample_step)
    anew = autoregress(model, {"sound": sound(30)}, **options, generator=noise(1))["motion"]
    torch.testing.assert_close(kept, anew, rtol=0, atol=1e-5)
    assert kept.std() > 0.1


@pytest.mark.parametrize("frames", [1, 2, 3, 11])
@pytest.mark.parametrize("per_step", [1, 3])
@pytest.mark.parametrize("ends", [10, 13, 15, 17])
def test_as_many_poses_come_as_frames_each_as_soon_as_it_can(frames: int, per_step: int, ends: int) -> None:
    """Sound that is heard ahead, up to the frame before, or long before."""
    heard = Window("sound", 3, ends)
    model = build(CAUSAL["transformer"], (MOTION, heard))
    stream = Stream(model, frames_per_step=per_step)
    assert stream.latency == max(ends - 14, 0)
    counts = [len(stream.push({"sound": frame[None]})["motion"]) for frame in sound(frames)]
    assert counts == [int(index >= stream.latency) for index in range(frames)]
    assert sum(counts) + len(stream.finish()["motion"]) == frames
    expected = autoregress(model, {"sound": sound(frames)}, frames=frames, frames_per_step=per_step)["motion"]
    torch.testing.assert_close(streamed(model, sound(frames), [frames], frames_per_step=per_step), expected)


@pytest.mark.parametrize("frames", [5, 20, 21, 50])
@pytest.mark.parametrize("heard", [Window("sound", 3, 10), Window("sound", 3, 4, offset=5)])
def test_a_step_may_give_more_frames_than_its_window_hears(frames: int, heard: Window) -> None:
    model = build("--model transformer --conditioning_from queries", (heard,), (Window("motion", 5, 20, offset=1),))
    options: dict[str, Any] = {"frames_per_step": 20}
    offline = autoregress(model, {"sound": sound(frames)}, frames=frames, generator=noise(1), **options)["motion"]
    for pieces in ([1] * frames, [frames]):
        torch.testing.assert_close(streamed(model, sound(frames), pieces, **options), offline, rtol=0, atol=1e-5)


def test_windows_that_reach_beyond_the_ends_are_padded() -> None:
    words = Window("sound", 3, 17, offset=-2, padding=(0.5, -0.5, 0.0))
    model = build(CAUSAL["transformer"], (MOTION, words))
    offline = autoregress(model, {"sound": sound(9)}, frames=9)["motion"]
    torch.testing.assert_close(streamed(model, sound(9), [4, 5]), offline, rtol=0, atol=1e-5)


def test_memory_and_work_stay_the_same() -> None:
    model = build(CAUSAL["transflower"])
    stream = Stream(model, generator=noise(1))
    positions: list[int] = []
    for layer in model.modules():
        if isinstance(layer, torch.nn.LayerNorm):
            layer.register_forward_hook(lambda module, given, made: positions.append(made.shape[1]))
    sizes, work = [], []
    for frame in sound(60):
        positions.clear()
        stream.push({"sound": frame[None]})
        sizes.append(sum(track.frames.untyped_storage().nbytes() for track in stream._tracks.values()))
        work.append(sum(positions))
    settled = slice(20, None)
    assert len(set(work[settled])) == 1
    assert len(set(sizes[settled])) == 1
    assert work[-1] < sum(window.length for window in (MOTION, SOUND)) * 4  # fewer than the windows have in each layer


@pytest.mark.parametrize(("per_step", "expected"), [(1, set()), (2, {3})])
def test_a_flow_in_order_computes_no_frame_that_is_not_read(per_step: int, expected: set[int]) -> None:
    """Of one frame the networks are not asked at all, `LoneFrame` stands in; of two, a third is cross-faded."""
    model = build(CAUSAL["transflower, frame after frame"])
    computed: set[int] = set()
    for coupling in model.modules():
        if isinstance(coupling, ChannelCoupling):
            coupling.net.register_forward_hook(lambda module, given, made: computed.add(made.shape[1]))
    streamed(model, sound(8), [8], frames_per_step=per_step)
    assert computed == expected


def test_no_pose_depends_on_sound_that_comes_later() -> None:
    model = build(CAUSAL["transflower"])
    heard = sound(40)
    changed = heard.clone()
    changed[25:] += 3
    both = [streamed(model, each, [40]) for each in (heard, changed)]
    differs = (both[0] != both[1]).any(dim=1)
    first = 25 - (SOUND.length - TARGET.offset) + 1
    assert not differs[:first].any()
    assert differs[first:].all()


@pytest.mark.parametrize(
    ("words", "inputs", "message"),
    [
        ("--use_rel_pos_emb_output", (MOTION, SOUND), "knows no slots"),
        ("--nlayers 20", (MOTION, SOUND), "less than 2 for each"),
        ("", (MOTION, SOUND, Window("style", 4, 1, single=True)), "style belongs to a whole sequence"),
    ],
)
def test_what_cannot_be_causal_is_named(words: str, inputs: Sequence[Window], message: str) -> None:
    opt = parse(["--model", "transformer", "--causal", *words.split(), "--experiment_name", "stream"])
    with pytest.raises(ValueError, match=message):
        create_model(opt, inputs, (TARGET,))


def test_frames_that_do_not_fit_are_named() -> None:
    stream = Stream(build(OTHERS["transformer that reads windows"]))
    with pytest.raises(ValueError, match="needs sound"):
        stream.push({})
    with pytest.raises(ValueError, match=r"\(frames, 3\)"):
        stream.push({"sound": torch.zeros(1, 4)})
    stream.finish()
    with pytest.raises(ValueError, match="finished"):
        stream.push({"sound": torch.zeros(1, 3)})


@pytest.mark.parametrize("name", ["transformer", "transflower that reads windows"])
def test_bfloat16_stays_near_and_leaves_the_model_alone(name: str) -> None:
    model = build((CAUSAL | OTHERS)[name])
    made = [
        autoregress(model, {"sound": sound(8)}, frames=8, generator=noise(1), precision=precision)["motion"]
        for precision in ("32", "bf16", "32")
    ]
    assert torch.equal(made[0], made[2])
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    difference = (made[1] - made[0]).square().mean().sqrt() / made[0].std()
    assert 1e-5 < difference < 0.05
    poses = streamed(model, sound(8), [8], precision="bf16")
    torch.testing.assert_close(poses, made[1], rtol=0, atol=0.05)
    with pytest.raises(ValueError, match="32 and bf16"):
        autoregress(model, {"sound": sound(8)}, frames=8, precision="16")


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("g++"), reason="there is no C++ compiler")
def test_a_compiled_model_gives_the_same() -> None:
    model = build(OTHERS["transflower that reads windows"])
    options: dict[str, Any] = {"frames": 12}
    plain, compiled = (
        autoregress(model, {"sound": sound(12)}, **options, generator=noise(1), compile=each)["motion"]
        for each in (False, True)
    )
    assert any(getattr(layer, "_compiled_call_impl", None) for layer in model.modules())
    torch.testing.assert_close(compiled, plain, rtol=0, atol=1e-5)


def test_compiling_without_a_compiler_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ValueError, match="needs a C\\+\\+ compiler"):
        autoregress(build(CAUSAL["transformer"]), {"sound": sound(2)}, frames=2, compile=True)


@pytest.mark.parametrize("name", ["transformer", "transflower"])
def test_a_causal_model_learns_from_windows(name: str) -> None:
    model = build(CAUSAL[name]).train()
    batch = {
        f"{side}_{window.modality}": torch.randn(8, window.length, window.dim, generator=noise(window.length))
        for side, window in (("in", MOTION), ("in", SOUND), ("out", TARGET))
    }
    optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)
    losses = []
    for _ in range(25):
        loss = model.losses(batch)["loss"]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert {key for key, value in model.named_parameters() if value.grad is None} == set()
    assert losses[-1] < 0.9 * losses[0]
