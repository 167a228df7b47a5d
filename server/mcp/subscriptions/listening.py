"""Who may listen, to what, and how many at once; shared by the streams of all who do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial

from domain.ports import Clock, Rows
from domain.values import PersonId, Scopes
from projections.access_requests import request_of
from server.bearer import AccessGrant
from server.mcp.gate import Gate
from server.mcp.subscriptions.subscriber import Ending, Subscriber, Tools
from server.mcp.subscriptions.watch import Watch
from server.mcp.subscriptions.wishes import Notice, Wishes
from server.mcp.tools import Toolset
from server.oauth.token_rows import find_access_token
from server.reads import Reads
from server.telemetry import catalogue
from server.telemetry.meters import Meters

MOST_OF_PERSON = 16
"""Streams of one person in one process: some clients on some machines, with a stream or two each."""
MOST_STREAMS = 2_000
"""In one process: half of the connections that it takes, which others need as well."""
NOTICES, ENDED = catalogue.SUBSCRIPTION_NOTICES.name, catalogue.SUBSCRIPTIONS_ENDED.name

READER = "list_access_requests"
"""Whoever has this tool sees his requests, by whatever way."""


class NoStream(Exception):  # noqa: N818 - says what is
    """He may listen, but not now: try again after so many seconds. The message may be shown to the client."""

    def __init__(self, sentence: str, status: int, seconds: int) -> None:
        super().__init__(sentence)
        self.status = status
        self.seconds = seconds


class Listening:
    """Lets callers of one resource listen."""

    def __init__(
        self,
        gate: Gate,
        tools: Toolset,
        reads: Reads,
        watch: Watch,
        clock: Clock,
        resource: str,
        meters: Meters,
        reading: Scopes | None = None,
    ) -> None:
        """`resource` is the path of the resource; `reading` are the scopes that it takes to hear of one's own
        requests, None where nobody does."""
        self._gate = gate
        self._tools = tools
        self._reads = reads
        self._watch = watch
        self._clock = clock
        self._resource = resource
        self._meters = meters
        self._reading = reading
        # Where nobody listens yet, that is 0 and not unknown.
        watch.dispatcher.open[resource] += 0

    @asynccontextmanager
    async def opened(self, token: str, asked: Wishes) -> AsyncIterator[Subscriber]:
        """Let the bearer of a token listen until the block is left, to what of his wishes can be honoured;
        raises `NotAdmitted` and `NoStream`."""
        if self._reading is None:
            asked = asked.of_lists
        subscriber = await self._admitted(token, asked)
        self._check_room(subscriber.grant.person.person_id)
        try:
            await self._watch.join(subscriber)
            await self._begin(token, subscriber)
            try:
                yield subscriber
            except Exception:
                subscriber.end(Ending.FAILED)
                raise
            finally:
                # Who is cancelled has nobody left to answer.
                self._meters.count(ENDED, self._resource, subscriber.ending or Ending.LEFT)
        finally:
            self._watch.leave(subscriber)

    def told(self, subscriber: Subscriber) -> tuple[Notice, ...]:
        """Return what is to be told now, and count it as told."""
        taken = subscriber.take()
        for one in taken:
            self._meters.count(NOTICES, self._resource, one.kind)
        return taken

    def _check_room(self, person: PersonId) -> None:
        listeners = self._watch.dispatcher
        if listeners.of(person) >= MOST_OF_PERSON:
            raise NoStream("You listen on too many streams already; end one first.", 429, 30)
        if len(listeners) >= MOST_STREAMS:
            raise NoStream("Too many clients listen here; try again in a moment.", 503, 30)
        if self._watch.closed:
            raise NoStream("This server is about to end; try again.", 503, 1)

    async def pause(self, subscriber: Subscriber, seconds: float) -> None:
        """Wait until there is something to tell, his token ends, or for so long."""
        left = (subscriber.expires_at - self._clock()).total_seconds()
        await subscriber.woken(min(seconds, left))
        if subscriber.expires_at <= self._clock():
            subscriber.stands(None)

    async def _admitted(self, token: str, asked: Wishes) -> Subscriber:
        needed = self._needed(asked)

        def admit(rows: Rows) -> tuple[AccessGrant, datetime]:
            grant = self._gate.admit(rows, token, lambda _grant: needed)
            found = find_access_token(rows, token)
            return grant, found.expires_at if found else self._clock()

        grant, expires_at = await self._reads.point_query(admit)
        self._gate.note(grant)
        standing = partial(self._standing, token)
        return Subscriber(grant, asked, expires_at, standing, self._resource)

    async def _begin(self, token: str, subscriber: Subscriber) -> None:
        """Look up what is his, now that all that changes is noticed."""
        person, asked = subscriber.grant.person.person_id, subscriber.wishes
        needed = self._needed(asked)

        def look(rows: Rows) -> tuple[Tools, Wishes]:
            tools = self._names(rows, token, needed)
            if tools is None:
                # Ended just now: he is told as every caller is.
                self._gate.admit(rows, token, lambda _grant: needed)
            if tools is None or READER not in tools:
                return tools or (), asked.of_lists
            own = [one for one in asked.requests if request_of(rows, person, one) is not None]
            return tools, asked.only(own)

        tools, honoured = await self._reads.query(look)
        subscriber.begin(tools)
        self._watch.dispatcher.narrow(subscriber, honoured)

    def _needed(self, asked: Wishes) -> Scopes:
        return self._reading or () if asked.about_requests else ()

    def _names(self, rows: Rows, token: str, needed: Scopes) -> Tools | None:
        """Return the tools that there are for the bearer of a token, None where it is not good for this."""
        grant = self._gate.standing(rows, token)
        if grant is None or not set(needed) <= set(grant.scopes):
            return None
        return tuple(one.name for one in self._tools.listed(grant))

    def _standing(self, token: str, rows: Rows, honoured: Wishes) -> Tools | None:
        """Return the same for one who listens already: None as well where he may read requests no more."""
        tools = self._names(rows, token, self._needed(honoured))
        unread = tools is not None and READER not in tools
        return None if unread and honoured.about_requests else tools
