"""What the command bus tells of its work: counted when it is durable, or known to have failed, so that what
was undone and run again is not counted twice. All but `ticket` is called on the writer's thread."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Protocol

from domain.errors import Refused
from domain.trace_context import Traceparent
from server.telemetry import catalogue
from server.telemetry.current import current_traceparent
from server.telemetry.meters import DEAF, Meters
from server.telemetry.spans import UNTRACED, Interval, Part, Span, Tracing

DONE, ROLLED_BACK, FAILED = "done", "rolled_back", "failed"
CHANGED, UNCHANGED, REPLAYED, REFUSED = "changed", "unchanged", "replayed", "refused"
PREVIEWED = "previewed"
_WORD = re.compile(r"(?<!^)(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Ticket:
    """Since when a job has waited, and of which trace it is."""

    since: float
    parent: Traceparent | None


def ticket() -> Ticket:
    """Return the ticket of a job that begins to wait now."""
    return Ticket(time.perf_counter(), current_traceparent())


@dataclass(slots=True)
class _Job:
    """What a job did so far."""

    commands: list[tuple[str, str, str]] = field(default_factory=list)
    topics: list[str] = field(default_factory=list)


class BusNotes:
    """Counts commands, events and commits, and times them."""

    def __init__(self, meters: Meters = DEAF, tracing: Tracing = UNTRACED) -> None:
        self._meters = meters
        # Who decides again what was decided has no commits that would empty what is kept here.
        self._counted = meters is not DEAF
        self._tracing = tracing
        self._spans: list[Span] = []
        self._job = _Job()
        self._batch = _Job()

    def began(self, kind: type, parent: Traceparent | None) -> Traceparent | None:
        """A command begins; return the `traceparent` of its events."""
        if not self._tracing.on:
            return parent
        # A command that belongs to no trace begins none: there would be one for each look at the clock.
        of = self._tracing if parent is not None else UNTRACED
        span = of.begin(f"command {word(kind)}", parent)
        self._spans.append(span)
        return span.traceparent

    def decided(self, kind: type, outcome: str, code: str = "") -> None:
        """The command that began last is decided; `code` is that of a refusal."""
        if self._counted:
            self._job.commands.append((word(kind), outcome, code))
        if self._spans:
            self._spans.pop().end({"doorward.outcome": outcome}, error=code)

    def failed(self, kind: type, fault: Exception) -> None:
        """The command that began last was refused, or came to a fault of ours."""
        if isinstance(fault, Refused):
            self.decided(kind, REFUSED, fault.code)
        else:
            self.decided(kind, FAILED)

    def appended(self, topics: Iterable[str]) -> None:
        """Events of these topics are in the transaction."""
        if self._counted:
            self._job.topics += topics

    def keep(self) -> None:
        """The job just run stays."""
        self._batch.commands += self._job.commands
        self._batch.topics += self._job.topics
        self._next()

    def drop(self) -> None:
        """The job just run was undone: its events are gone, but not that it was refused."""
        self._batch.commands += [one for one in self._job.commands if one[1] in (REFUSED, FAILED)]
        self._end_spans()
        self._next()

    def undone(self) -> None:
        """The transaction was rolled back, and its jobs are run again."""
        self._meters.count(catalogue.COMMITS.name, ROLLED_BACK)
        self._forget()

    def committed(self) -> None:
        """The transaction is durable."""
        count = self._meters.count
        count(catalogue.COMMITS.name, DONE)
        for command in self._batch.commands:
            count(catalogue.COMMANDS.name, *command)
        for topic in self._batch.topics:
            count(catalogue.EVENTS.name, topic)
        self._forget()

    def abandoned(self) -> None:
        """The transaction is gone, or nobody knows."""
        self._meters.count(catalogue.COMMITS.name, FAILED)
        self._forget()

    def replied(self, tickets: Sequence[Ticket], began: float, ended: float) -> None:
        """The jobs of a group commit have their answers."""
        observe = self._meters.observe
        observe(catalogue.COMMIT_JOBS.name, len(tickets))
        observe(catalogue.COMMIT_SECONDS.name, ended - began)
        for one in tickets:
            observe(catalogue.JOB_WAIT_SECONDS.name, began - one.since)
        if self._tracing.on:
            self._trace(tickets, Interval(began, ended))

    def _trace(self, tickets: Sequence[Ticket], interval: Interval) -> None:
        """Record what each job of a trace waited for, and the commit that they had together."""
        traced = [(one.since, one.parent) for one in tickets if one.parent is not None]
        if not traced:
            return
        for since, parent in traced:
            around = Interval(since, interval.ended)
            waited = {"doorward.queue.seconds": interval.began - since}
            self._tracing.record("job", parent, around, attributes=waited)
        links = [parent for _since, parent in traced]
        size = {"doorward.commit.jobs": len(tickets)}
        self._tracing.record("group commit", None, interval, Part.INTERNAL, size, links)

    def _next(self) -> None:
        self._job = _Job()

    def _end_spans(self) -> None:
        for span in self._spans:
            span.end(error="undone")
        self._spans.clear()

    def _forget(self) -> None:
        self._end_spans()
        self._batch = _Job()
        self._next()


class Done(Protocol):
    """What came of a command."""

    @property
    def changed(self) -> bool:
        """Whether anything happened."""

    @property
    def replayed(self) -> bool:
        """Whether it had been done before."""


def outcome(done: Done, *, dry_run: bool) -> str:
    """Return the word for what came of a command."""
    if dry_run:
        return PREVIEWED
    if done.replayed:
        return REPLAYED
    return CHANGED if done.changed else UNCHANGED


@cache
def word(kind: type) -> str:
    """Return the name of a command as metrics spell it: ``submit_request``."""
    return _WORD.sub("_", kind.__name__).lower()
