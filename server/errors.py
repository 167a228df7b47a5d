"""How refusals and outages leave the server: the one table from the domain's errors to HTTP. MCP
tools say a refusal's code and sentence (`server.mcp.calls`); OAuth endpoints have errors of
their own (RFC 6749 §5.2)."""

from __future__ import annotations

import logging

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from domain.envelope import Unreadable
from domain.errors import Conflicting, Forbidden, Invalid, InvalidGrant, Missing, Refused
from domain.ports import Unavailable
from server.asking import NotBegun
from server.overload import BUSY, not_now

_log = logging.getLogger(__name__)
UNREADABLE = "unreadable"
STATUS: dict[type[Refused], int] = {
    Invalid: 400,
    InvalidGrant: 400,
    Forbidden: 403,
    Missing: 404,
    Conflicting: 409,
}
"""The HTTP status of each family of refusals; every refusal belongs to one."""


def status_of(refusal: Refused) -> int:
    """Return the HTTP status of a refusal."""
    return next(status for family, status in STATUS.items() if isinstance(refusal, family))


async def refused(_request: Request, fault: Exception) -> Response:
    """Answer a refusal: its code and what to do next."""
    assert isinstance(fault, Refused)  # noqa: S101 - registered for nothing else
    return JSONResponse({"code": fault.code, "detail": fault.sentence}, status_of(fault))


async def unavailable(request: Request, fault: Exception) -> Response:
    """Answer an outage of the store, or that there is too much to do, in the client's own words; why
    stands in the server's log, not in the answer. It is no tool's answer, which a model would read:
    whoever asked can ask again by himself, or a load balancer somebody else."""
    path, accept = request.url.path, request.headers.get("accept", "")
    if isinstance(fault, NotBegun):
        return not_now(path, accept, BUSY, 1)
    away = "The service cannot reach its store now; try again in a moment."
    return not_now(path, accept, away, 5)


async def unreadable(_request: Request, fault: Exception) -> Response:
    """Answer that an event cannot be read; which one stands in the server's log."""
    _log.error("an event cannot be read: %s", fault)
    detail = "An event in the log is not what was stored; doorward audit verify names it."
    return JSONResponse({"code": UNREADABLE, "detail": detail}, 503)


HANDLERS = {Refused: refused, Unavailable: unavailable, Unreadable: unreadable}
