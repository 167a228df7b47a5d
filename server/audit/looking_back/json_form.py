"""What stood at a past moment as JSON: states and rows with all they hold, text about people as it reads
today, times as RFC 3339, and sets in order, so that the same question has the same answer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import msgspec

from domain.values import Personal

Json = dict[str, Any]


def plain(value: object) -> Json:
    """Return a record as JSON-ready values."""
    return cast("Json", msgspec.to_builtins(value, enc_hook=_personal, order="deterministic"))


def moment_text(moment: datetime | None) -> str | None:
    """Return a time as RFC 3339 in UTC, or None."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _personal(value: object) -> str:
    if not isinstance(value, Personal):
        msg = f"{type(value).__name__} has no public form"
        raise TypeError(msg)
    return value.text
