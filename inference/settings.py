"""How to generate: one value for each thing that a caller may wish for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """What `generate` and a `Performer` are asked for; each has a default."""

    experiment: str = ""
    """Name of the results' folder; by default that of the run that made the checkpoint."""
    data_dir: str | Path = ""
    """The corpus that sequence ids and seeds are of; by default the one that the model was trained on."""
    output_folder: str | Path = ""
    """The results go to `<output_folder>/<experiment>`; by default `inference/generated`."""
    render: Sequence[str] = ("bvh", "mp4")
    """Short names of renderers."""
    audio_format: str = ""
    """Ending of the sound file where a sequence has several."""
    text_folder: str | Path = ""
    """Where the transcripts are; by default beside the sound."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Modality -> class, in place of what a sequence's name says."""
    use_scalers: bool = True
    """Scale what the model reads and unscale what it gives; without, all arrays are taken as they are."""
    seeds: Mapping[str, str] = field(default_factory=dict)
    """Modality -> sequence id whose beginning is the seed motion."""
    seeds_file: str | Path = ""
    """A file of sequence ids, or of `modality,sequence;...`, one a line: each sample begins with one drawn from it."""
    seed: int = 0
    """Of the random generators: sample k takes seed + k."""
    temperature: float | None = None
    """Scale of the randomness; by default the experiment's own."""
    num_samples: int = 1
    """How many motions to generate for a sequence."""
    max_length: int = 0
    """Most frames to generate; 0 for no limit."""
    frames_per_step: int | None = None
    """How many predicted frames to use at a time; see `sampler.autoregress`."""
    batch_size: int = 16
    """How many motions are generated at the same time."""
    teacher_forcing: bool = False
    """Let the model read the recorded motion in place of its own."""
    ground_truth: bool = False
    """Show the recorded motion beside the generated one."""
    keep_seed: bool = False
    """Begin with the seed motion instead of generating from time 0."""
    smooth: bool | None = None
    """Smooth the values before they are decoded; by default as the experiment says."""
    foot_lock: bool = False
    """Hold feet in place where they stand."""
    align_ground: bool = False
    """Move the motion so that the floor is at height 0."""
    target_skeleton: str | Path = ""
    """A BVH file with the skeleton that the motion is put on; by default it has that of the corpus."""
    joint_map: str = ""
    """What drives which joint of it, besides the guess: `SOURCE=TARGET,...`, or a JSON or YAML file."""
    target_pose: int | None = None
    """Its frame that shows the rest pose; by default that is with all rotations zero."""
    fps: float = 0.0
    """Frame rate of BVH and pictures; 0 for the model's own."""
    picture_size: tuple[int, int] | None = None
    """Width and height in pixels; by default each renderer's own."""
    device: str = "auto"
    """"cpu", "cuda", ... or "auto": the GPU where there is one."""
    precision: str = "32"
    """Of the arithmetic; see `rolling.arithmetic`."""
    compile: bool = False
    """Translate the model for this machine first; see `rolling.compiled`."""
