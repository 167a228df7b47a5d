"""The history of a request in sentences that anybody understands."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from projections.request_history import Told

SENTENCES: Mapping[str, str] = {
    "access_request.submitted": "{who} asked for {items}",
    "access_request.routed": "Policy said who has to decide",
    "access_request.stage_started": "{items} came to the stage “{detail}”",
    "access_request.stage_approved": "The stage “{detail}” was passed for {items}",
    "access_request.approved": "{items} approved{rule}",
    "access_request.denied": "{items} denied",
    "access_request.decision_refused": "A decision was refused ({detail})",
    "access_request.expired": "Nobody decided on {items} in time",
    "access_request.cancelled": "{who} withdrew {items}",
    "access_request.approvers_changed": "Others may decide on {items} now",
    "access_request.reminded": "Approvers were reminded of {items}",
    "access_request.escalated": "Nobody had decided on {items}: others may as well now",
    "access_request.comment_added": "{who} said",
    "access_request.closed": "The request is over",
    "access_request.provisioning_started": "The order to grant {items} went out{to}",
    "access_request.provisioned": "{items} granted{until}",
    "access_request.provisioning_failed": "Granting {items} failed",
    "access_request.provisioning_denied": "{who} will not grant {items}",
    "access_request.completed": "Nothing is left to do for {items}",
    "access_request.extended": "{items} lasts longer{until}",
    "access_request.revoked": "{who} ended the access to {items}",
    "access_request.deprovisioning_started": "The order to remove {items} went out{to}",
    "access_request.deprovisioning_failed": "Removing {items} failed",
    "access_request.deprovisioned": "{items} removed",
    "access_request.removal_called_off": "{who} let {items} stand",
    "review.required": "An emergency: it has to be reviewed",
    "review.overdue": "The review is overdue",
    "review.completed": "{who} reviewed the emergency: {detail}",
}


DONE: Mapping[str, str] = {
    "submitted": "Your request was submitted.",
    "open": "You have asked for this already: here is the request, still open.",
    "held": "You have this access already, through this request.",
    "emergency": "You took the access at once. Others will judge whether it was an emergency.",
    "approve": "You approved the request.",
    "deny": "You denied the request.",
    "some": "You decided on what was ticked.",
    "report": "You told how the work went.",
    "cancel": "You withdrew the request.",
    "revoke": "You ended the access.",
    "call-off": "You called off the removal: the access stands.",
    "comment": "What you said stands in the history.",
    "reassign": "You handed the decision over.",
    "review": "You reviewed the emergency.",
}
"""What a request's page says to who has just done something, by the query that leads to it."""


def sentence(told: Told, name_of: Callable[[str], str], labels: Mapping[str, str]) -> str:
    """Return one event as a sentence; `name_of` calls a person, `labels` the items."""
    who = name_of(told.person) if told.person else told.service or "Doorward"
    items = ", ".join(labels.get(one, one) for one in told.items) or "the request"
    if told.event == "access_request.decision_taken":
        verdict, _, stage = told.detail.partition(": ")
        done = "approved" if verdict == "approve" else "denied"
        return f"{who} {done} {items} at the stage “{stage}”"
    pattern = SENTENCES.get(told.event, told.event)
    detail = told.detail
    return pattern.format(
        who=who,
        items=items,
        detail=detail,
        rule=f" by the rule “{detail}”" if detail else "",
        to=f" to {detail}" if detail else " to people",
        until=f" until {detail[:16].replace('T', ' ')} UTC" if detail else ", without an end",
    )


def through(told: Told) -> str:
    """Return the way in: who brought it, where it was not the web."""
    ways = {"mcp": "through an AI client", "nats": "over NATS", "http": "by a signed call"}
    said = told.client_name or told.service
    way = ways.get(told.via, "")
    return f"{way}, {said}" if way and said else way
