"""When a delivery that failed is tried again, and how long a receiver that keeps failing, or asks for
time, is left alone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from server.backoff import Backoff

SCHEDULE = Backoff(
    (
        timedelta(seconds=5),
        timedelta(minutes=5),
        timedelta(minutes=30),
        timedelta(hours=2),
        timedelta(hours=5),
        timedelta(hours=10),
        timedelta(hours=14),
        timedelta(hours=20),
        timedelta(hours=24),
    )
)
"""Waits between the attempts for one event, as Standard Webhooks proposes them."""

REST_AFTER = 5
"""So many failures in a row, whatever the events, are the receiver's."""

_FIRST_REST = timedelta(seconds=30)
_LONGEST_REST = timedelta(minutes=15)
_LONGEST_ASKED = timedelta(hours=24)
_DOUBLINGS = 5


def rest_after(failures: int) -> timedelta:
    """Return how long a receiver is left alone after this many failures in a row."""
    if failures < REST_AFTER:
        return timedelta()
    doublings = min(failures - REST_AFTER, _DOUBLINGS)
    return min(_FIRST_REST * (1 << doublings), _LONGEST_REST)


def asked_wait(retry_after: str | None, now: datetime) -> timedelta:
    """Return how long ``Retry-After`` asks to wait (RFC 9110 §10.2.3: seconds or a date), a day at
    most; nothing where it cannot be read."""
    text = (retry_after or "").strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        asked = timedelta(seconds=int(text))
    else:
        try:
            moment = parsedate_to_datetime(text)
            asked = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
        except (ValueError, OverflowError):
            return timedelta()
    return min(max(asked, timedelta()), _LONGEST_ASKED)
