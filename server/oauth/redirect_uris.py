"""Which URLs a client may be sent back to: https anywhere, http on this machine only, private-use
schemes (RFC 8252 §7.1); compared exactly but for the port of a loopback URL (RFC 8252 §7.3)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import SplitResult, urlsplit

from server.setting_parsers import is_loopback

LIMIT = 2_000
MOST_URIS = 10
FORBIDDEN_SCHEMES = frozenset(
    [
        "javascript",
        "data",
        "file",
        "vbscript",
        "about",
        "blob",
        "filesystem",
        "view-source",
        "ws",
        "wss",
        "ftp",
        "mailto",
    ]
)
_PRINTABLE = re.compile(r"[!-~]+")


def acceptable(uri: str) -> bool:
    """Say whether a client may register this URL. RFC 7591 §5, RFC 9700 §4.1."""
    if len(uri) > LIMIT or not _PRINTABLE.fullmatch(uri) or re.search(r'["\\<>]', uri):
        return False
    parts = _split(uri)
    if parts is None or parts.fragment or "#" in uri or parts.username is not None:
        return False
    if parts.scheme == "https":
        return bool(parts.hostname)
    if parts.scheme == "http":
        return is_loopback(parts.hostname or "")
    return bool(parts.scheme) and parts.scheme not in FORBIDDEN_SCHEMES


def all_acceptable(uris: Sequence[str]) -> bool:
    """Say whether a client may have just these: at least one, and none too many."""
    return 1 <= len(uris) <= MOST_URIS and all(map(acceptable, uris))


def matches(asked: str, registered: tuple[str, ...]) -> bool:
    """Say whether the asked URL is one of those registered."""
    return acceptable(asked) and any(_same(asked, one) for one in registered)


def _same(asked: str, registered: str) -> bool:
    if asked == registered:
        return True
    ours, theirs = _split(asked), _split(registered)
    if ours is None or theirs is None:
        return False
    loopback = ours.scheme == theirs.scheme == "http" and is_loopback(ours.hostname or "")
    return loopback and ours.hostname == theirs.hostname and ours[2:] == theirs[2:]


def origin(uri: str) -> str:
    """Return where a redirect goes, without the port of a loopback URL, as consents remember."""
    parts = urlsplit(uri)
    if parts.scheme == "https":
        return f"https://{parts.netloc}"
    if parts.scheme == "http":
        return f"http://{parts.hostname}"
    return f"{parts.scheme}:"


def on_this_machine(uri: str) -> bool:
    """Say whether a redirect can only reach a program on the person's own machine."""
    return not uri.startswith("https:")


def destination(uri: str) -> str:
    """Return the same in words for the consent page."""
    parts = urlsplit(uri)
    if parts.scheme == "http":
        return "a program on this computer"
    return parts.netloc if parts.scheme == "https" else f"the app that handles {parts.scheme}:"


def _split(uri: str) -> SplitResult | None:
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return None
    return parts


def policy_sources(uris: tuple[str, ...]) -> str:
    """Return the sources of a content security policy that cover these redirects."""
    sources = set()
    for uri in uris:
        parts = urlsplit(uri)
        if parts.scheme == "http":
            sources.add(f"http://{parts.hostname}:*")
        elif parts.scheme == "https":
            sources.add(f"https://{parts.netloc}")
        else:
            sources.add(f"{parts.scheme}:")
    return " ".join(sorted(sources))
