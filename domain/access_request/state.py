"""What a request remembers of its events: how far each item has come, who has had a say, and which
decisions and reports are known. Items go their ways apart; the request's status follows from
theirs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from domain.access_request.commands import ItemId
from domain.access_request.events import RequestSubmitted, Route
from domain.access_request.fulfilment_events import Ending, Task
from domain.access_request.status import AWAITING_APPROVAL, HELD, TERMINAL, Status, overall
from domain.values import PersonId


@dataclass(frozen=True, slots=True)
class Absent:
    """No request of this id exists."""


@dataclass(frozen=True, slots=True)
class Item:
    """How far one item has come.

    `route` is the place of its route in the request's; `approved` names who has approved it at the
    present `stage`, `voters` who did at any (people by id, integrations by `integration_voter`).
    `assigned` are the people it was reassigned to, None while policy says who decides; `escalated`
    says that others were added because nobody decided. `task` is the work under way.
    """

    item_id: ItemId
    status: Status
    access_seconds: int | None
    route: int = 0
    stage: int = 0
    stage_name: str = ""
    needed: int = 0
    approvers: tuple[PersonId, ...] = ()
    integrations: tuple[str, ...] = ()
    approved: frozenset[str] = frozenset()
    voters: frozenset[str] = frozenset()
    assigned: tuple[PersonId, ...] | None = None
    escalated: bool = False
    remind_at: datetime | None = None
    escalate_at: datetime | None = None
    task: Task | None = None
    retry_at: datetime | None = None
    ending: Ending | None = None
    expires_at: datetime | None = None

    @property
    def waits(self) -> bool:
        """Whether somebody has to decide on it still."""
        return self.status in AWAITING_APPROVAL


@dataclass(frozen=True, slots=True)
class Request:
    """A request that was submitted. `answered` maps the ids of decisions and reports to the digest
    of their content; `refusals` and `comments` count what is kept of either."""

    submission: RequestSubmitted
    items: tuple[Item, ...]
    routes: tuple[Route, ...] = ()
    pending_until: datetime | None = None
    answered: Mapping[str, str] = field(default_factory=dict)
    refusals: int = 0
    comments: int = 0
    closed: bool = False

    @property
    def status(self) -> Status:
        """The status of the whole."""
        return overall(item.status for item in self.items)

    @property
    def finished(self) -> bool:
        """Whether nothing can happen to it any more: all items have ended, and none is held. (An
        extension that is complete holds nothing itself.)"""
        held = frozenset[Status]() if self.submission.extends else HELD
        return all(item.status in TERMINAL and item.status not in held for item in self.items)

    def route_of(self, item: Item) -> Route:
        """Return the way that the item goes."""
        return self.routes[item.route]

    def item(self, item_id: ItemId) -> Item | None:
        """Return the item of this id."""
        return next((one for one in self.items if one.item_id == item_id), None)

    def among(self, statuses: Iterable[Status]) -> tuple[Item, ...]:
        """Return the items in any of these statuses."""
        wanted = frozenset(statuses)
        return tuple(item for item in self.items if item.status in wanted)


AccessRequest = Absent | Request


def integration_voter(name: str) -> str:
    """Return how an integration that decides by itself stands among `Item.voters`. No person's id
    can look like it: it holds a blank."""
    return f"integration {name}"
