"""The way in over HTTP, for systems without NATS: ``POST /integrations/<name>/<decide|fulfil>``, signed
with the integration's secret as Standard Webhooks say. A call that is not signed, or not by a name
that stands, is told nothing but that. The answer is the outcome; the same call again gets the same."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from domain.ports import AnswerCommand, Clock, InboundCommand, Poison, Rows, SigningKeys
from domain.values import Via
from projections.integrations import integration_by_name
from server.integrations.reading import DECIDE, FULFIL
from server.reads import Reads
from server.request_bodies import read_limited, storable
from server.webhooks.sealed_secrets import SecretLost, good_secrets
from server.webhooks.signing import verified

BODY_LIMIT = 64 * 1024
UNSIGNED = "The call is not signed by an integration that stands here."


def sealed_name(integration: str) -> str:
    """Return the name under which the secrets of an integration are sealed: no webhook's."""
    return f"integration {integration}"


@dataclass(frozen=True, slots=True)
class Callbacks:
    """Answers signed calls."""

    answer: AnswerCommand
    reads: Reads
    keys: SigningKeys
    clock: Clock

    def routes(self) -> list[Route]:
        """Return the routes of this way in."""
        path = "/integrations/{name}/{kind}"
        return [Route(path, self.take, methods=["POST"])]

    async def take(self, request: Request) -> Response:
        """Answer one call."""
        name, kind = storable(request.path_params["name"]), request.path_params["kind"]
        if kind not in (DECIDE, FULFIL):
            return _fault(404, "not_found", "There is decide and fulfil.")
        body = await read_limited(request, BODY_LIMIT)
        if body is None:
            return _fault(413, "too_large", f"A command has at most {BODY_LIMIT} bytes.")
        good = await self.reads.query(lambda rows: self._secrets(rows, name))
        if not verified(request.headers, body, good, self.clock()):
            return _fault(401, "not_signed", UNSIGNED)
        inbound = InboundCommand(Via.HTTP, name, kind, "", "", body)
        try:
            outcome = await self.answer(inbound)
        except Poison as why:
            return _fault(400, "unreadable", str(why))
        return JSONResponse(asdict(outcome), 200 if outcome.accepted else 409)

    def _secrets(self, rows: Rows, name: str) -> tuple[str, ...]:
        if integration_by_name(rows, name) is None:
            return ()
        try:
            return good_secrets(rows, self.keys.ring(), sealed_name(name), self.clock())
        except SecretLost:
            return ()


def _fault(status: int, code: str, detail: str) -> Response:
    return JSONResponse({"code": code, "detail": detail}, status)
