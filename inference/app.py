"""The command that serves a local web page: drop a sound, choose a model, watch and download the motion."""

import argparse
import dataclasses
import logging
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import command
import registry
from feature_extraction import store
from feature_extraction.audio import frame_count
from inference.generate import device_named, write
from inference.options import find_checkpoint, find_run, is_model
from inference.output_options import read
from inference.settings import Settings
from inference.web.jobs import FORMS, Job, Jobs, Tell
from inference.web.request_error import RequestError
from inference.web.server import Server, Site
from inference.web.uploads import KINDS, Limits, Uploads
from inference.web.wish import Wish, read_wish
from option_values import above_zero
from training.options import load_hparams
from training.options.paths import home
from training.run import Run, list_runs

if TYPE_CHECKING:
    from models import LoadedModel

log = logging.getLogger(__name__)

LOOPBACK = ("127.0.0.1", "localhost", "::1")
EXAMPLES = """examples:
  python -m inference.app                                 every run that has a checkpoint
  python -m inference.app quickstart path/to/model.ckpt   these alone
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Serve the page until interrupted, and print its address; what was uploaded and made is deleted in the end."""
    opt = argparse.Namespace(**read(_parser(), sys.argv[1:] if argv is None else argv))
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    for folder in filter(None, opt.plugin_dir.split(",")):
        registry.add_plugin_dir(folder)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="terpsichore-") as folder:
        studio = Studio(opt.models, Path(opt.experiments_dir), device_named(opt.device))
        site = make_site(Path(folder), studio, Limits(megabytes=opt.max_upload_mb, seconds=opt.max_seconds))
        try:
            _serve(opt, site)
        finally:
            site.jobs.close()
    return 0


def make_site(folder: Path, studio: "Studio", limits: Limits) -> Site:
    """What the page of a studio is made of; its files go into the folder. Its jobs are to be closed in the end."""
    uploads, jobs = Uploads(folder / "uploads", limits), Jobs(folder / "jobs", studio.perform)

    def begin(wanted: Mapping[str, Any]) -> Job:
        names = [offer["name"] for offer in studio.offered()]
        return jobs.add(lambda place: read_wish(wanted, place, uploads, names))

    endings = [suffix for source in KINDS for suffix in store.SUFFIXES[source]]
    told = {"megabytes": limits.megabytes, "seconds": limits.seconds, "endings": endings}
    return Site(uploads, jobs, studio.offered, begin, told)


def _serve(opt: argparse.Namespace, site: Site) -> None:
    try:
        server = Server(opt.host, opt.port, site)
    except OSError as error:
        raise OSError(f"{opt.host} port {opt.port} cannot be had ({error.strerror}); choose another --port") from error
    if opt.host not in LOOPBACK:
        log.warning("whoever reaches this machine at --host %s can use the page; it has no password", opt.host)
    with server:
        print(f"{server.address} is the page; Ctrl-C ends it", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            log.info("the page is closed")


@dataclasses.dataclass(frozen=True)
class Offer:
    """A model that can be chosen."""

    name: str
    checkpoint: Path
    kind: str
    temperature: float
    words: bool
    """Whether it reads words."""


class Studio:
    """The models that there are, and how one of them fulfils a wish."""

    def __init__(self, models: Sequence[str], experiments_dir: Path, device: str):
        """Offer these runs, checkpoints and folders of shared models; every run if none is named."""
        self._names, self._experiments_dir, self._device = models, experiments_dir, device
        self._given = {path: _offer_of_model(Path(path)) for path in models if is_model(Path(path))}
        self._newest: tuple[tuple[Path, int], LoadedModel] | None = None
        for name in set(models) - set(self._given):
            find_checkpoint(find_run(name, experiments_dir))  # a mistake shows before the work, not after it

    def offered(self) -> list[dict[str, Any]]:
        """What can be chosen now, as plain JSON; runs appear when they have their first checkpoint."""
        return [
            {"name": each.name, "kind": each.kind, "temperature": each.temperature, "words": each.words}
            for each in self._offers()
        ]

    def perform(self, wish: Wish, folder: Path, tell: Tell) -> None:
        """Generate what is wished for, and write it in every form; RequestError in the words of the user's mistake."""
        try:
            self._perform(wish, folder, tell)
        except command.USER_MISTAKES as mistake:
            sentence = str(mistake.args[0] if isinstance(mistake, LookupError) and mistake.args else mistake)
            raise RequestError(sentence.replace(str(wish.sound), wish.label)) from mistake

    def _perform(self, wish: Wish, folder: Path, tell: Tell) -> None:
        from inference.export import is_motion
        from inference.performer import Performer
        from inference.postprocessing import Finish

        tell("loading the model", 0, 0)
        settings = Settings(temperature=wish.temperature, seed=wish.seed, render=FORMS, device=self._device)
        performer = Performer(self._loaded(wish.model), settings)
        moving = [feature for feature in performer.features.values() if is_motion(feature)]
        if not moving:
            raise ValueError(f"{wish.model} gives arrays, not motion")
        performer.settings = dataclasses.replace(settings, max_length=frame_count(wish.seconds, moving[0].fps))
        tell("listening to the sound", 0, 0)
        (recording,) = performer.recordings(str(wish.sound))
        material = performer.material(recording)
        ((_, samples),) = performer.perform([material], partial(tell, "generating"))

        def writing(file: str, finished: int, total: int) -> None:
            tell(f"writing {file.rpartition('.')[2].upper()}", finished, total)

        title = f"{wish.model}   {wish.label}"
        write(performer, material, samples, folder, Finish(), title=title, progress=writing)

    def _loaded(self, name: str) -> "LoadedModel":
        """The model of this name; the newest one is kept, for it is likely to be wanted again."""
        from inference.pretrained import load_trained

        checkpoint = next((offer.checkpoint for offer in self._offers() if offer.name == name), None)
        if checkpoint is None:
            raise LookupError(f"the model {name} is not there any more")
        key = checkpoint, checkpoint.stat().st_mtime_ns
        if self._newest is None or self._newest[0] != key:
            self._newest = None
            self._newest = key, load_trained(checkpoint, self._device)
        return self._newest[1]

    def _offers(self) -> Iterator[Offer]:
        runs = [find_run(name, self._experiments_dir) for name in self._names if name not in self._given]
        for run in runs if self._names else list_runs(self._experiments_dir):
            try:
                offer = _offer_of_run(run)
            except command.USER_MISTAKES as mistake:
                log.debug("%s is not offered: %s", run.name, mistake)
                continue
            if offer:
                yield offer
        yield from self._given.values()


def _offer_of_run(run: Run) -> Offer | None:
    """None if the run has no checkpoint yet, or its model is a part of others; LookupError without its plugin."""
    from models import find_model

    opt, checkpoint = load_hparams(run.hparams), run.best_checkpoint
    if checkpoint is None or not find_model(opt.model).generates:
        return None
    words = any(store.load_json(path).get("source") == "text" for path in run.features.glob("*.json"))
    return Offer(run.name, checkpoint, opt.model, getattr(opt, "temperature", 1.0), words)


def _offer_of_model(path: Path) -> Offer:
    """A checkpoint file, or the folder of a shared model."""
    from inference.pretrained import load_trained

    loaded = load_trained(path)
    words = any(feature.get("source") == "text" for feature in loaded.features.values())
    return Offer(str(path), path, loaded.opt.model, getattr(loaded.opt, "temperature", 1.0), words)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m inference.app",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add(
        "models", nargs="*", help="runs, checkpoint files or folders of shared models to choose from; default: all runs"
    )
    add("--host", default="127.0.0.1", help="address to listen at; the default is heard by this machine alone")
    add("--port", type=_port, default=8765, help="port to listen at, 0 for any that is free")
    add("--max_upload_mb", type=above_zero, default=100.0, help="largest file that is taken")
    add("--max_seconds", type=above_zero, default=600.0, help="longest sound that is taken")
    add("--experiments_dir", default=str(home() / "training" / "experiments"), help="folder of the runs")
    add("--device", default="auto", help="cpu, cuda, cuda:1, ...; auto takes the GPU where there is one")
    add("--plugin_dir", default="", help="comma-separated folders of your own models and features")
    return parser


def _port(text: str) -> int:
    if not (text.isdecimal() and int(text) < 1 << 16):
        raise argparse.ArgumentTypeError(f"{text!r} is no port; give a number up to {(1 << 16) - 1}")
    return int(text)


if __name__ == "__main__":
    command.run(main)
