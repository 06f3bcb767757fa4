"""The registry finds classes by name, in the project and in plugin folders, and says what is near when it does not."""

import sys
from pathlib import Path

import pytest

import registry


@pytest.fixture
def plugins(plugin_dir: Path) -> Path:
    """A plugin folder known to the registry for the length of one test."""
    registry.add_plugin_dir(plugin_dir)
    return plugin_dir


def write(path: Path, text: str) -> None:
    path.write_text(f'"""A plugin."""\n{text}\n', encoding="utf-8")


def test_a_plugin_class_is_found_by_its_short_name(plugins: Path) -> None:
    write(plugins / "waltz_model.py", "class WaltzModel: pass")
    assert registry.find("model", "waltz").__name__ == "WaltzModel"
    assert "waltz" in registry.names("model")


def test_case_is_the_authors_and_dashes_are_underscores(plugins: Path) -> None:
    write(plugins / "mo_glow_model.py", "class MoGlowModel: pass")
    assert registry.find("model", "mo-glow") is registry.find("model", "mo_glow")


def test_an_alias_finds_the_class_without_importing_others(plugins: Path) -> None:
    write(plugins / "waltz_model.py", 'class WaltzModel:\n    aliases: tuple[str, ...] = ("valse", "vals")')
    write(plugins / "broken_model.py", 'raise RuntimeError("imported")')
    assert registry.find("model", "vals").__name__ == "WaltzModel"
    assert "vals" not in registry.names("model")


def test_plugin_files_can_import_each_other(plugins: Path) -> None:
    write(plugins / "waltz_steps.py", "STEPS = 3")
    write(plugins / "waltz_model.py", "from waltz_steps import STEPS\n\nclass WaltzModel:\n    steps = STEPS")
    assert registry.find("model", "waltz").steps == 3  # type: ignore[attr-defined]


def test_an_imported_class_is_not_taken_for_the_files_own(plugins: Path) -> None:
    write(plugins / "first_model.py", "class SecondModel: pass")
    write(plugins / "second_model.py", "from first_model import SecondModel")
    with pytest.raises(LookupError, match=r"second_model\.py holds no class SecondModel"):
        registry.find("model", "second")


def test_an_unknown_name_gets_the_nearest_names(plugins: Path) -> None:
    write(plugins / "waltz_model.py", "class WaltzModel: pass")
    with pytest.raises(LookupError, match=r"there is no model 'walz'.*did you mean waltz\?"):
        registry.find("model", "walz")


def test_a_name_in_two_files_is_an_error_naming_both(plugins: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    registry.add_plugin_dir(other)
    for folder in (plugins, other):
        write(folder / "waltz_model.py", "class WaltzModel: pass")
    with pytest.raises(LookupError, match=r"is in 2 files, .*my plugins.*other"):
        registry.find("model", "waltz")


def test_a_plugin_with_the_name_of_another_module_is_refused(plugins: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(plugins / "waltz_model.py", "class WaltzModel: pass")
    monkeypatch.setitem(sys.modules, "waltz_model", registry)
    with pytest.raises(LookupError, match=r"waltz_model\.py has the name of another module"):
        registry.find("model", "waltz")


def test_a_missing_plugin_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        registry.add_plugin_dir(tmp_path / "nowhere")


def test_an_unknown_kind_is_an_error_listing_the_kinds() -> None:
    with pytest.raises(LookupError, match="model, dataset, features, metric, renderer, corpus"):
        registry.names("dance")


@pytest.mark.parametrize("kind", registry.PACKAGES)
def test_every_discoverable_file_holds_its_class(kind: str) -> None:
    for name in registry.names(kind):
        found = registry.find(kind, name)
        assert found.__name__.lower() == f"{name}{kind}".replace("_", "")
        assert found.__doc__, f"{found.__name__} has no docstring"
