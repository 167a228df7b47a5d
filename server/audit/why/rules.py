"""By which rule of which version of a policy a step was decided. The rule is told as it was recorded with
the request's way, so that it is the one that counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from domain.access_request import (
    DecisionTaken,
    ProvisioningDenied,
    RequestApproved,
    RequestDenied,
    RequestExpired,
    Route,
)
from domain.lengths import format_duration
from domain.policy import Stage
from server.audit.looking_back.json_form import Json
from server.audit.looking_back.policy_form import reference_names


def rules_of(event: Any, routes: Sequence[Route]) -> list[Json]:
    """Return the policies and the rules in them that a step followed, one for each way that its items
    went; none where it followed none, as when somebody withdraws what he asked for."""
    items = set(getattr(event, "items", ()) or (getattr(event, "item_id", None),))
    return [
        {
            "items": [one for one in route.items if one in items],
            "policy_id": route.rule.policy_id,
            "version": route.rule.version,
            "kind": what[0],
            "name": what[1],
            "says": what[2],
        }
        for route in routes
        if items & set(route.items) and (what := _what(event, route)) is not None
    ]


def _what(event: Any, route: Route) -> tuple[str, str | None, str] | None:
    """Return of which kind the rule is, what it is called and what it says."""
    match event:
        case DecisionTaken():
            stage = next((one for one in route.stages if one.name == event.name), None)
            least = f"known at least by: {route.minimum_evidence}"
            return "stage", event.name, f"{_stage(stage)}; {least}" if stage else least
        case RequestApproved():
            return _approving(event, route)
        case RequestDenied():
            return "one denial is enough", None, "an item that anybody asked denies is denied"
        case RequestExpired():
            lapse = format_duration(route.waiting.pending_seconds)
            return "waiting", None, f"lapses after {lapse} without an answer"
        case ProvisioningDenied():
            return "provisioning", None, f"granted by {_granted_by(route)}"
        case _:
            return None


def _approving(event: RequestApproved, route: Route) -> tuple[str, str | None, str]:
    if event.approved_by is not None:
        return "approves without asking", event.approved_by, "nobody has to be asked"
    passed = "; ".join(f"{one.name}: {_stage(one)}" for one in route.stages)
    return "all stages", None, passed or "there are no stages"


def _stage(stage: Stage) -> str:
    return f"{stage.needed} of {', '.join(reference_names(stage.approvers))}"


def _granted_by(route: Route) -> str:
    return route.provisioning.integration or ", ".join(
        reference_names(route.provisioning.assignees)
    )
