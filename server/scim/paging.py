"""Lists in pages (RFC 7644 section 3.4.2): from ``startIndex``, which begins with 1, ``count`` resources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from server.scim.faults import invalid

LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
USUAL, MOST = 100, 200
HIGHEST = 10_000_000


@dataclass(frozen=True, slots=True)
class Paging:
    """Which part of a list is asked for."""

    start: int
    count: int

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Paging:
        """Read it from a query; raises `ScimFault`."""
        start = max(1, _number(query, "startIndex", 1))
        return cls(start, min(MOST, max(0, _number(query, "count", USUAL))))

    @property
    def offset(self) -> int:
        """How many resources stand before it."""
        return self.start - 1


def listed(resources: list[dict[str, Any]], total: int, paging: Paging) -> dict[str, Any]:
    """Return the list response."""
    return {
        "schemas": [LIST],
        "totalResults": total,
        "startIndex": paging.start,
        "itemsPerPage": len(resources),
        "Resources": resources,
    }


def _number(query: Mapping[str, str], name: str, usual: int) -> int:
    text = query.get(name, "")
    if not text:
        return usual
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 9):  # noqa: PLR2004
        raise invalid(f"{name} must be a whole number.")
    return min(HIGHEST, int(text))
