"""Who may ask: browsers that look at this page, not other sites that reach it through them."""

import ipaddress
from collections.abc import Collection
from email.message import Message
from http import HTTPStatus
from urllib.parse import urlsplit

from inference.web.request_error import RequestError

READING = ("GET",)


def check_sender(method: str, headers: Message, names: Collection[str]) -> None:
    """Refuse what another site has a hand in, with a RequestError.

    A request is meant for us if it is for an address as such or for one of our names: another site's name that was
    made to point here (DNS rebinding) is neither. What changes something is asked for by our own page, or by no page.
    """
    host = headers.get("Host") or ""
    if not is_ours(host, names):
        raise RequestError(
            f"{label(host)} is not the name of this server; open the address that it gave when it was started",
            HTTPStatus.MISDIRECTED_REQUEST,
        )
    origin = headers.get("Origin")
    strange = origin is not None and origin.lower() != f"http://{host.lower()}"
    site = headers.get("Sec-Fetch-Site") or "none"
    if method not in READING and (strange or site not in ("none", "same-origin")):
        raise RequestError("only this page itself may ask for that", HTTPStatus.FORBIDDEN)


def is_ours(host: str, names: Collection[str]) -> bool:
    """Whether a Host header is an address as such, or one of the names.

    >>> [is_ours(host, {"localhost"}) for host in ("127.0.0.1:80", "[::1]:80", "localhost", "evil.example", "")]
    [True, True, True, False, False]
    """
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name in names or bool(ipaddress.ip_address(name))
    except ValueError:
        return False


def label(host: str) -> str:
    """A host's name for the eye: short, and printable."""
    return "".join(letter for letter in host if letter.isprintable())[:60] or "an empty name"
