"""The real clock and the real source of ids."""

from __future__ import annotations

from datetime import UTC, datetime

import uuid_utils


def utc_now() -> datetime:
    """Return the present instant in UTC."""
    return datetime.now(UTC)


def new_id() -> str:
    """Return a new UUID of version 7 (RFC 9562 §5.7): later ones sort after earlier ones."""
    return str(uuid_utils.uuid7())
