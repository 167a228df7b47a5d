"""How values stand in columns: instants as text that sorts, lists and objects as JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import lru_cache

import msgspec

from domain.ports import Value

_texts = msgspec.json.Decoder(tuple[str, ...])


@lru_cache(maxsize=4_096)
def instant(moment: datetime) -> str:
    """Return ``YYYY-MM-DDTHH:MM:SS.ffffffZ``, which sorts as time does."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def maybe_instant(moment: datetime | None) -> str | None:
    """Return the same, or None."""
    return None if moment is None else instant(moment)


def parse_instant(text: Value) -> datetime:
    """Return the aware UTC instant that `instant` wrote."""
    return datetime.fromisoformat(str(text))


def json_text(value: object) -> str:
    """Return compact JSON."""
    return msgspec.json.encode(value).decode()


def json_value(text: Value) -> object:
    """Return what `json_text` wrote."""
    return json.loads(str(text))


def text_list(text: Value) -> tuple[str, ...]:
    """Return a JSON list of strings as a tuple."""
    return () if text == "[]" else _texts.decode(str(text))


def maybe_text(value: Value) -> str | None:
    """Return a nullable TEXT column."""
    return None if value is None else str(value)


def number(value: Value) -> int:
    """Return a BIGINT column that is never null."""
    if not isinstance(value, int):
        msg = f"a column that holds numbers holds {type(value).__name__}"
        raise TypeError(msg)
    return value


def maybe_number(value: Value) -> int | None:
    """Return a nullable BIGINT column."""
    return None if value is None else number(value)
