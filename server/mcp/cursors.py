"""Where a list of hits goes on: the place of the last one shown, and what was asked, so that a cursor is
good for its own search alone. It carries no authority (what it leads to is found for the caller anew),
and so needs no signature; a bad one is refused."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from projections.catalog.search.findings import Found, Hit
from server.mcp.arguments import Arguments, BadArguments

_PAGING = frozenset({"cursor", "page", "size"})


@dataclass(frozen=True, slots=True)
class Cursor:
    """The key of the last hit shown, a digest of the question, and the log's position in the index
    at the time."""

    key: tuple[float, int, str]
    question: str
    position: int

    def __str__(self) -> str:
        content = json.dumps([self.key, self.question, self.position], separators=(",", ":"))
        return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def parse_cursor(text: str, question: str) -> Cursor:
    """Return the cursor; raises `BadArguments` for one of another search, or none at all."""
    try:
        padded = text + "=" * (-len(text) % 4)
        content: Any = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        (score, tie, item_id), asked, position = content
        cursor = Cursor((float(score), int(tie), str(item_id)), str(asked), int(position))
    except (ValueError, TypeError, OverflowError, RecursionError, binascii.Error):
        raise BadArguments("cursor is not one of ours; search again without it.") from None
    if cursor.question != question:
        raise BadArguments("cursor is for another search; search again without it.")
    return cursor


def question_digest(arguments: Arguments) -> str:
    """Return what tells one search from another."""
    asked: Mapping[str, Any] = {
        name: value for name, value in arguments.items() if name not in _PAGING
    }
    content = json.dumps(asked, sort_keys=True).encode("utf-8", "replace")
    return hashlib.blake2b(content, digest_size=9).hexdigest()


def after(found: Found, cursor: Cursor) -> tuple[Hit, ...]:
    """Return the hits that come after the cursor's."""
    return tuple(one for one in found.hits if one.key > cursor.key)
