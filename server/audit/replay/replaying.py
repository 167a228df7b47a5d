"""The replay itself, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from domain.envelope import Recorded
from domain.errors import Refused
from domain.events import Event
from domain.ports import EventLog, RowConflict, StreamMoved
from projections.projection import Projection
from server.audit.batches import BATCH
from server.audit.replay.before import Before, NotReplayable
from server.audit.replay.comparing import MOST_SHOWN, differences
from server.audit.replay.forgotten import rests_on_forgotten
from server.audit.replay.past_work import PastWork, past
from server.audit.replay.rebuilding import COMMANDS, NOT_REPLAYED
from server.audit.replay.request_commands import CAUSES
from server.audit.replay.runs import Run, extent, runs
from server.scratch import Scratch

FORGOTTEN = "it rests on text about somebody who was forgotten"
NO_CAUSE = "nothing before it leads to it"
NO_PLACE = "it contradicts what was recorded before it"


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A decision that the rules would not have taken: where its first such event stands, the topics that
    are recorded and those that the rules give, and `why` in a few lines."""

    position: int
    stream: str
    at: datetime
    recorded: tuple[str, ...]
    ruled: tuple[str, ...]
    why: tuple[str, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """What is to be told of it, line by line."""
        moment = self.at.isoformat(timespec="seconds").replace("+00:00", "Z")
        return (
            f"event {self.position:,}, {moment}, {self.stream}",
            f"  recorded:       {', '.join(self.recorded)}",
            f"  the rules say:  {', '.join(self.ruled) or 'nothing'}",
            *(f"  {one}" for one in self.why),
        )


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many events were followed and how many decisions were taken again as recorded; how many could
    not be, by reason; and the first that would have been another, at which replay has stopped."""

    events: int
    decisions: int
    skipped: Mapping[str, int]
    mismatch: Mismatch | None


def replay_decisions(
    log: EventLog,
    scratch: Scratch,
    projections: Sequence[Projection],
    report: Callable[[int, int], None],
) -> Replayed:
    """Take every decision in the log again. `scratch` opens an empty store in memory, `projections` are
    the inline read models that facts are read from; `report` hears positions done and in all."""
    head = log.head()
    with past(scratch, projections) as work:
        replay = _Replay(work)
        for run in runs(log, head):
            if not replay.follow(run):
                break
            if replay.position // BATCH != (run[0].position - 1) // BATCH:
                report(replay.position, head)
        report(replay.position, head)
    return Replayed(replay.position, replay.decisions, dict(replay.skipped), replay.mismatch)


@dataclass(slots=True)
class _Replay:
    """How far replay has come. `causes` are the events of the job at hand that others may name as theirs."""

    work: PastWork
    position: int = 0
    decisions: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    mismatch: Mismatch | None = None
    causes: dict[str, Event] = field(default_factory=dict)
    correlation: str = ""

    def follow(self, run: Run) -> bool:
        """Take the decisions of a run again; False if one would have been another."""
        if run[0].envelope.correlation_id != self.correlation:
            self.correlation = run[0].envelope.correlation_id
            self.causes.clear()
        while run:
            count = self._decide(run)
            if count == 0:
                return False
            if not self._take(run[:count]):
                return False
            run = run[count:]
        return True

    def _take(self, run: Run) -> bool:
        try:
            self.work.take(run)
        except (RowConflict, StreamMoved) as conflict:
            self.mismatch = _mismatch(run, run[0], (), (f"{NO_PLACE}: {conflict}",))
            return False
        self.position = run[-1].position
        for recorded in run:
            if isinstance(recorded.envelope.event, CAUSES):
                self.causes[recorded.envelope.event_id] = recorded.envelope.event
        return True

    def _decide(self, run: Run) -> int:
        """Return how many events the next decision led to, 0 where it would have been another."""
        event = run[0].envelope.event
        before = Before(self.work, run, self.causes.get(run[0].envelope.causation_id or ""))
        reason = NOT_REPLAYED.get(event.TOPIC)
        rebuild = COMMANDS.get(type(event))
        try:
            commands = rebuild(before, event) if rebuild and reason is None else ()
        except NotReplayable as unknown:
            reason = str(unknown)
        if reason is not None:
            self.skipped[reason] += 1
            return extent(run)
        return self._judge(before, commands)

    def _judge(self, before: Before, commands: Sequence[object]) -> int:
        ruled: list[_Ruled] = []
        for command in commands:
            one = _Ruled.of(before, command)
            if one.agrees:
                self.decisions += 1
                return len(one.events)
            ruled.append(one)
        if any(rests_on_forgotten(self.work, command) for command in commands):
            self.skipped[FORGOTTEN] += 1
            return extent(before.run)
        self.mismatch = ruled[0].mismatch(before) if ruled else _uncaused(before.run)
        return 0


@dataclass(frozen=True, slots=True)
class _Ruled:
    """What the rules say to a command: its events, or that it is refused; and where that differs."""

    events: tuple[Event, ...]
    place: int
    why: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Whether it is what is recorded."""
        return not self.why

    @classmethod
    def of(cls, before: Before, command: object) -> _Ruled:
        """Ask the rules."""
        try:
            done = before.work.execute(command, before.context)
        except Refused as refusal:
            return cls((), 0, (f"the rules refuse it ({refusal.code}): {refusal.sentence}",))
        envelope = before.envelope
        if (done.stream, done.version + 1) != (envelope.stream, envelope.version):
            return cls((), 0, (f"it would follow version {done.version} of {done.stream}",))
        if not done.events:
            return cls((), 0, ("the rules let nothing happen",))
        recorded = [one.envelope.event for one in before.run[: len(done.events)]]
        found = differences(recorded, done.events)
        place = found[0].place if found else 0
        return cls(done.events, place, tuple(map(str, found[:MOST_SHOWN])))

    def mismatch(self, before: Before) -> Mismatch:
        """Return it as a mismatch."""
        run = before.run
        place = min(self.place, len(run) - 1)
        return _mismatch(run, run[place], tuple(one.TOPIC for one in self.events), self.why)


def _uncaused(run: Run) -> Mismatch:
    return _mismatch(run, run[0], (), (NO_CAUSE,))


def _mismatch(
    run: Run, recorded: Recorded, ruled: tuple[str, ...], why: tuple[str, ...]
) -> Mismatch:
    topics = tuple(one.envelope.event.TOPIC for one in run[: extent(run)])
    envelope = recorded.envelope
    return Mismatch(recorded.position, envelope.stream, envelope.recorded_at, topics, ruled, why)
