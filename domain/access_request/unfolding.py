"""What one decision leads to, step by step: each event is folded at once, so that the next step sees
the request as the last one left it. Lives for one call of the decider and is seen by nobody
else."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from datetime import datetime
from typing import TypeVar

from domain.access_request.commands import ItemId
from domain.access_request.events import ItemOutcome, RequestClosed
from domain.access_request.evolve import RequestEvent, evolve
from domain.access_request.facts import Approvers
from domain.access_request.state import AccessRequest, Item, Request
from domain.decider import Unfolded
from domain.values import AppId, RequestId

Key = TypeVar("Key", bound=Hashable)


class Unfolding:
    """The events so far, and the request after them. `approvers` says whom references mean at
    `now`."""

    def __init__(self, state: AccessRequest, approvers: Approvers, now: datetime | None) -> None:
        self._now = now
        self.approvers = approvers
        self.events = Unfolded[AccessRequest, RequestEvent](state)

    @property
    def request(self) -> Request:
        """The request as it stands now."""
        state = self.events.state
        if not isinstance(state, Request):
            msg = "nothing was submitted"
            raise AssertionError(msg)  # noqa: TRY004 - a fault of ours, not a wrong type
        return state

    @property
    def now(self) -> datetime:
        """The moment of the command."""
        if self._now is None:
            msg = "this command does not depend on the time"
            raise AssertionError(msg)
        return self._now

    @property
    def request_id(self) -> RequestId:
        """The request's id."""
        return self.request.submission.request_id

    @property
    def app_id(self) -> AppId:
        """The app that the request is about."""
        return self.request.submission.app.app_id

    def add(self, event: RequestEvent) -> None:
        """Let this happen."""
        self.events.append(event)
        self.events.state = evolve(self.events.state, event)

    def present(self, items: Iterable[Item]) -> tuple[Item, ...]:
        """Return these items as they stand now."""
        chosen = {item.item_id for item in items}
        return tuple(item for item in self.request.items if item.item_id in chosen)

    def close_if_finished(self) -> None:
        """Say that the request is over if nothing can happen to it any more."""
        request = self.request
        if request.finished and not request.closed:
            outcomes = tuple(
                ItemOutcome(item.item_id, item.status, item.access_seconds, item.expires_at)
                for item in request.items
            )
            self.add(RequestClosed(self.request_id, request.status, request.submission, outcomes))


def grouped(
    items: Iterable[Item], key: Callable[[Item], Key]
) -> list[tuple[Key, tuple[Item, ...]]]:
    """Return the items in groups of equal key, in the order in which the keys come first."""
    groups: dict[Key, list[Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return [(found, tuple(members)) for found, members in groups.items()]


def ids(items: Iterable[Item]) -> tuple[ItemId, ...]:
    """Return the items' ids."""
    return tuple(item.item_id for item in items)
