"""Health at `/healthz`: the truth for whoever watches. It answers 200 while commands can be taken; where
publishing and the reading of commands stand and of signed
checkpoints is told beside that, because Doorward goes on without."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from domain.ports import CommandReader, Publisher
from server.wiring import System


def health(
    system: System, publisher: Publisher | None
) -> Callable[[Request], Awaitable[Response]]:
    """Return the page that says how this server is."""

    async def answer(_request: Request) -> Response:
        head = await system.reads.query(lambda _rows: system.store.head())
        nats: dict[str, object] = {"state": "off"}
        if publisher is not None:
            nats = _publishing(publisher, head)
        reader = system.nats.command_reader
        if reader is not None:
            nats["commands"] = _reading(reader)
        signed = system.checkpointing.status()
        checkpoint = {"position": signed.position, "fault": signed.fault}
        return JSONResponse(
            {"status": "ok", "position": head, "nats": nats, "checkpoint": checkpoint}
        )

    return answer


def _publishing(publisher: Publisher, head: int) -> dict[str, object]:
    status = publisher.status()
    return {
        "state": status.state,
        "position": status.position,
        "lag": head - status.position,
        "reason": status.reason,
        "drift": list(status.drift),
    }


def _reading(reader: CommandReader) -> dict[str, object]:
    status = reader.status()
    return {
        "connected": status.connected,
        "answered": status.answered,
        "set_aside": status.set_aside,
        "reason": status.reason,
    }
