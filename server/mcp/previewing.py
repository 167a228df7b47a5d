"""What a submission would lead to, told from the very events that would be appended."""

from __future__ import annotations

from collections.abc import Sequence

from domain.access_request import (
    RequestRouted,
    RequestSubmitted,
    Route,
    StageStarted,
)
from domain.events import Event
from domain.lengths import format_duration
from domain.ports import Rows
from projections.people import person_by_id
from server.mcp.answers import Json
from server.mcp.forms import length_name, stage
from server.policies.approver_names import format_approver

NOBODY_OF_THE_POLICY = (
    "The policy's own approvers for {name} are too few, so that administrators may decide too."
)
BY_HAND = "Access is granted by hand, which takes as long as people take."


def preview(rows: Rows, events: Sequence[Event]) -> tuple[Json, str]:
    """Return the preview, and a sentence that sums it up."""
    submitted = next(one for one in events if isinstance(one, RequestSubmitted))
    routed = next(one for one in events if isinstance(one, RequestRouted))
    started = [one for one in events if isinstance(one, StageStarted)]
    fields: Json = {
        "app_id": submitted.app.app_id,
        "app_name": submitted.app.name,
        "requestable_permissions": [
            {"id": one.permission_id, "label": one.label} for one in submitted.permissions
        ],
        "route": [_route(rows, one, started) for one in routed.routes],
        "auto_approval": _auto_approval(routed.routes),
        "effective_expires_in_seconds": submitted.access_seconds,
        "policy": {"id": submitted.rule.policy_id, "version": submitted.rule.version},
        "warnings": _warnings(routed.routes, started),
    }
    length = length_name(submitted.access_seconds)
    decides = _decides(rows, started)
    return fields, f"It would ask for {submitted.what}, for {length}. {decides}"


def _route(rows: Rows, route: Route, started: Sequence[StageStarted]) -> Json:
    provisioning = route.provisioning
    return {
        "items": list(route.items),
        "policy": {"id": route.rule.policy_id, "version": route.rule.version},
        "approved_by_rule": route.approved_by,
        "stages": []
        if route.approved_by
        else [
            {**stage(one), "may_decide": _may_decide(rows, route, place, started)}
            for place, one in enumerate(route.stages)
        ],
        "granted_by": provisioning.integration
        or [format_approver(one) for one in provisioning.assignees],
        "lapses_after": format_duration(route.waiting.pending_seconds),
    }


def _may_decide(
    rows: Rows, route: Route, place: int, started: Sequence[StageStarted]
) -> list[str] | None:
    """Return who may decide at the stage; None for one that comes later, since it is looked up only
    then."""
    for event in started:
        if event.stage == place and set(event.items) & set(route.items):
            return [*_names(rows, event.approvers), *event.integrations]
    return None


def _auto_approval(routes: Sequence[Route]) -> Json | None:
    ruled = [one for one in routes if one.approved_by is not None]
    if not ruled or len(ruled) < len(routes):
        return None
    first = ruled[0]
    return {
        "rule_id": first.approved_by,
        "policy_id": first.rule.policy_id,
        "version": first.rule.version,
    }


def _warnings(routes: Sequence[Route], started: Sequence[StageStarted]) -> list[str]:
    warnings = [NOBODY_OF_THE_POLICY.format(name=one.name) for one in started if one.fallback]
    if any(not route.provisioning.integration for route in routes):
        warnings.append(BY_HAND)
    return list(dict.fromkeys(warnings))


def _decides(rows: Rows, started: Sequence[StageStarted]) -> str:
    if not started:
        return "Policy approves it at once."
    first = started[0]
    names = [*_names(rows, first.approvers), *first.integrations]
    shown = ", ".join(names[:5]) + (" and others" if len(names) > 5 else "")  # noqa: PLR2004
    return f"First to decide: {shown} ({first.name})."


def _names(rows: Rows, people: Sequence[str]) -> list[str]:
    found = (person_by_id(rows, one) for one in people[:20])
    return [one.full_name for one in found if one is not None]
