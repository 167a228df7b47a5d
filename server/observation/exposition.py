"""``/metrics`` for Prometheus. Metrics tell how much is asked for and refused, so they are answered to this
machine alone unless a setting says otherwise: to a connection that comes from it, asks for it by a name of
its own, and was passed on by nobody; or to whoever has the token."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable

import anyio
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from domain.ports import Unavailable
from server.observation.stored_facts import Fact, StoredFacts, families, unknown
from server.reads import Reads
from server.setting_parsers import is_loopback
from server.telemetry.settings import MetricsReaders
from server.telemetry.shown import ShownMetrics
from server.telemetry.tallies import Tallies

STORE_SECONDS = 5.0
MOST_AT_ONCE = 2
PASSED_ON = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
PATH = "/metrics"


class Exposition:
    """Answers ``/metrics``."""

    def __init__(
        self, reads: Reads, stored: StoredFacts, tallies: Tallies, shown: ShownMetrics
    ) -> None:
        self._reads = reads
        self._stored = stored
        self._tallies = tallies
        self._shown = shown
        # Threads of its own: whoever measures does not wait behind what he measures, nor the other way.
        self._limiter = anyio.CapacityLimiter(MOST_AT_ONCE)

    async def __call__(self, request: Request) -> Response:
        """Return all metrics; without those of the store where it does not answer."""
        facts = await self._facts()
        accepted = request.headers.get("accept", "")
        body, media_type = await anyio.to_thread.run_sync(self._text, accepted, facts)
        return Response(body, media_type=None, headers={"Content-Type": media_type})

    def _text(self, accepted: str, facts: list[Fact]) -> tuple[bytes, str]:
        self._tallies.move(self._shown)
        return self._shown.text(accepted, families(facts))

    async def _facts(self) -> list[Fact]:
        try:
            with anyio.fail_after(STORE_SECONDS):
                return await anyio.to_thread.run_sync(
                    self._reads.blocking,
                    self._stored,
                    limiter=self._limiter,
                    abandon_on_cancel=True,
                )
        except (Unavailable, TimeoutError):
            return unknown()


Answer = Callable[[Request], Awaitable[Response]]


def guarded(answer: Answer, readers: MetricsReaders, token: str) -> Answer:
    """Return an endpoint that answers those alone who may read."""

    async def answered(request: Request) -> Response:
        if token:
            if _has(request, token):
                return await answer(request)
            headers = {"WWW-Authenticate": 'Bearer realm="metrics"'}
            return PlainTextResponse("Send the metrics token.\n", 401, headers=headers)
        if readers is MetricsReaders.ON or is_local(request):
            return await answer(request)
        why = "Metrics are for this machine; see DOORWARD_METRICS and DOORWARD_METRICS_TOKEN.\n"
        return PlainTextResponse(why, 403)

    return answered


def _has(request: Request, token: str) -> bool:
    scheme, _, sent = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(
        sent.strip().encode(), token.encode()
    )


def is_local(request: Request) -> bool:
    """Say whether a request surely comes from this machine. A proxy here passes on what others ask: it says
    so in a header, or keeps the name they asked for; and who is named in such a header is not believed."""
    headers = request.headers
    if request.client is None or any(name in headers for name in PASSED_ON):
        return False
    # An IPv4 address on a socket for both families (RFC 4291 §2.5.5.2).
    address = request.client.host.removeprefix("::ffff:")
    return "host" in headers and is_loopback(address) and is_loopback(request.url.hostname or "")
