"""Corpora that others have recorded: sound, motion and words in folders of their own, paired by name and linked."""

import logging
import re
from abc import abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np

from data.base_corpus import BaseCorpus
from data.conversion import Canonical, Conversion, Files
from data.downloading import Download, is_half_unpacked, obtain
from feature_extraction.label_features import LABELS, save_labels
from feature_extraction.motion.bvh import read_bvh
from feature_extraction.motion.joint_map import Names
from feature_extraction.motion.skeleton import Motion
from feature_extraction.partition import HELD_OUT
from feature_extraction.store import RECORDED, SPLITS, SUFFIXES, save_json, save_text, split_path

log = logging.getLogger(__name__)

REPORT = "pairing.json"
DOWNLOADS = "download"
"""The folder, in that of the recordings, of what is downloaded."""
SHOWN = 5
"""How many names a line of the report has at most."""
FOUR_OF_THE_SPINE: Names = (("Spine1", "Spine"), ("Spine2", "Spine1"), ("Spine3", "Spine2"))
"""How a spine of four joints drives Mixamo's of three: arms hang on the last one of both."""
LOOKED_AT = 8
"""In how many recordings one looks for people who stand, to see how their skeleton rests."""


class RecordedPairs(BaseCorpus):
    """A standard folder, one name for what belongs together, of a recorded corpus as it was downloaded.

    The recordings are looked for in all folders below `source`, or below the corpus's own folder where that is not
    given; they are linked, not copied, and not changed. Files belong together that have the same name, whatever order
    folders list them in. What lacks a partner is told, kept in pairing.json, and left out of the lists that need it.
    What is no BVH, has frames that nobody recorded, or is to be put on a canonical skeleton, is written anew.
    """

    last_file = REPORT
    converts = True
    name_pattern: ClassVar[re.Pattern[str]]
    """What the names of the recordings are like, without their endings."""
    layout: ClassVar[str]
    """What the download looks like, for those who name another folder."""
    licence: ClassVar[str]
    """On what terms it may be used, in a sentence."""
    home: ClassVar[str]
    """Where one registers, agrees or downloads."""
    downloads: ClassVar[tuple[Download, ...]] = ()
    """What may be fetched without an account: a zip archive, or its volumes in their order."""
    put_first: ClassVar[Mapping[str, str]] = {}
    """The sources that are not among the downloads, and the folder that they are put into before."""
    endings: ClassVar[Mapping[str, tuple[str, ...]]] = SUFFIXES
    """The file endings of each source that there is, the preferred ones first."""
    needs: ClassVar[tuple[str, ...]] = RECORDED
    """The sources without which a recording is in no list."""
    joint_map: ClassVar[Names] = ()
    """Pairs (joint, Mixamo's joint) that the names do not tell; those that a file does not have do not count."""
    upright: ClassVar[bool] = False
    """Whether motion that is written is turned so that y is up, where nothing says which axis is."""
    cuts_sound: ClassVar[bool] = False
    """Whether a sound that goes on without motion is cut."""
    drops_frames: ClassVar[bool] = False
    """Whether `read_motion` leaves out frames that nobody has recorded, so that such a BVH is written anew."""
    draws_val: ClassVar[bool] = False
    """Whether part of the training list is validated on, as the publication has no list for that."""

    @abstractmethod
    def split_of(self, name: str) -> str | None:
        """The split that a recording belongs to; None for one that is in no list."""

    def splits(self, names: Iterable[str], source: Path, seed: int = 0) -> dict[str, str | None]:
        """The published split of each recording, of a corpus whose lists lie in its folder `source`."""
        return {name: self.split_of(name) for name in names}

    def label_of(self, name: str) -> str | None:
        """The class of a recording that its name tells: style, genre, emotion."""
        return None

    def labels(self, names: Iterable[str], source: Path) -> dict[str, str]:
        """The classes of the recordings that have one."""
        return {name: label for name in names if (label := self.label_of(name))}

    def name_of(self, path: Path, kind: str) -> str | None:
        """The recording that a file is of; None for one that is of no use."""
        return path.stem if self.name_pattern.fullmatch(path.stem) else None

    def gathered(self, found: Mapping[str, Files]) -> dict[str, Files]:
        """The recordings, from files by name: what is shared by several is given to each."""
        return dict(found)

    @staticmethod
    def read_motion(path: Path) -> Motion:
        """Read a file of motion."""
        return read_bvh(path)

    def adopts(self, directory: Path) -> bool:
        """Whether the folder may hold other things: it may be the download itself, or what that needs."""
        begun = any((directory / place).is_dir() for place in self.put_first.values())
        return self.source in (None, directory) and (any(self.find(directory, directory)) or begun)

    def draws(self, directory: Path) -> bool:
        """Whether part of the training list is drawn."""
        return self.draws_val

    def write(self, directory: Path, *, seed: int, jobs: int, progress: bool) -> None:
        """Bring the recordings together, write the split lists that are not there, and say what lacks a partner."""
        from feature_extraction.parallel import workers

        source = self._obtained(directory, progress)
        found = self.find(source, directory)
        splits, labels = self.splits(found, source, seed), self.labels(found, source)
        lists = {split: [name for name in found if splits[name] == split] for split in SPLITS}
        usable = {split: [name for name in lists[split] if self._is_usable(found[name], split)] for split in SPLITS}
        if not usable["train"]:
            wanted = "pair of sound and motion" if "audio" in self.needs else "motion"
            raise FileNotFoundError(f"{source} has no {wanted} to train on; {self.layout} is wanted. {self.terms()}")
        log.info("%s", self.terms())
        conversion = self._conversion(found, usable["train"])
        with workers(jobs if self._converts_motion else 1, len(found), progress) as pool:
            tasks = [(name, files, directory) for name, files in found.items()]
            faults = pool.each("bringing together", conversion.place, tasks)
        failed = {name: fault for name, fault in zip(found, faults, strict=True) if fault}
        for name, fault in failed.items():
            log.warning("%s is left out: %s", name, fault)
        usable = {split: [name for name in names if name not in failed] for split, names in usable.items()}
        if not usable["train"]:
            raise ValueError(f"nothing that {source} has to train on can be used; {next(iter(failed.values()))}")
        lists = self._write_lists(directory, usable, labels, seed)
        log.info("%s: %s", directory, ", ".join(f"{len(names)} {split}" for split, names in lists.items()))
        self._report(directory, found, splits, failed)

    def terms(self) -> str:
        """A sentence about the licence and where the corpus comes from."""
        return f"{type(self).__name__.removesuffix('Corpus')}: {self.licence}; {self.home}"

    def find(self, source: Path, made: Path) -> dict[str, Files]:
        """The files of each recording, sorted by name; what was written into the folder that is made does not count.

        ValueError where two files have the same name, kind and ending.
        """
        return self.gathered(self.files(source, made))

    def files(self, source: Path, made: Path) -> dict[str, Files]:
        """The files by their names, sorted, with those that several recordings share; ValueError as of `find`."""
        found: dict[str, Files] = defaultdict(dict)
        kinds = {ending: (place, kind) for kind, group in self.endings.items() for place, ending in enumerate(group)}
        flat: list[tuple[str, str, Path]] = []
        for path in sorted(source.rglob("*")) if source.is_dir() else ():
            place, kind = kinds.get(path.suffix.lower(), (0, ""))
            name = self.name_of(path, kind) if kind and not path.name.startswith(".") else None
            if name is None or not path.is_file() or (path.is_symlink() and path.parent == made):
                continue
            if path.parent == made:
                flat.append((name, kind, path))  # the recordings themselves, or what an interrupted run has written
                continue
            other = found[name].setdefault(kind, path)
            if other is not path and other.suffix.lower() == path.suffix.lower():
                raise ValueError(f"{other} and {path} have the same name; which is it? move one away")
            if place < kinds[other.suffix.lower()][0]:
                found[name][kind] = path
        for name, kind, path in flat:
            found[name].setdefault(kind, path)
        return dict(sorted(found.items()))

    @property
    def _converts_motion(self) -> bool:
        return bool(self.canonical_skeleton) or self.drops_frames or self.endings["motion"] != SUFFIXES["motion"]

    def _obtained(self, directory: Path, progress: bool) -> Path:
        """Give the folder of the recordings; what may be downloaded is, where it is not there or not all unpacked."""
        source = Path(self.source or directory)
        if not source.is_dir():
            raise FileNotFoundError(
                f"there is no folder {source}; --source names the one with {self.layout}. {self.terms()}"
            )
        if not self.downloads or self._has_motion(source, directory):
            return source
        folder = source / DOWNLOADS
        there = {kind for files in self.files(source, directory).values() for kind in files}
        if absent := [source / place for kind, place in self.put_first.items() if kind not in there]:
            raise FileNotFoundError(
                f"{absent[0]} is not there or empty: what cannot be downloaded is to be put into it first, then "
                f"--accept_licence downloads the rest; {self.layout} is wanted. {self.terms()}"
            )
        if not self.accepts_licence:
            halved = is_half_unpacked(self.downloads, folder)
            problem = f"{folder} is not all unpacked" if halved else f"{source} has no {self.layout}"
            sizes = [each.size for each in self.downloads]
            told = f" ({sum(filter(None, sizes)) / 1e9:.1f} GB)" if all(sizes) else ""
            raise FileNotFoundError(
                f"{problem}. {self.terms()}. --accept_licence downloads it{told}; or --source names the folder where "
                "it lies"
            )
        log.info("%s", self.terms())
        obtain(self.downloads, folder, self._is_wanted, progress)
        return source

    def _has_motion(self, source: Path, directory: Path) -> bool:
        """Whether there is motion that was not downloaded, or has all been unpacked."""
        folder = source / DOWNLOADS
        halved = is_half_unpacked(self.downloads, folder)
        motions = [files["motion"] for files in self.find(source, directory).values() if "motion" in files]
        return any(not (halved and path.is_relative_to(folder)) for path in motions)

    def _is_wanted(self, path: Path) -> bool:
        """Whether a file of an archive is one of the recordings, or tells of their splits."""
        kinds = {ending: kind for kind, group in self.endings.items() for ending in group}
        kind = kinds.get(path.suffix.lower())
        return path.suffix.lower() in (".txt", ".csv") or (kind is not None and self.name_of(path, kind) is not None)

    def _is_usable(self, files: Files, split: str) -> bool:
        """Whether there is what the list of a split needs; of what is generated for, the sound will do."""
        needs = set(self.needs) - ({"motion"} if split == "test" and "audio" in self.needs else set())
        return needs <= files.keys()

    def _conversion(self, found: Mapping[str, Files], train: Sequence[str]) -> Conversion:
        """Give what is done to the recordings; how the skeleton rests is seen in some of them."""
        canonical = None
        if self.canonical_skeleton:
            canonical = Canonical.read(self.canonical_skeleton, self.joint_map)
            places = np.unique(np.linspace(0, len(train) - 1, LOOKED_AT).round().astype(int))
            motions = [self._readable(found[train[place]]["motion"]) for place in places]
            if readable := [motion for motion in motions if motion]:
                canonical = canonical.learnt(readable)
        return Conversion(self.read_motion, canonical, self.upright, self.cuts_sound, self.drops_frames)

    def _readable(self, path: Path) -> Motion | None:
        """Give a motion; None where it cannot be read, which is told when it is converted."""
        try:
            return self.read_motion(path)
        except (ValueError, LookupError):
            return None

    def _write_lists(
        self, directory: Path, usable: Mapping[str, Sequence[str]], labels: Mapping[str, str], seed: int
    ) -> dict[str, list[str]]:
        """Write the split lists that are not there, and the table of classes; give the lists."""
        lists = {split: list(names) for split, names in usable.items()}
        if self.draws_val and not lists["val"] and len(lists["train"]) > 1:
            count = max(1, round(HELD_OUT * len(lists["train"])))
            drawn = set(np.random.default_rng(seed).choice(lists["train"], count, replace=False).tolist())
            lists["val"] = [name for name in lists["train"] if name in drawn]
            lists["train"] = [name for name in lists["train"] if name not in drawn]
        for split, names in lists.items():
            if not split_path(directory, split).exists():
                save_text(split_path(directory, split), "".join(f"{name}\n" for name in names))
        labelled = sorted({name for names in lists.values() for name in names} & labels.keys())
        if labelled and not (directory / LABELS).exists():
            save_labels(directory / LABELS, {name: labels[name] for name in labelled})
        return lists

    def _report(
        self,
        directory: Path,
        found: Mapping[str, Files],
        splits: Mapping[str, str | None],
        failed: Mapping[str, str],
    ) -> None:
        """Say what has no partner; write that, and what cannot be read."""
        without = {
            source: [
                name for name, files in found.items() if source not in files and not _is_test(source, splits[name])
            ]
            for source in self.endings
        }
        without = {source: names for source, names in without.items() if names}
        for source, names in without.items():
            shown = ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
            log.warning("%d of %d recordings have no %s: %s", len(names), len(found), source, shown)
        report = {"without": without, "in_no_list": [name for name, split in splits.items() if split is None]}
        report |= {"unreadable": dict(failed), "licence": self.licence, "home": self.home}
        save_json(directory / REPORT, report | {"sources": {name: sorted(files) for name, files in found.items()}})


def _is_test(source: str, split: str | None) -> bool:
    """Whether it is the motion of a test recording, which nobody has before the challenge is over."""
    return source == "motion" and split == "test"
