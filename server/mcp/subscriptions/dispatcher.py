"""Who is to be told of a change, found in memory by request, person, consent and token family."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable
from itertools import islice

from domain.values import PersonId
from server.mcp.subscriptions.changes import Change
from server.mcp.subscriptions.subscriber import Ending, Subscriber
from server.mcp.subscriptions.wishes import (
    PROMPTS,
    RESOURCES,
    TOOLS,
    Wishes,
    request_uri,
    updated,
)

Index = defaultdict[Hashable, set[Subscriber]]


class Dispatcher:
    """Those who listen in one process."""

    def __init__(self) -> None:
        self.open: Counter[str] = Counter()
        """How many streams there are, by the path at which they listen."""
        self._all: set[Subscriber] = set()
        self._by_request: Index = defaultdict(set)
        self._by_name: Index = defaultdict(set)
        self._doubtful: dict[Subscriber, None] = {}

    def __len__(self) -> int:
        return len(self._all)

    def of(self, person: PersonId) -> int:
        """Return how many streams a person has."""
        return len(self._by_name.get(person, ()))

    def add(self, subscriber: Subscriber) -> None:
        """Let one be told from now on."""
        self._all.add(subscriber)
        self.open[subscriber.resource] += 1
        _enter(self._by_request, subscriber.wishes.requests, subscriber)
        _enter(self._by_name, subscriber.names, subscriber)

    def narrow(self, subscriber: Subscriber, honoured: Wishes) -> None:
        """Tell him no more than this, of what he asked for."""
        _leave(self._by_request, subscriber.wishes.requests, subscriber)
        subscriber.honour(honoured)
        _enter(self._by_request, subscriber.wishes.requests, subscriber)

    def remove(self, subscriber: Subscriber) -> None:
        """Forget one, who may be forgotten already."""
        if subscriber in self._all:
            self._all.remove(subscriber)
            self.open[subscriber.resource] -= 1
            self._doubtful.pop(subscriber, None)
            _leave(self._by_request, subscriber.wishes.requests, subscriber)
            _leave(self._by_name, subscriber.names, subscriber)

    def dispatch(self, change: Change) -> None:
        """Tell whom a change concerns, and doubt whom it may have changed."""
        if change.anything:
            self._tell_everything()
        if change.anything or change.everybody:
            self.doubt_all()
        if change.bearer:
            self._doubtful.update(dict.fromkeys(self._by_name.get(change.bearer, ())))
        if change.request is not None:
            for one in self._by_request.get(change.request, ()):
                one.tell(updated(request_uri(change.request)))
        for person in change.new_for:
            for one in self._by_name.get(person, ()):
                one.tell(RESOURCES)

    def doubt_all(self) -> None:
        """Have everybody verified again."""
        self._doubtful.update(dict.fromkeys(self._all))

    def doubt(self, some: Iterable[Subscriber]) -> None:
        """Have these verified again, unless they have gone."""
        self._doubtful.update(dict.fromkeys(one for one in some if one in self._all))

    def take_doubtful(self, most: int) -> tuple[Subscriber, ...]:
        """Return some of those who are to be verified; whoever takes them sees to it."""
        taken = tuple(islice(self._doubtful, most))
        for one in taken:
            del self._doubtful[one]
        return taken

    def end_all(self, why: Ending) -> None:
        """Have every stream end."""
        for one in self._all:
            one.end(why)

    def _tell_everything(self) -> None:
        for one in self._all:
            for notice in (TOOLS, PROMPTS, RESOURCES):
                one.tell(notice)
            for request in one.wishes.requests:
                one.tell(updated(request_uri(request)))


def _enter(index: Index, names: Iterable[Hashable], subscriber: Subscriber) -> None:
    for name in names:
        index[name].add(subscriber)


def _leave(index: Index, names: Iterable[Hashable], subscriber: Subscriber) -> None:
    for name in names:
        index[name].discard(subscriber)
        if not index[name]:
            del index[name]
