"""Experiments are YAML files: find one by name, and read it as the arguments that come before the command line's."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from registry import nearest
from training.options.paths import readable

HPARAMS_DIR = Path(__file__).parents[1] / "hparams"
"""The project's own experiments: `<corpus>/<experiment>.yaml`."""


@dataclass(frozen=True)
class Setting:
    """One line of an experiment: an option, the text of its value (None for `null`), and where it stands."""

    name: str
    text: str | None
    where: str


def find_experiment(name: str, plugin_dirs: Sequence[Path] = ()) -> Path:
    """Return the YAML file of an experiment, given as `experiment`, `corpus/experiment` or the path of a file.

    LookupError: there is none (the message has the nearest names), or several; their names are listed.
    """
    if name.endswith((".yaml", ".yml")):
        if not Path(name).is_file():
            raise FileNotFoundError(f"the experiment file {name} does not exist")
        return Path(name)
    known = list_experiments(plugin_dirs)
    found = [path for path in known if name in (path.stem, _full_name(path))]
    if len(found) > 1:
        choices = ", ".join(f"{_full_name(path)} ({readable(path)})" for path in found)
        raise LookupError(f"{len(found)} experiments are called {name}: {choices}; write corpus/name or the file")
    if not found:
        names = [path.stem for path in known] + [_full_name(path) for path in known]
        hint = nearest(name, names) or f"there are: {', '.join(_full_name(path) for path in known) or 'none'}"
        raise LookupError(f"there is no experiment {name!r}; {hint}")
    return found[0]


def list_experiments(plugin_dirs: Sequence[Path] = ()) -> list[Path]:
    """Return the YAML files of all experiments: the project's, then those of plugin folders, flat or by corpus."""
    found = sorted(HPARAMS_DIR.glob("*/*.yaml"))
    for folder in plugin_dirs:
        found += sorted([*folder.glob("*.yaml"), *folder.glob("*/*.yaml")])
    return found


def read_settings(path: Path) -> list[Setting]:
    """Return what an experiment sets, in order. The texts are as written: `7e-5` and `00:30:00` are not interpreted.

    ValueError, with file and line: the file is not plain `option: value` YAML, or an option stands in it twice.
    """
    text = path.read_text(encoding="utf-8")
    try:
        _refuse_aliases(text, path)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except RecursionError as error:
        raise ValueError(f"{readable(path)}: this is not an experiment: it has too many lists in lists") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{readable(path)}:{mark.line + 1}" if mark else readable(path)
        raise ValueError(f"{place}: this is not YAML: {getattr(error, 'problem', None) or error}") from error
    if root is None:
        return []
    if not isinstance(root, yaml.MappingNode):
        raise ValueError(f"{readable(path)}: an experiment is a list of `option: value` lines")
    return list(_settings(root, path))


def _refuse_aliases(text: str, path: Path) -> None:
    """Aliases of aliases would grow without bounds when they are written out."""
    for event in yaml.parse(text, yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            place = f"{readable(path)}:{event.start_mark.line + 1}" if event.start_mark else readable(path)
            raise ValueError(f"{place}: *{event.anchor} is a YAML alias, which experiments do not use; write it out")


def _settings(root: yaml.MappingNode, path: Path) -> Iterator[Setting]:
    for key, value in root.value:
        where = f"{readable(path)}:{key.start_mark.line + 1}"
        if not isinstance(key, yaml.ScalarNode):
            raise ValueError(f"{where}: an option's name is a word")
        yield Setting(key.value, _text(value, where), where)


def _text(node: yaml.Node, where: str) -> str | None:
    """A scalar as written, a list with commas between; a list of lists keeps its brackets."""
    if isinstance(node, yaml.ScalarNode):
        return None if node.tag == "tag:yaml.org,2002:null" else node.value
    if isinstance(node, yaml.SequenceNode):
        nested = any(isinstance(item, yaml.SequenceNode) for item in node.value)
        return _bracketed(node, where) if nested else ",".join(_text(item, where) or "" for item in node.value)
    raise ValueError(f"{where}: the value of an option is a word, a number or a list, not a mapping")


def _bracketed(node: yaml.Node, where: str) -> str:
    if isinstance(node, yaml.SequenceNode):
        return f"[{','.join(_bracketed(item, where) for item in node.value)}]"
    return _text(node, where) or ""


def _full_name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"
