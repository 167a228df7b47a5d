"""What stands in the event stream, as an auditor compares it with the log, and what of an event never does."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Published:
    """A message of the stream: its sequence and subject, the position and the event's id that its headers
    name, and its body. What is missing is empty."""

    sequence: int
    subject: str
    position: str
    event_id: str
    body: bytes


_HOME = re.compile(r"_digest$|^target_url$")


@cache
def stays_at_home(field: str) -> bool:
    """Say whether no message may carry this field of an event: digests of tokens, and URLs of receivers, which may
    hold a token of theirs."""
    return _HOME.search(field) is not None
