"""What proposed policies would have done to the requests of the past. The log is followed as replay follows it;
each request is submitted once more at its own moment, with the facts of that moment, while the proposed
policies stand there as if they had been published.

Each request is judged by itself: what it would have changed for later ones is not carried on. The form is left
out, as people would have filled in the one they were shown; and whoever took the default length is taken to
take the proposed default, since the log does not tell a default from the same length asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from domain.access_request import (
    DECIDER,
    Absent,
    RequestSubmitted,
    SubmissionFacts,
    SubmitRequest,
)
from domain.errors import PolicyUnfit, Refused
from domain.events import Event
from domain.policy import Policy, PublishPolicy
from domain.ports import EventLog
from projections.projection import Projection
from server.audit.batches import BATCH
from server.audit.replay import PastWork, past, runs
from server.audit.replay.before import Before
from server.audit.replay.request_commands import submission
from server.audit.replay.runs import extent
from server.request_facts import submission_facts
from server.scratch import Scratch
from server.simulation.ways import Kind, Ways, kinds_of, name_of, ways

UNASKED = "simulated"


@dataclass(frozen=True, slots=True)
class Refusal:
    """That a request would have been refused."""

    code: str
    why: str


@dataclass(frozen=True, slots=True)
class Changed:
    """A request that would have gone another way: by item how it went and how it would have gone, or
    that it would have been refused."""

    request_id: str
    position: int
    at: datetime
    requester: str
    target: str
    app_id: str
    items: tuple[str, ...]
    kinds: tuple[Kind, ...]
    was: Ways
    would_be: Ways | Refusal


@dataclass(frozen=True, slots=True)
class Simulated:
    """How many requests were looked at, and those that would have gone another way, or of which that
    cannot be told."""

    requests: int
    changed: tuple[Changed, ...]

    @property
    def elsewhere(self) -> int:
        """How many would have gone another way."""
        return len(self.changed) - self.counts[Kind.UNPUBLISHABLE]

    @property
    def counts(self) -> Mapping[Kind, int]:
        """How many of each kind; a request may be of several."""
        found = Counter(kind for one in self.changed for kind in one.kinds)
        return {kind: found[kind] for kind in Kind}


def simulate(
    log: EventLog,
    scratch: Scratch,
    projections: Sequence[Projection],
    proposed: Iterable[Policy],
    since: datetime,
    report: Callable[[int, int], None],
) -> Simulated:
    """Submit again what was submitted since then, under the proposed policies; `report` hears positions
    done and in all."""
    # As an import has it: rotations first, since any policy may name them.
    publish = [PublishPolicy(one) for one in sorted(proposed, key=lambda one: not one.on_call)]
    head, requests, changed = log.head(), 0, list[Changed]()
    with past(scratch, projections) as work:
        for run in runs(log, head):
            first = run[0].envelope
            if isinstance(first.event, RequestSubmitted) and first.recorded_at >= since:
                requests += 1
                found = _compared(Before(work, run, None), first.event, publish)
                changed += [found] if found else []
            work.take(run)
            if run[-1].position // BATCH != (run[0].position - 1) // BATCH:
                report(run[-1].position, head)
    report(head, head)
    return Simulated(requests, tuple(changed))


def _compared(
    before: Before, event: RequestSubmitted, publish: Sequence[PublishPolicy]
) -> Changed | None:
    """Return in what the request would have gone another way, None where it would not."""
    work, (wish, *_) = before.work, submission(before, event)
    recorded = [one.envelope.event for one in before.run[: extent(before.run)]]
    facts = _facts(work, wish)
    was = ways(work.rows, recorded, facts)
    would_be, kinds = _supposed(before, _open_length(wish, facts), publish)
    if not isinstance(would_be, Refusal):
        kinds = {kind for item, way in was.items() for kind in kinds_of(way, would_be[item])}
    if not kinds:
        return None
    return Changed(
        event.request_id,
        before.run[0].position,
        before.at,
        name_of(work.rows, event.requester),
        name_of(work.rows, event.target),
        event.app.app_id,
        event.item_ids,
        tuple(kind for kind in Kind if kind in kinds),
        was,
        would_be,
    )


def _facts(work: PastWork, wish: SubmitRequest) -> SubmissionFacts:
    """Return the facts of the moment, with policies that ask for no form."""
    _, facts = submission_facts(work, wish)
    policies = (replace(one, fields=(), justification_required=False) for one in facts.policies)
    return replace(facts, policies=tuple(policies))


def _decided(wish: SubmitRequest, facts: SubmissionFacts) -> Sequence[Event]:
    formless = replace(wish, justification=UNASKED, answers=())
    return DECIDER.decide(Absent(), formless, facts)


def _open_length(wish: SubmitRequest, facts: SubmissionFacts) -> SubmitRequest:
    """Leave the length to policy, if that would have led to the same."""
    by_default = replace(wish, access_seconds=None, length_given=False)
    try:
        event = _decided(by_default, facts)[0]
    except Refused:
        return wish
    same = isinstance(event, RequestSubmitted) and event.access_seconds == wish.access_seconds
    return by_default if same else wish


def _supposed(
    before: Before, wish: SubmitRequest, publish: Sequence[PublishPolicy]
) -> tuple[Ways | Refusal, set[Kind]]:
    """Return the way under the proposed policies, or why there is none."""
    work = before.work
    try:
        with work.supposing(publish, before.context):
            facts = _facts(work, wish)
            try:
                return ways(work.rows, _decided(wish, facts), facts), set()
            except Refused as refusal:
                return Refusal(refusal.code, refusal.sentence), {Kind.REFUSED}
    except PolicyUnfit as unfit:
        return Refusal(unfit.code, unfit.sentence), {Kind.UNPUBLISHABLE}
