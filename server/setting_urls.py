"""URLs in settings, read so that every fault of one is said in words, and none of its text, which may hold a
password."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit


def split_url(value: str) -> SplitResult:
    """Return the parts of a URL; raises `ValueError` where it has none, or a port that is none."""
    try:
        url = urlsplit(value)
        _ = url.port
    except ValueError:
        msg = "it is no URL: its host or its port cannot be read"
        raise ValueError(msg) from None
    return url
