"""What the decisions on a request rested on: the wish itself, who filed it and through what, what the
directory and the policies said then, and the way that the request had to go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from domain.access_request import RequestApproved, RequestRouted, RequestSubmitted, Route, RuleUsed
from domain.envelope import Recorded
from domain.lengths import format_length
from server.audit.looking_back.json_form import Json, moment_text
from server.audit.looking_back.policy_form import reference_names
from server.audit.why.known import Known


def filed(first: Recorded, event: RequestSubmitted, known: Known) -> Json:
    """Return what was asked for, by whom and for whom."""
    return {
        "position": first.position,
        "recorded_at": moment_text(first.envelope.recorded_at),
        "requester": known.named(event.requester, first.position),
        "target": known.named(event.target, first.position),
        "app": {"app_id": event.app.app_id, "name": event.app.name, "version": event.app.version},
        "permissions": [
            {"permission_id": one.permission_id, "label": one.label, "version": one.version}
            for one in event.permissions
        ],
        "items": list(event.item_ids),
        "justification": event.justification.text if event.justification else None,
        "answers": [
            {"field_id": one.field_id, "prompt": one.prompt, "response": one.response.text}
            for one in event.answers
        ],
        "access_length": format_length(event.access_seconds),
        "starts_at": moment_text(event.starts_at),
        "extends": event.extends,
        "emergency": event.emergency,
    }


def filed_through(first: Recorded, known: Known) -> Json:
    """Return through which door and client it was filed, and under which consent."""
    actor = first.envelope.actor
    client, consent_id = actor.client, actor.authorization
    return {
        "via": str(actor.via),
        "subject": known.named(actor.subject, first.position),
        "client": {"client_id": client.client_id, "name": client.name} if client else None,
        "service": actor.service,
        "consent": known.consent(consent_id, first.position) if consent_id else None,
    }


def directory(first: Recorded, event: RequestSubmitted, known: Known) -> Json:
    """Return what the directory said of those concerned: of requester and target at the versions that
    were recorded, of the manager as he stood when the request was filed."""
    facts = event.directory
    manager = facts.target_manager
    return {
        "requester": known.person_at_version(event.requester, facts.requester_version),
        "target": known.person_at_version(event.target, facts.target_version),
        "manager": known.person_at(manager, first.position) if manager else None,
        "target_groups": list(facts.target_groups),
    }


def routes(events: Iterable[Recorded]) -> tuple[Route, ...]:
    """Return the ways that the items had to go."""
    found = [one.envelope.event for one in events]
    return tuple(
        route for event in found if isinstance(event, RequestRouted) for route in event.routes
    )


def route_form(route: Route) -> Json:
    """Return a way as it was worked out and recorded."""
    return {
        "items": list(route.items),
        "policy": {"policy_id": route.rule.policy_id, "version": route.rule.version},
        "approved_by_rule": route.approved_by,
        "stages": [
            {
                "name": one.name,
                "kind": str(one.kind),
                "needed": one.needed,
                "approvers": reference_names(one.approvers),
            }
            for one in route.stages
        ],
        "minimum_evidence": str(route.minimum_evidence),
        "granted_by": route.provisioning.integration
        or reference_names(route.provisioning.assignees),
    }


def policies(event: RequestSubmitted, events: Sequence[Recorded], known: Known) -> list[Json]:
    """Return every version of a policy that the request rested on, with its text."""
    used = {event.rule, *(route.rule for route in routes(events))}
    used |= {
        one.envelope.event.rule
        for one in events
        if isinstance(one.envelope.event, RequestApproved)
    }
    return [known.policy(one) for one in sorted(used, key=_by_name)]


def _by_name(rule: RuleUsed) -> tuple[str, int]:
    return rule.policy_id, rule.version
