"""What was decided on a request, stage by stage and in order, and what was then done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from domain.access_request import (
    AccessCompleted,
    AccessExtended,
    AccessRevoked,
    ApproversChanged,
    DecisionRefused,
    DecisionTaken,
    Deprovisioned,
    DeprovisioningFailed,
    DeprovisioningStarted,
    Provisioned,
    ProvisioningDenied,
    ProvisioningFailed,
    ProvisioningStarted,
    RemovalCalledOff,
    RequestApproved,
    RequestCancelled,
    RequestDenied,
    RequestEscalated,
    RequestExpired,
    Route,
    StageApproved,
    StageStarted,
)
from domain.envelope import Recorded
from domain.lengths import format_length
from domain.review import ReviewCompleted
from domain.values import Personal
from server.audit.looking_back.json_form import Json, moment_text
from server.audit.why.known import Known
from server.audit.why.rules import rules_of

DECIDED: dict[type, Callable[[Any], str]] = {
    DecisionTaken: lambda event: str(event.verdict),
    DecisionRefused: lambda _event: "not counted",
    RequestApproved: lambda _event: "approved",
    RequestDenied: lambda _event: "denied",
    RequestExpired: lambda _event: "lapsed",
    RequestCancelled: lambda _event: "withdrawn",
    ProvisioningDenied: lambda _event: "refused by its provisioner",
    AccessRevoked: lambda _event: "revoked",
    RemovalCalledOff: lambda _event: "removal called off",
    ReviewCompleted: lambda event: f"emergency {event.judgement}",
}
"""The events that decide, each with what it decides."""

CARRIED_OUT = (
    ProvisioningStarted,
    Provisioned,
    ProvisioningFailed,
    ProvisioningDenied,
    AccessCompleted,
    AccessExtended,
    DeprovisioningStarted,
    DeprovisioningFailed,
    Deprovisioned,
)
"""The events of granting and removing."""


def decisions(events: Iterable[Recorded], routes: Sequence[Route], known: Known) -> list[Json]:
    """Return each decision: what, by which rule, by whom, and how that is known."""
    found = []
    for one in events:
        event = one.envelope.event
        decided = DECIDED.get(type(event))
        if decided is not None:
            found.append({**_step(one, known), **_decision(event, decided(event), routes)})
    return found


def _decision(event: Any, decided: str, routes: Sequence[Route]) -> Json:
    shortened = isinstance(event, DecisionTaken) and event.access_seconds is not None
    evidence = getattr(event, "evidence", None)
    return {
        "decided": decided,
        "stage": event.name if isinstance(event, DecisionTaken) else None,
        "rules": rules_of(event, routes),
        "decision_id": getattr(event, "decision_id", None),
        "evidence": None if evidence is None else str(evidence),
        "proof": getattr(event, "proof", None),
        "shortened_to": format_length(event.access_seconds) if shortened else None,
        "code": getattr(event, "code", None),
    }


def stages(events: Iterable[Recorded], known: Known) -> list[Json]:
    """Return each stage as it was started, whom it then came to wait for, and when it was passed."""
    found: list[Json] = []
    for one in events:
        event = one.envelope.event
        if isinstance(event, StageStarted):
            found.append(_stage(one, event, known))
        elif isinstance(event, ApproversChanged | RequestEscalated):
            _last_of(found, event.items)["changes"].append(_change(one, event, known))
        elif isinstance(event, StageApproved):
            passed = {"at": moment_text(one.envelope.recorded_at), "items": list(event.items)}
            _last_of(found, event.items)["passed"].append(passed)
    return found


def _stage(one: Recorded, event: StageStarted, known: Known) -> Json:
    return {
        "position": one.position,
        "recorded_at": moment_text(one.envelope.recorded_at),
        "name": event.name,
        "kind": str(event.kind),
        "items": list(event.items),
        "needed": event.needed,
        "approvers": known.people(event.approvers, one.position),
        "integrations": list(event.integrations),
        "administrators_added": event.fallback,
        "changes": [],
        "passed": [],
    }


def _change(one: Recorded, event: ApproversChanged | RequestEscalated, known: Known) -> Json:
    return {
        **_step(one, known),
        "approvers": known.people(event.approvers, one.position),
        "integrations": list(getattr(event, "integrations", ())),
    }


def _last_of(stages: list[Json], items: Sequence[str]) -> Json:
    """Return the newest stage of any of these items."""
    return next(one for one in reversed(stages) if set(one["items"]) & set(items))


def fulfilment(events: Iterable[Recorded], known: Known) -> list[Json]:
    """Return each order to grant or remove and each answer: who was to do it, and who did."""
    found = []
    for one in events:
        event: Any = one.envelope.event
        if isinstance(event, CARRIED_OUT):
            task = getattr(event, "task", None)
            assignees = known.people(task.assignees, one.position) if task else []
            step = {
                **_step(one, known),
                "integration": task.integration if task else None,
                "assignees": assignees,
                "attempt": task.attempt if task else getattr(event, "attempt", None),
                "expires_at": moment_text(getattr(event, "expires_at", None)),
                "retry_at": moment_text(getattr(event, "retry_at", None)),
                "ending": getattr(event, "ending", None),
                "by_request": getattr(event, "by_request", None),
            }
            found.append(step)
    return found


def _step(one: Recorded, known: Known) -> Json:
    """Return what every step has: where it stands, what it was about, who did it and why."""
    event: Any = one.envelope.event
    actor = one.envelope.actor
    by = _author(event) or (None if _names_its_author(event) else actor.subject)
    reason = getattr(event, "reason", None) or getattr(event, "remark", None)
    return {
        "position": one.position,
        "recorded_at": moment_text(one.envelope.recorded_at),
        "event": event.TOPIC,
        "items": _items(event),
        "by": known.named(by, one.position),
        "submitted_by": getattr(event, "submitted_by", None) or actor.service,
        "via": str(actor.via),
        "client": actor.client.name if actor.client else None,
        "reason": reason.text if isinstance(reason, Personal) else None,
    }


def _author(event: Any) -> Any:
    found = (getattr(event, name, None) for name in ("decided_by", "reported_by", "by"))
    return next((one for one in found if one is not None), None)


def _names_its_author(event: Any) -> bool:
    """Say whether such events name who did it, so that where one names nobody, nobody did."""
    return any(hasattr(event, name) for name in ("decided_by", "reported_by"))


def _items(event: Any) -> list[str]:
    if isinstance(event, RequestCancelled):
        return list(event.items or event.snapshot.item_ids)
    items = getattr(event, "items", None)
    if items is not None:
        return list(items)
    item = getattr(event, "item_id", None)
    return [item] if item else []
