"""A small folder of feature arrays, in which the motion follows from the sound."""

from pathlib import Path

import numpy as np

EXPERIMENT = """\
data_dir: {data_dir}
experiments_dir: {experiments_dir}
input_modalities: motion,audio
output_modalities: motion
input_lengths: 8,12
output_lengths: 4
output_time_offsets: 8
dhid: 16
nlayers: 1
nhead: 2
dropout: 0.1
batch_size: 16
max_epochs: 4
learning_rate: 3e-3
lr_policy: cosine
accelerator: cpu
enable_progress_bar: false
enable_model_summary: false
"""


def write_dances(folder: Path, frames: int = 60, train: int = 3) -> None:
    """Write ``train`` sequences to train on, one for validation and one for testing."""
    rng = np.random.default_rng(0)
    mixing = rng.standard_normal((3, 5))
    splits = {"train": [f"s{place}" for place in range(train)], "val": ["v"], "test": ["t"]}
    for split, names in splits.items():
        for name in names:
            time = np.arange(frames)[:, None] / 20
            audio = np.sin(2 * np.pi * (time * rng.uniform(0.5, 2, 3) + rng.uniform(0, 1, 3)))
            np.save(folder / f"{name}.audio.npy", audio.astype(np.float32))
            np.save(folder / f"{name}.motion.npy", (audio @ mixing).astype(np.float32))
        (folder / f"base_filenames_{split}.txt").write_text("".join(f"{name}\n" for name in names))


def write_experiment(folder: Path, **options: str | float) -> Path:
    """Write the dances and an experiment called ``toy`` that trains on them; its options, changed as asked."""
    (folder / "data").mkdir()
    write_dances(folder / "data")
    text = EXPERIMENT.format(data_dir=folder / "data", experiments_dir=folder / "runs")
    kept = [line for line in text.splitlines() if line.split(":")[0] not in options]
    path = folder / "toy.yaml"
    path.write_text("\n".join([*kept, *(f"{name}: {value}" for name, value in options.items())]) + "\n")
    return path
