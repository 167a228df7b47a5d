"""Which events a webhook gets: those whose topic matches one of its patterns and, where it names apps,
that are about one of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

EVERYTHING = "*"


@lru_cache(maxsize=1_000)
def _expression(pattern: str) -> re.Pattern[str]:
    """A star stands for any run of characters inside one part of a topic."""
    return re.compile(r"[^.]*".join(map(re.escape, pattern.split("*"))))


def topic_matches(pattern: str, topic: str) -> bool:
    """Say whether a topic such as ``access_request.submitted`` fits ``access_request.*`` or ``*``."""
    return pattern == EVERYTHING or bool(_expression(pattern).fullmatch(topic))


def wanted(events: Iterable[str], apps: Sequence[str], topic: str, app: str) -> bool:
    """Say whether an event of this topic about this app (empty: none) is to be sent."""
    return (not apps or app in apps) and any(topic_matches(one, topic) for one in events)
