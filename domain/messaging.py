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
class StreamKeeping:
    """On how many servers a stream or a consumer of one is kept, which of them leads (none: an election
    that does not end), and which are behind or away."""

    name: str
    replicas: int
    leader: str
    behind: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NatsCheck:
    """What was found at a NATS server: its version and whether that is recent enough, in what its
    streams differ from what they should be, how they are kept, whether it takes messages as large as
    events may be, and what came of the attacks."""

    version: str
    recent: bool
    drift: tuple[str, ...]
    streams: tuple[StreamKeeping, ...]
    roomy: bool
    attacks: tuple[AttackResult, ...]

    @property
    def safe(self) -> bool:
        """Whether nothing is to be mended."""
        kept = all(one.leader and not one.behind for one in self.streams)
        inert = all(one.inert for one in self.attacks)
        return self.recent and not self.drift and kept and self.roomy and inert
