"""The way that policies lead a request, in words that can be compared: for each item who approves it, how long
access lasts, and who grants it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.access_request import (
    DECIDER,
    Item,
    Request,
    Route,
    SubmissionFacts,
    eligible,
)
from domain.events import Event
from domain.lengths import format_length
from domain.policy import Stage
from domain.ports import Rows
from domain.values import REDACTED
from projections.people import DELETED_MARK, person_by_id
from server.policies.approver_names import format_approver


class Kind(StrEnum):
    """In what a request goes another way."""

    REFUSED = "refused"
    APPROVAL = "approval"
    STAGES = "stages"
    LENGTH = "length"
    PROVISIONING = "provisioning"
    UNPUBLISHABLE = "unpublishable"


@dataclass(frozen=True, slots=True)
class Way:
    """The way of one item: the policy, the rule that approves it without asking (None where people are
    asked), the stages in words, the length of access, and who grants it."""

    policy: str
    version: int
    approved_by: str | None
    stages: tuple[str, ...]
    length: str
    provisioning: str

    @property
    def approval(self) -> str:
        """Who approves, in words."""
        if self.approved_by is not None:
            return f"approved at once by the rule {self.approved_by}"
        return ", then ".join(self.stages) or "approved at once, since there are no stages"

    @property
    def asks(self) -> bool:
        """Whether anybody is asked."""
        return self.approved_by is None and bool(self.stages)


Ways = Mapping[str, Way]


def ways(rows: Rows, events: Sequence[Event], facts: SubmissionFacts) -> Ways:
    """Return the way of each item, from the events of a submission; those who may decide are named as
    if each stage had been reached."""
    request = DECIDER.fold(events)  # type: ignore[arg-type]  # they are a request's own
    if not isinstance(request, Request):
        raise TypeError("a submission leads to a request")
    return {
        item.item_id: _way(rows, request, item, request.route_of(item), facts)
        for item in request.items
    }


def _way(rows: Rows, request: Request, item: Item, route: Route, facts: SubmissionFacts) -> Way:
    asked = () if route.approved_by else route.stages
    work = route.provisioning
    by_hand = ", ".join(sorted(map(format_approver, work.assignees))) or "nobody"
    return Way(
        policy=route.rule.policy_id,
        version=route.rule.version,
        approved_by=route.approved_by,
        stages=tuple(_stage(rows, request, item, stage, facts) for stage in asked),
        length=format_length(request.submission.access_seconds),
        provisioning=work.integration or f"hand of {by_hand}",
    )


def _stage(rows: Rows, request: Request, item: Item, stage: Stage, facts: SubmissionFacts) -> str:
    people, integrations, _ = eligible(request, item, stage, facts.approvers)
    named = ", ".join(sorted(map(format_approver, stage.approvers)))
    able = ", ".join([*sorted(name_of(rows, one) for one in people), *integrations]) or "nobody"
    return f"{stage.name}: {stage.needed} of {named} ({able})"


def name_of(rows: Rows, person_id: str) -> str:
    """Return the user name that a person had, or that nothing is known of him any more."""
    found = person_by_id(rows, person_id)
    if found is None:
        return person_id
    gone = found.username == REDACTED or found.username.startswith(f"{REDACTED}{DELETED_MARK}")
    return REDACTED if gone else found.username


def kinds_of(was: Way, would_be: Way) -> set[Kind]:
    """Return in what two ways differ; where one asks nobody, their stages are not compared."""
    kinds: set[Kind] = set()
    if was.asks and would_be.asks:
        if was.stages != would_be.stages:
            kinds.add(Kind.STAGES)
    elif (was.asks, was.approved_by) != (would_be.asks, would_be.approved_by):
        kinds.add(Kind.APPROVAL)
    if was.length != would_be.length:
        kinds.add(Kind.LENGTH)
    if was.provisioning != would_be.provisioning:
        kinds.add(Kind.PROVISIONING)
    return kinds
