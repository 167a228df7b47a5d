"""Filters (RFC 7644 section 3.4.2.2) as identity providers use them: attributes that equal a value, joined
by ``and``. Any other is refused as one that cannot be answered, never answered wrongly."""

from __future__ import annotations

import json
import re

from server.scim.faults import invalid

_TERM = re.compile(
    r"""\s*(?P<path>[A-Za-z][\w:.$-]*(?:\[[^\]]{1,100}\])?(?:\.[A-Za-z]+)?)\s+eq\s+"""
    r"""(?P<value>"(?:[^"\\]|\\.)*"|true|false)\s*""",
    re.IGNORECASE,
)
_AND = re.compile(r"and\s+", re.IGNORECASE)
LIMIT = 1_000


def parse_filter(text: str) -> list[tuple[str, str]]:
    """Return pairs of attribute path, in lower case, and value; raises `ScimFault`."""
    if len(text) > LIMIT:
        raise _unusable()
    terms: list[tuple[str, str]] = []
    rest = text
    while True:
        found = _TERM.match(rest)
        if found is None:
            raise _unusable()
        terms.append((found["path"].lower(), _value(found["value"])))
        rest = rest[found.end() :]
        if not rest:
            return terms
        joined = _AND.match(rest)
        if joined is None:
            raise _unusable()
        rest = rest[joined.end() :]


def columns_of(text: str, known: dict[str, str]) -> dict[str, str]:
    """Return the columns that a filter asks for, by its paths; raises `ScimFault`."""
    wanted: dict[str, str] = {}
    for path, value in parse_filter(text):
        column = known.get(path)
        if column is None or wanted.get(column, value) != value:
            raise _unusable()
        wanted[column] = value
    return wanted


def _value(text: str) -> str:
    try:
        return str(json.loads(text)) if text.startswith('"') else text.lower()
    except ValueError:
        raise _unusable() from None


def _unusable() -> Exception:
    return invalid("The filter cannot be answered; use eq on a known attribute.", "invalidFilter")
