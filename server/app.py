"""The web application: what answers at which path. Routes are built by the parts that own them and
meet only here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from domain.ports import EventStore, Publisher
from server import errors
from server.mcp.user_server import UserServer
from server.oauth.authorization_server import AuthorizationServer
from server.oauth.metadata import user_resource
from server.pages import render
from server.reads import Reads


def create_app(
    authorization: AuthorizationServer,
    user_server: UserServer,
    store: EventStore,
    publisher: Publisher | None,
) -> Starlette:
    """Return the application; `user_server` must run beside it."""
    routes = [
        Route("/", _welcome(user_resource(authorization.issuer))),
        Route("/healthz", _health(store, authorization.reads, publisher)),
        user_server.route(),
        *authorization.routes(),
    ]
    return Starlette(routes=routes, exception_handlers=errors.HANDLERS)


def _welcome(mcp_url: str) -> Callable[[Request], Awaitable[Response]]:
    async def welcome(_request: Request) -> Response:
        text = f"This is Doorward. Add {mcp_url} to your AI client to request access."
        return render("message.html", title="Access requests", text=text)

    return welcome


def _health(
    store: EventStore, reads: Reads, publisher: Publisher | None
) -> Callable[[Request], Awaitable[Response]]:
    """Tell the truth: 200 while commands can be taken, and where publishing stands."""

    async def health(_request: Request) -> Response:
        head = await reads.query(lambda _rows: store.head())
        nats: dict[str, object] = {"state": "off"}
        if publisher is not None:
            status = publisher.status()
            nats = {
                "state": status.state,
                "position": status.position,
                "lag": head - status.position,
                "reason": status.reason,
                "drift": list(status.drift),
            }
        return JSONResponse({"status": "ok", "position": head, "nats": nats})

    return health
