"""Commands as requests that are answered at once: a `nats.micro` service, which NATS tools discover and
which tells its own statistics. The answer is the outcome; a refusal says so in the headers of the
protocol too (ADR-32)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from importlib import metadata

from nats.aio.client import Client
from nats.micro import add_service
from nats.micro.request import Request
from nats.micro.service import EndpointConfig, Service

from adapters.command_subjects import KINDS, from_request
from adapters.outcomes import outcome_json
from domain.ports import CommandOutcome, InboundCommand, Poison, Unavailable

SERVICE = "doorward"
ANSWERED_TO = ("_INBOX.", "_R_.", "_GR_.")
"""Where an answer may go: an inbox, or the subject that the server maps one to between accounts. A
reply subject is its sender's to choose, and nothing else may be written to by choosing it."""

Answer = Callable[[InboundCommand], Awaitable[CommandOutcome]]


async def serve_requests(client: Client, tenant: str, answer: Answer) -> Service:
    """Offer the service on this connection, for as long as it lasts."""
    service = await add_service(
        client,
        name=SERVICE,
        version=_semantic_version(),
        description="Takes decisions on access requests, and reports of their fulfilment.",
    )
    for kind in KINDS:
        await service.add_endpoint(
            EndpointConfig(
                name=kind,
                subject=f"doorward.{tenant}.api.*.{kind}",
                handler=partial(_handle, tenant, answer),
            )
        )
    return service


def answered_safely(request: Request) -> bool:
    """Say whether the reply goes where replies may go."""
    reply = request._msg.reply  # noqa: SLF001 - the library shows it in no other way
    return str(reply).startswith(ANSWERED_TO)


async def _handle(tenant: str, answer: Answer, request: Request) -> None:
    if not answered_safely(request):
        return
    try:
        command = from_request(tenant, request.subject, request.headers, request.data)
        outcome = await answer(command)
    except Poison as why:
        await request.respond_error("400", str(why))
    except Unavailable:
        await request.respond_error("503", "Doorward cannot answer now; send it again")
    else:
        if outcome.accepted:
            await request.respond(outcome_json(outcome))
        else:
            await request.respond_error("409", outcome.code, outcome_json(outcome))


def _semantic_version() -> str:
    """The service's version as the protocol wants it: three numbers."""
    numbers = [part for part in metadata.version("doorward").split(".") if part.isdecimal()]
    return ".".join((*numbers, "0", "0", "0")[:3])
