"""Which events can still matter at a position, told by topics alone. Too many is only slow, too few would
be wrong: what is left out here is what the read models would have deleted, or written over, by then."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from domain.access_request import (
    AccessCompleted,
    AccessExtended,
    Deprovisioned,
    DeprovisioningStarted,
    Provisioned,
    ProvisioningDenied,
    RemovalCalledOff,
    RequestCancelled,
    RequestClosed,
    RequestDenied,
    RequestExpired,
    RequestSubmitted,
)
from domain.catalog import (
    AppAdded,
    AppChanged,
    AppRetired,
    PermissionAdded,
    PermissionChanged,
    PermissionRetired,
)
from domain.consent import ConsentGiven, ConsentNarrowed, ConsentRevoked, ConsentWidened
from domain.events import Event
from domain.history import History, Placed
from domain.person import (
    PersonChanged,
    PersonForgotten,
    PersonRegistered,
    RoleGranted,
    RoleReleased,
    RoleRevoked,
)
from domain.policy import PolicyPublished, PolicyRetired
from domain.values import StreamId

PAGE = 50_000

Kinds = tuple[type[Event], ...]


@dataclass(frozen=True, slots=True)
class Lives:
    """How streams of one kind go: an event of `whole` says all that was said before it, one of `more`
    adds to it, and one of `ended` leaves nothing."""

    whole: Kinds
    more: Kinds = ()
    ended: Kinds = ()

    @property
    def topics(self) -> frozenset[str]:
        """The topics of all of them."""
        return topics(*self.whole, *self.more, *self.ended)


def topics(*kinds: type[Event]) -> frozenset[str]:
    """Return the topics of these events."""
    return frozenset(kind.TOPIC for kind in kinds)


CONSENTS = Lives((ConsentGiven,), (ConsentWidened, ConsentNarrowed), (ConsentRevoked,))
POLICIES = Lives((PolicyPublished,), ended=(PolicyRetired,))
PEOPLE = Lives(
    (PersonRegistered, PersonChanged), (PersonForgotten, RoleGranted, RoleRevoked, RoleReleased)
)
APPS = Lives((AppAdded, AppChanged), ended=(AppRetired,))
PERMISSIONS = Lives((PermissionAdded, PermissionChanged), ended=(PermissionRetired,))
HELD = Lives(
    (),
    (Provisioned, AccessExtended, DeprovisioningStarted, RemovalCalledOff, Deprovisioned),
    (RequestClosed,),
)
"""What a closed request gave, it has taken away again."""
ASKED_FOR = Lives(
    (RequestSubmitted,),
    (
        RequestDenied,
        RequestExpired,
        RequestCancelled,
        ProvisioningDenied,
        Provisioned,
        AccessCompleted,
    ),
    (RequestClosed,),
)
"""By these an item begins and ceases to be asked for."""


def candidates(history: History, until: int, lives: Lives) -> dict[StreamId, list[Placed]]:
    """Return what matters of each stream at a position, in order."""
    whole, ended = topics(*lives.whole), topics(*lives.ended)
    found: dict[StreamId, list[Placed]] = {}
    for one in _placed(history, until, lives.topics):
        if one.topic in ended:
            found.pop(one.stream, None)
        elif one.topic in whole:
            found[one.stream] = [one]
        else:
            found.setdefault(one.stream, []).append(one)
    return found


def positions(found: Mapping[StreamId, Collection[Placed]]) -> list[int]:
    """Return where these events stand."""
    return [one.position for placed in found.values() for one in placed]


def _placed(history: History, until: int, wanted: Collection[str]) -> Iterator[Placed]:
    after, page = 0, history.placed(0, until, wanted, PAGE)
    while page:
        yield from page
        after = page[-1].position
        page = history.placed(after, until, wanted, PAGE) if len(page) == PAGE else ()
