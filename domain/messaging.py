"""What operators are shown of messages: those that were set aside, and those that wait to be read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that was set aside: its number among the dead letters and when it came there, the
    stream, consumer and subject it stood at, why, and the message as it was sent."""

    number: int
    at: datetime
    stream: str
    consumer: str
    subject: str
    reason: str
    body: bytes


@dataclass(frozen=True, slots=True)
class ConsumerLag:
    """How far an integration's consumer is behind: messages that it has not been given, and those
    that it was given and has not acknowledged."""

    stream: str
    name: str
    pending: int
    unacknowledged: int
