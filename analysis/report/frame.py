"""What is around every page: a head with the style, a title, nothing from elsewhere."""

from html import escape
from importlib.resources import files


def framed(title: str, body: str, after: str = "") -> str:
    """Give a whole page; `body` and `after`, what follows it (scripts), are HTML."""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{asset('style.css')}</style></head>\n<body>\n"
        f"<h1>{escape(title)}</h1>\n{body}\n{after}\n</body></html>\n"
    )


def asset(name: str) -> str:
    """Give the text of a file of `assets`."""
    return (files("analysis.report") / "assets" / name).read_text(encoding="utf-8")
