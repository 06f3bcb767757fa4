"""Every option that a sentence of a page names is one that some command has."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, PROJECT, SPAN, prose
from training.options import trainer

PACKAGES = ("feature_extraction", "models", "training", "inference", "analysis", "data")
OPTION = re.compile(r"--(?:no[-_])?([a-z][\w-]*)")
NOT_OURS = {"requeue", "signal", "slow", "constraint", "help"}
"""Options of SLURM, ./test.sh and argparse itself."""


def known() -> set[str]:
    """The names of all options, with underscores."""
    declared = {argument.name for argument in trainer.arguments()}
    for package in PACKAGES:
        for path in (PROJECT / package).rglob("*.py"):
            declared |= set(re.findall(r'"--([\w-]+)"', path.read_text(encoding="utf-8")))
            declared |= set(re.findall(r'flag\("--([\w-]+)"', path.read_text(encoding="utf-8")))
    return {name.replace("-", "_") for name in declared} | NOT_OURS


KNOWN = known()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_options_in_sentences_exist(page: Path) -> None:
    ours = re.sub(r"^\| ([^|]*) \|", "|", prose(page), flags=re.MULTILINE) if page.name == "README.md" else prose(page)
    for span in SPAN.findall(ours):
        for name in OPTION.findall(span):
            plain = re.sub(r"^(mean|residual|generator)_", "", name.replace("-", "_"))
            assert {plain, name.replace("-", "_")} & KNOWN, f"{page.name}: `{span}`: there is no --{name}"
