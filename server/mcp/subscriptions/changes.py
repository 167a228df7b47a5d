"""What an event means to those who listen: read from its stream and nothing else, so that an event which
comes to a stream later is noticed as well."""

from __future__ import annotations

from dataclasses import dataclass

from domain.access_request import RequestSubmitted
from domain.envelope import Recorded
from domain.values import PersonId, RequestId

_REQUESTS = frozenset({"access_request", "review"})
_BEARERS = frozenset({"person", "consent", "token_family"})
"""Streams about those by whom a token is good, and of whose roles the tools depend."""
_EVERYBODY = frozenset({"feature"})


@dataclass(frozen=True, slots=True)
class Change:
    """What has changed: a request, and for whom it is new; or what tokens of a person, a consent or a
    family (`bearer`) are good for; or that for everybody; or, where nobody can tell, `anything`."""

    request: RequestId | None = None
    new_for: frozenset[PersonId] = frozenset()
    bearer: str = ""
    everybody: bool = False
    anything: bool = False


ANYTHING = Change(anything=True)
EVERYBODY = Change(everybody=True)


def change_in(recorded: Recorded) -> Change | None:
    """Return what an event changes, None if that concerns nobody who listens."""
    category, _, name = recorded.envelope.stream.partition("-")
    if category in _REQUESTS:
        event = recorded.envelope.event
        if isinstance(event, RequestSubmitted):
            return Change(event.request_id, frozenset({event.requester, event.target}))
        return Change(RequestId(name))
    if category in _BEARERS:
        return Change(bearer=name)
    return EVERYBODY if category in _EVERYBODY else None
