"""What operators are shown of messages and of the server that carries them: messages that were set aside,
those that wait to be read, and whether the server is a safe one."""

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


@dataclass(frozen=True, slots=True)
class AttackResult:
    """An attack that was tried, whether it was in vain, and else what it achieved."""

    attack: str
    inert: bool
    achieved: str = ""


@dataclass(frozen=True, slots=True)
class NatsCheck:
    """What was found at a NATS server: its version and whether that is recent enough, in what its
    streams differ from what they should be, and what came of the attacks."""

    version: str
    recent: bool
    drift: tuple[str, ...]
    attacks: tuple[AttackResult, ...]
