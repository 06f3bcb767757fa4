"""Links between pages lead somewhere: to a file that is there, and to a heading that is on it."""

import re
from pathlib import Path

import pytest
import yaml

from tests.docs.pages import PAGES, PROJECT, blocks

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
MADE = "docs/reference/"
"""Where pages are that the site's builder makes."""
SITE = PROJECT / "mkdocs.yml"


def anchors(page: Path) -> set[str]:
    """The names of a page's headings, as GitHub and the site make them."""
    text = page.read_text(encoding="utf-8")
    for block in blocks(page):
        text = text.replace(block.text, "")
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in HEADING.findall(text)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+://", link):
            assert link.startswith("https://"), f"{page}: {link}"
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if target.relative_to(PROJECT).as_posix().startswith(MADE):
            assert target.name in made_pages(), f"{page}: {link}"
            continue
        assert target.is_file(), f"{page}: there is no {link}"
        assert not anchor or anchor in anchors(target), f"{page}: there is no heading {link}"


def test_pages_of_the_site_link_to_none_beyond_it() -> None:
    for page in PROJECT.glob("docs/**/*.md"):
        for link in LINK.findall(page.read_text(encoding="utf-8")):
            if "://" not in link:
                assert (page.parent / link.partition("#")[0]).resolve().is_relative_to(PROJECT / "docs"), link


def test_the_site_shows_every_page() -> None:
    shown = re.findall(r"[\w/-]+\.md", SITE.read_text(encoding="utf-8").partition("\nnav:")[2])
    written = {page.relative_to(PROJECT / "docs").as_posix() for page in PROJECT.glob("docs/**/*.md")}
    assert sorted(shown) == sorted(written | {f"reference/{name}" for name in made_pages()})


def made_pages() -> list[str]:
    """The names of the pages that the site's builder makes, without making them."""
    source = (PROJECT / "docs" / "hooks" / "reference.py").read_text(encoding="utf-8")
    return re.findall(r'^        "(\w+\.md)": ', source, flags=re.MULTILINE)


def test_the_site_asks_other_servers_for_nothing() -> None:
    settings = yaml.safe_load(SITE.read_text(encoding="utf-8"))
    assert settings["theme"]["font"] is False
    assert settings["plugins"] == ["search"]
    assert "extra_javascript" not in settings
