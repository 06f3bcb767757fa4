"""Find a class by its short name, list what exists. The only reflection in the project.

One rule names everything that can be discovered: `<package>/<name>_<kind>.py` holds `<Name><Kind>`. The model `moglow`
is `models/moglow_model.py` with the class `MoglowModel`, in whatever mixture of cases reads best (`MoGlowModel`). A
class may have other names, as a literal in its body: `aliases = ("transflowpp",)`. A folder of such files of one's own
is a plugin folder.
"""

import ast
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType

PACKAGES = {
    "model": "models",
    "dataset": "training.datasets",
    "features": "feature_extraction",
    "metric": "analysis.metrics",
    "renderer": "analysis.render",
    "corpus": "data",
}
"""Each kind of thing that can be discovered, and the package that holds it."""

_plugin_dirs: list[Path] = []


def find(kind: str, name: str) -> type:
    """Return the class of the given kind and short name; dashes and underscores in the name are the same.

    LookupError: no file or class of that name (the message has the nearest names), or more than one file.
    """
    source = _source(kind, name.replace("-", "_"))
    module = _load(kind, source)
    wanted = source.stem.replace("_", "").lower()
    for class_name, value in inspect.getmembers(module, inspect.isclass):
        if class_name.lower() == wanted and value.__module__ == module.__name__:
            return value
    raise LookupError(f"{source} holds no class {_class_name(source)}; the file's name says that it should")


def names(kind: str) -> list[str]:
    """Return the short names of everything of this kind, sorted; neither base classes nor aliases are among them."""
    return sorted({_short(kind, path) for path in sources(kind)})


def sources(kind: str) -> list[Path]:
    """Return the files that hold the classes of this kind, the project's before those of plugin folders."""
    found = [path for folder in _folders(kind) for path in sorted(folder.glob(f"*_{kind}.py"))]
    return [path for path in found if path.stem != f"base_{kind}"]


def add_plugin_dir(folder: str | Path) -> None:
    """Look for classes in `folder` too: `DIR/foo_model.py` is then `--model foo`. Its files can import each other."""
    folder = Path(folder).resolve()
    if not folder.is_dir():
        raise FileNotFoundError(f"the plugin folder {folder} does not exist")
    if folder not in _plugin_dirs:
        _plugin_dirs.append(folder)
    if str(folder) not in sys.path:
        sys.path.append(str(folder))  # last, so that no plugin hides a module of the project or of Python


def plugin_dirs() -> tuple[Path, ...]:
    """Return the plugin folders in the order in which they were added."""
    return tuple(_plugin_dirs)


def nearest(name: str, known: Iterable[str], shown: Callable[[str], str] = str) -> str:
    """Return `did you mean x or y?`, or "" where nothing in `known` is near; for the end of an error message."""
    near = get_close_matches(name, list(known), n=2, cutoff=0.6)
    return f"did you mean {' or '.join(map(shown, near))}?" if near else ""


def _source(kind: str, name: str) -> Path:
    found = [path for path in sources(kind) if path.stem == f"{name}_{kind}"]
    aliases = [] if found else list(_aliases(kind))
    found = found or [path for alias, path in aliases if alias == name]
    if len(found) > 1:
        raise LookupError(f"{kind} {name!r} is in {len(found)} files, {', '.join(map(str, found))}; rename one")
    if not found:
        known = names(kind)
        hint = nearest(name, [*known, *(alias for alias, _ in aliases)]) or f"there are: {', '.join(known) or 'none'}"
        looked = ", ".join(str(folder) for folder in _folders(kind))
        raise LookupError(f"there is no {kind} {name!r} (no {name}_{kind}.py in {looked}); {hint}")
    return found[0]


def _folders(kind: str) -> list[Path]:
    if kind not in PACKAGES:
        raise LookupError(f"there is no kind {kind!r} of class; the kinds are {', '.join(PACKAGES)}")
    spec = importlib.util.find_spec(PACKAGES[kind])
    package = [Path(folder) for folder in spec.submodule_search_locations or ()] if spec else []
    return [*package, *_plugin_dirs]


def _load(kind: str, source: Path) -> ModuleType:
    plugin = source.parent in _plugin_dirs
    module = importlib.import_module(source.stem if plugin else f"{PACKAGES[kind]}.{source.stem}")
    if Path(module.__file__ or "").resolve() != source.resolve():
        raise LookupError(f"{source} has the name of another module, {module.__file__}; rename it")
    return module


def _aliases(kind: str) -> Iterator[tuple[str, Path]]:
    """Yield (alias, file), read from the sources, so that looking for one model does not import all the others."""
    for path in sources(kind):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and node.name.lower() == path.stem.replace("_", ""):
                yield from ((alias, path) for alias in _literal(node, "aliases"))


def _literal(body: ast.ClassDef, name: str) -> tuple[str, ...]:
    for statement in body.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            return tuple(ast.literal_eval(statement.value))  # type: ignore[attr-defined]
    return ()


def _short(kind: str, path: Path) -> str:
    return path.stem.removesuffix(f"_{kind}")


def _class_name(path: Path) -> str:
    return path.stem.title().replace("_", "")
