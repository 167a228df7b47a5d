"""The answer to ``subscriptions/listen``: a stream of events that has no end of its own. It is written by one
task, as fast as the client takes it; one that takes nothing is cut off by the HTTP server as any other is,
and keeps no more in memory meanwhile than it asked to be told of."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.types import Receive, Send

from server.mcp.protocol.exchanges import Exchange
from server.mcp.protocol.messages import Filter
from server.mcp.protocol.replies import INVALID_PARAMS, JSON_CONTENT, STATUS, Id, Reply, error
from server.mcp.subscriptions import frames
from server.mcp.subscriptions.listening import Listening, NoStream
from server.mcp.subscriptions.subscriber import Ending, Subscriber
from server.mcp.subscriptions.wishes import Wishes, wishes
from server.overload import rpc_error

BEAT_SECONDS = 15.0
"""Between signs of life."""
LONGEST_ID = 256
"""Characters of a request's id, which stands in every message of its stream."""


class Streams:
    """Answers those who listen."""

    def __init__(self, listening: Listening, server: dict[str, object]) -> None:
        """`server` is what the server says of itself."""
        self._listening = listening
        self._server = server

    async def answer(self, asked: Exchange, token: str, receive: Receive, send: Send) -> None:
        """Answer one request, until its client hangs up or may listen no longer; raises `NotAdmitted`."""
        request_id = asked.id
        if len(str(request_id)) > LONGEST_ID:
            said = f"the id of this request is longer than {LONGEST_ID} characters"
            await error(STATUS[INVALID_PARAMS], None, INVALID_PARAMS, said).send(send)
            return
        try:
            async with self._listening.opened(token, _wishes(asked)) as subscriber:
                await self._stream(request_id, subscriber, receive, send)
        except NoStream as fault:
            await _refusal(request_id, fault).send(send)

    async def _stream(
        self, request_id: Id, subscriber: Subscriber, receive: Receive, send: Send
    ) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": frames.HEADERS})
        body = frames.acknowledged(request_id, subscriber.wishes)
        # Who goes while something still waits to be taken has not taken anything for long.
        going = Ending.LEFT
        leaving = asyncio.create_task(_hung_up(receive, lambda: subscriber.end(going)))
        try:
            while not subscriber.ended:
                going = Ending.SLOW
                await send({"type": "http.response.body", "body": body, "more_body": True})
                going = Ending.LEFT
                await self._listening.pause(subscriber, BEAT_SECONDS)
                told = b"".join(
                    frames.told(request_id, one) for one in self._listening.told(subscriber)
                )
                body = told or frames.ALIVE
            body += frames.ended(request_id, self._server)
            await send({"type": "http.response.body", "body": body})
        finally:
            leaving.cancel()


def _wishes(asked: Exchange) -> Wishes:
    given = asked.wishes or Filter()
    return wishes(
        tools=given.tools is True,
        prompts=given.prompts is True,
        resources=given.resources is True,
        uris=given.uris or (),
    )


async def _hung_up(receive: Receive, then: Callable[[], None]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    then()


def _refusal(request_id: Id, fault: NoStream) -> Reply:
    headers = (*JSON_CONTENT, (b"retry-after", b"%d" % fault.seconds))
    return Reply(fault.status, rpc_error(request_id, str(fault), fault.seconds), headers)
