"""The lengths of access that Lumos' API names; None is unlimited. Others are given in seconds."""

from __future__ import annotations

from domain.policy import DAY, HOUR

ACCESS_LENGTHS: dict[str, int | None] = {
    "2 hours": 2 * HOUR,
    "4 hours": 4 * HOUR,
    "8 hours": 8 * HOUR,
    "12 hours": 12 * HOUR,
    "1 day": DAY,
    "2 days": 2 * DAY,
    "3 days": 3 * DAY,
    "7 days": 7 * DAY,
    "14 days": 14 * DAY,
    "30 days": 30 * DAY,
    "90 days": 90 * DAY,
    "Unlimited": None,
}
