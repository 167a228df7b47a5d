"""The log in runs: neighbours in one stream that have their moment, actor and cause in common. A command's
events are always in one run; a run may hold those of several commands, as where one job cancels what a person
asks for and revokes what he holds. Which events are whose is told by the rules themselves, and where they
cannot tell, by `extent`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from domain.access_request import (
    AccessCompleted,
    AccessExtended,
    ApproversChanged,
    ApproversReminded,
    DecisionTaken,
    Deprovisioned,
    DeprovisioningFailed,
    DeprovisioningStarted,
    Provisioned,
    ProvisioningDenied,
    ProvisioningFailed,
    ProvisioningStarted,
    RequestApproved,
    RequestClosed,
    RequestDenied,
    RequestEscalated,
    RequestExpired,
    RequestRouted,
    StageApproved,
    StageStarted,
)
from domain.consent import ConsentNarrowed
from domain.envelope import Recorded
from domain.events import Event
from domain.person import RolesDescribed
from domain.ports import EventLog
from server.audit.batches import events_until

Run = tuple[Recorded, ...]

CONSEQUENCES = (
    RequestRouted,
    StageStarted,
    StageApproved,
    RequestApproved,
    RequestDenied,
    RequestClosed,
    AccessCompleted,
)
"""What never comes by itself: another event of the same command stands before it."""
FOLLOWING = (
    *CONSEQUENCES,
    ProvisioningStarted,
    DeprovisioningStarted,
    ConsentNarrowed,
    RolesDescribed,
)
REPORTS = (
    Provisioned,
    ProvisioningFailed,
    ProvisioningDenied,
    DeprovisioningFailed,
    Deprovisioned,
)
OF_TIME = (
    RequestExpired,
    RequestEscalated,
    ApproversReminded,
    ProvisioningStarted,
    DeprovisioningStarted,
)
TIME = ("time", "")


def runs(log: EventLog, head: int) -> Iterator[Run]:
    """Yield the events up to a position in runs."""
    run: list[Recorded] = []
    for recorded in chain.from_iterable(events_until(log, head)):
        if run and not _continues(run[-1], recorded):
            yield tuple(run)
            run = []
        run.append(recorded)
    if run:
        yield tuple(run)


def _continues(before: Recorded, after: Recorded) -> bool:
    one, other = before.envelope, after.envelope
    return (
        one.stream == other.stream
        and one.version + 1 == other.version
        and one.recorded_at == other.recorded_at
        and one.correlation_id == other.correlation_id
        and one.causation_id == other.causation_id
        and one.actor == other.actor
    )


def extent(run: Run) -> int:
    """Return how many events at the beginning of a run look like those of one command."""
    first = _cause(run[0].envelope.event)
    for count, recorded in enumerate(run[1:], start=1):
        event = recorded.envelope.event
        if not isinstance(event, FOLLOWING) and (first is None or _cause(event) != first):
            return count
    return len(run)


def _cause(event: Event) -> tuple[str, object] | None:
    """Return what events of one command have in common, None where a command has but one such."""
    match event:
        case DecisionTaken():
            return "decision", event.decision_id
        case ApproversChanged():
            return "approvers", event.by
        case AccessExtended():
            return "extension", event.by_request
        case _ if isinstance(event, REPORTS):
            return TIME if event.report_id is None else ("report", event.report_id)
        case _:
            return TIME if isinstance(event, OF_TIME) else None
