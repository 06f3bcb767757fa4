"""The decoding command: arrays that a model gave, or that were extracted, to BVH, video and all other forms."""

import argparse
import logging
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

import command
import registry
from feature_extraction import store
from feature_extraction.feature import Feature
from inference.options import find_run
from inference.output_options import add_files, add_finish, read, renderers
from inference.progress import Bars
from inference.settings import Settings
from training.options.paths import home

EXAMPLES = """examples:
  python -m inference.decode inference/generated/quickstart/predicted_mods --features quickstart --smooth
  python -m inference.decode pred.npy --features model.ckpt --audio talk.wav --target_skeleton rig.bvh
  python -m inference.decode data/mine/song.expmap_cr_scaled_20.npy     # features of the folder itself
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Decode what the arguments say and print the files written."""
    opt = read(_parser(), sys.argv[1:] if argv is None else argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    for folder in filter(None, opt.pop("plugin_dir").split(",")):
        registry.add_plugin_dir(folder)
    arrays, audio = Path(opt.pop("arrays")), Path(opt.pop("audio") or "")
    features = opt.pop("features"), Path(opt.pop("experiments_dir"))
    settings = Settings(render=renderers(opt), **opt)
    known = _features(*features, arrays if arrays.is_dir() else arrays.parent)
    for path in _arrays(arrays, known):
        for written in decode(path, known, settings, audio):
            print(written)
    return 0


def decode(path: Path, features: Mapping[str, Feature], settings: Settings, audio: Path = Path()) -> list[Path]:
    """Write what the settings' renderers make of an array; the paths of the files, none if it is no motion.

    The name says which feature it is of: `<sequence>.<feature>.npy`, scaled, or `<sequence>.<base>.npy`, unscaled;
    with any other name it is scaled, of the only feature that is motion. `audio` is a sound file, or a folder of them.
    ValueError for an array of other columns, LookupError if no feature or more than one can be meant.
    """
    from inference.export import Result, is_motion, render
    from inference.postprocessing import Finish, smoothed

    match = store.ARRAY_NAME.fullmatch(path.name)
    sequence_id, said = (match["sequence_id"], match["feature"]) if match else (path.stem, "")
    moving = {name: feature for name, feature in features.items() if is_motion(feature)}
    name = _meant(said, moving, features)
    if name is None:
        return []
    feature, values = moving[name], np.array(store.load_array(path))
    unscaled = said == feature.base != name
    wanted = len(feature.all_columns) if unscaled else feature.dim
    if values.ndim != 2 or values.shape[1] != wanted:
        raise ValueError(f"{path} is {values.shape}; {said or name} has (frames, {wanted}) values")
    if unscaled:
        values = feature.scale(feature.select(values))
    result = Result(
        sequence_id,
        [{name: smoothed(values) if settings.smooth else values}],
        {name: feature.sequence_decoding(path.parent, sequence_id)},
        _sound(audio, sequence_id),
    )
    with Bars() as bars:
        return render(
            result,
            features,
            Path(settings.output_folder),
            settings.render,
            title=sequence_id,
            finish=Finish.of(settings),
            size=settings.picture_size,
            progress=bars.show,
        )


def _meant(said: str, moving: Mapping[str, Feature], features: Mapping[str, Feature]) -> str | None:
    """The feature that an array's name says it is of; None if it is not to be decoded."""
    if said in moving:
        return said
    if any(said == feature.base for feature in moving.values()) and said not in features:
        return next(name for name, feature in moving.items() if feature.base == said)
    if said in {*features, *(feature.base for feature in features.values())}:
        return None  # sound, words or a label
    if len(moving) != 1:
        known = ", ".join(moving) or "none"
        raise LookupError(f"which feature is it? its name, <sequence>.<feature>.npy, says it; there are: {known}")
    return next(iter(moving))


def _arrays(path: Path, features: Mapping[str, Feature]) -> list[Path]:
    """The array of this path, or those of the folder: of each sequence the scaled one, where there are both."""
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise FileNotFoundError(f"there is no array {path}, and no folder of that name")
    found = sorted(path.glob("*.npy"))
    if not found:
        raise FileNotFoundError(f"there are no .npy files in {path}")
    twice = {
        each.name.removesuffix(f"{name}.npy") + f"{feature.base}.npy"
        for name, feature in features.items()
        for each in found
        if feature.base != name and each.name.endswith(f".{name}.npy")
    }
    return [each for each in found if each.name not in twice]


def _features(source: str, experiments_dir: Path, folder: Path) -> dict[str, Feature]:
    """Name -> feature, of a checkpoint, a shared model, a run, or a folder of features (by default the array's)."""
    if Path(source).suffix == ".ckpt":
        from models import load_model

        return {name: Feature.from_dict(each) for name, each in load_model(source).features.items()}
    if source and not Path(source).is_dir():
        source = str(find_run(source, experiments_dir).folder)
    place = Path(source or folder)
    place = place / "features" if (place / "features").is_dir() else place
    names = [path.stem for path in sorted(place.glob("*.json")) if _is_feature(path)]
    if not names:
        raise FileNotFoundError(f"{place} describes no feature; name a run, a checkpoint or a folder with --features")
    return {name: Feature.load(place, name) for name in names}


def _is_feature(path: Path) -> bool:
    if store.ARRAY_NAME.fullmatch(f"{path.stem}.npy"):
        return False  # it lies beside an array
    content = store.load_json(path)
    return isinstance(content, dict) and "all_columns" in content


def _sound(audio: Path, sequence_id: str) -> Path | None:
    """The sound of a sequence: the file, or that of a folder with its name, or the name without `.sample<n>`."""
    if audio == Path():
        return None
    if not audio.is_dir():
        if not audio.is_file():
            raise FileNotFoundError(f"--audio: there is no sound {audio}")
        return audio
    raw = store.find_raw(audio)
    found = (raw.get(name, {}).get("audio") for name in (sequence_id, sequence_id.rpartition(".sample")[0]))
    return next(filter(None, found), None)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m inference.decode",
        description="Write arrays of motion as BVH, video, ...",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("arrays", help="a .npy file, or a folder of them")
    add("--features", default="", help="run, checkpoint, shared model or data folder; by default the arrays' folder")
    add("--audio", default="", help="sound file, or a folder with one of the same name")
    add("--experiments_dir", default=str(home() / "training" / "experiments"), help="folder of the runs")
    add("--plugin_dir", default="", help="comma-separated folders of your own features, renderers")
    add_finish(parser.add_argument_group("motion"))
    add_files(parser.add_argument_group("what is written"), "decoded")
    return parser


if __name__ == "__main__":
    command.run(main)
