"""What is known when a command is rebuilt: the moment before it, and the events that it led to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.decider import Decider
from domain.envelope import Envelope
from domain.events import Event
from server.audit.replay.past_work import PastWork
from server.audit.replay.runs import Run, extent
from server.command_bus import CommandContext


class NotReplayable(Exception):  # noqa: N818 - says what is
    """What the command said is in no event; the message says what."""


@dataclass(frozen=True, slots=True)
class Before:
    """The moment before `run`, and the event that caused it, where its kind matters."""

    work: PastWork
    run: Run
    cause: Event | None

    @property
    def envelope(self) -> Envelope:
        """The envelope of the first event."""
        return self.run[0].envelope

    @property
    def at(self) -> datetime:
        """When it was recorded."""
        return self.envelope.recorded_at

    @property
    def own(self) -> tuple[Event, ...]:
        """The events that look like those of one command."""
        return tuple(one.envelope.event for one in self.run[: extent(self.run)])

    @property
    def context(self) -> CommandContext:
        """The context of the command."""
        envelope = self.envelope
        return CommandContext(
            envelope.actor, envelope.recorded_at, envelope.correlation_id, envelope.causation_id
        )

    def state(self, decider: Decider[Any, Any, Any, Any]) -> Any:
        """Return the state of the stream."""
        return self.work.state_of(decider, self.envelope.stream)[1]


Rebuild = Callable[[Before, Any], Sequence[object]]
"""Returns what the command may have been, from its first event; any that the rules decide as recorded was
it. Raises `NotReplayable`."""
