"""The pages that people read, and the blocks and commands on them."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PAGES = tuple(sorted([*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md")]))
FENCE = re.compile(r"^```(\w*)$")
HEADING = re.compile(r"^(#+) (.+)$")
SHELL = ("", "sh", "bash")
"""Languages of blocks of commands; a block of anything else says what it is of."""
SPAN = re.compile(r"`([^`]+)`")
PROGRAMS = ("./train.sh", "./generate.sh", "./evaluate.sh", "./test.sh", "./feature_extraction/", ".venv/bin/")
"""How commands begin that are told within a sentence or a table."""


@dataclass(frozen=True)
class Block:
    """A fenced block: the page it is on, the line of its first fence, the heading that it is under."""

    page: Path
    line: int
    heading: str
    language: str
    text: str

    @property
    def where(self) -> str:
        """The place as an editor takes it."""
        return f"{self.page.relative_to(PROJECT)}:{self.line}"


@dataclass(frozen=True)
class Command:
    """One line of shell without its comment, and where it is."""

    where: str
    heading: str
    words: tuple[str, ...]

    def __str__(self) -> str:
        return shlex.join(self.words)


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page."""
    heading, opened, kept = "", None, []
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        if fence := FENCE.match(line.strip()):
            if opened is None:
                opened, kept = (number, fence[1]), []
            else:
                yield Block(page, opened[0], heading, opened[1], "\n".join(kept) + "\n")
                opened = None
        elif opened is not None:
            kept.append(line)
        elif title := HEADING.match(line):
            heading = title[2]
    assert opened is None, f"{page}:{opened}: the block is not closed"


def prose(page: Path) -> str:
    """A page without its blocks, one line for each paragraph."""
    outside = re.sub(r"^ *```.*?^ *```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"(?<=\S)\n(?=[^\s|#-])", " ", outside)


def sections(page: Path) -> Iterator[tuple[str, str]]:
    """Each heading of a page, "" before the first, and its prose."""
    parts = ["", *re.split(r"^#+ (.+)$", prose(page), flags=re.MULTILINE)]
    return zip(parts[::2], parts[1::2], strict=True)


def commands(page: Path) -> Iterator[Command]:
    """The commands of a page: each line of its shell blocks, and those in sentences and tables."""
    for block in blocks(page):
        if block.language in SHELL:
            for line in block.text.replace("\\\n", " ").splitlines():
                if words := shlex.split(line, comments=True):
                    yield Command(block.where, block.heading, tuple(words))
    for heading, text in sections(page):
        for span in SPAN.findall(text):
            if span.startswith(PROGRAMS) and " " in span:
                yield Command(str(page.relative_to(PROJECT)), heading, tuple(shlex.split(span)))


def files(page: Path) -> dict[str, str]:
    """The files that a page has the reader write: a block after a paragraph that begins with a file's path."""
    found = {}
    for block in blocks(page):
        before = page.read_text(encoding="utf-8").splitlines()[: block.line - 1]
        paragraph = " ".join(before).rstrip().rsplit("  ", 1)[-1]
        if block.language not in SHELL and (name := re.match(r"`([\w/.-]+/[\w.-]+)`", paragraph)):
            found[name[1]] = block.text
    return found
