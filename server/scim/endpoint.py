"""The HTTP side of SCIM: who calls, what is asked, and how it is answered."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from domain.errors import Refused
from domain.ports import Unavailable
from domain.values import Actor, Via
from server.reads import Reads
from server.request_bodies import read_limited, storable
from server.scim import BASE, discovery
from server.scim.faults import MEDIA_TYPE, ScimFault, answer, invalid, no_such, of_refusal
from server.scim.groups import Groups
from server.scim.selection import SEARCH, chosen, searched
from server.scim.tokens import bearer_name
from server.scim.users import Users

BODY_LIMIT = 2 * 1024 * 1024
"""A group is sent with all its members."""
NOT_LET_IN = "A token made by `doorward scim-token add` is needed."
Handle = Callable[[Request, Actor], Awaitable[Response]]


class Scim:
    """The routes under ``/scim/v2``."""

    def __init__(self, users: Users, groups: Groups, reads: Reads, issuer: str) -> None:
        self._kinds: dict[str, Users | Groups] = {"Users": users, "Groups": groups}
        self._reads = reads
        self._issuer = issuer

    def routes(self) -> list[BaseRoute]:
        """Return the routes; no browser has any business here."""
        every = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        return [
            Route(f"{BASE}/{{kind}}", self._guarded(self._collection), methods=every),
            Route(f"{BASE}/{{kind}}/{{key:path}}", self._guarded(self._one), methods=every),
        ]

    def _guarded(self, handle: Handle) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            given = request.headers.get("authorization", "")
            name = await self._reads.query(lambda rows: bearer_name(rows, given))
            if name is None:
                response = answer(ScimFault(401, NOT_LET_IN))
                response.headers["WWW-Authenticate"] = "Bearer"
                return response
            try:
                return await handle(request, Actor(Via.SCIM, service=name))
            except ScimFault as fault:
                return answer(fault)
            except Refused as refusal:
                return answer(of_refusal(refusal))
            except Unavailable:
                return answer(ScimFault(503, "The store cannot be reached; try again."))

        return guarded

    async def _collection(self, request: Request, actor: Actor) -> Response:
        kind = request.path_params["kind"]
        told = self._told(kind)
        if told is not None:
            if request.method != "GET":
                raise ScimFault(405, "That can only be read.")
            return _json(told)
        held = self._held(kind)
        if request.method == "GET":
            query = _query(request)
            return _json(chosen(await held.search(query), query))
        if request.method == "POST":
            document = await held.create(actor, await _body(request))
            location = {"Location": document["meta"]["location"]}
            return JSONResponse(document, 201, location, MEDIA_TYPE)
        raise ScimFault(405, "That cannot be done with all of them.")

    async def _one(self, request: Request, actor: Actor) -> Response:
        kind, key = request.path_params["kind"], storable(request.path_params["key"])
        if kind in ("ResourceTypes", "Schemas") and request.method == "GET":
            return _json(self._told_one(kind, key))
        held, query = self._held(kind), _query(request)
        match request.method:
            case "POST" if key == SEARCH:
                query = searched(await _body(request))
                return _json(chosen(await held.search(query), query))
            case "GET":
                return _json(chosen(await held.get(key, query), query))
            case "PUT":
                return _json(await held.replace(actor, key, await _body(request)))
            case "PATCH":
                return _json(await held.patch(actor, key, await _body(request)))
            case "DELETE":
                await held.delete(actor, key)
                return Response(status_code=204)
        raise ScimFault(405, "That cannot be done with one of them.")

    def _held(self, kind: str) -> Users | Groups:
        held = self._kinds.get(kind)
        if held is None:
            raise no_such("kind of resource")
        return held

    def _told(self, kind: str) -> dict[str, Any] | None:
        tell = {
            "ServiceProviderConfig": discovery.service_provider_config,
            "ResourceTypes": discovery.resource_types,
            "Schemas": discovery.schemas,
        }.get(kind)
        return tell(self._issuer) if tell else None

    def _told_one(self, kind: str, key: str) -> dict[str, Any]:
        everything = self._told(kind) or {}
        for one in everything["Resources"]:
            if one["id"] == key:
                found: dict[str, Any] = one
                return found
        raise no_such("resource")


def _query(request: Request) -> dict[str, str]:
    return {name: storable(value) for name, value in request.query_params.items()}


async def _body(request: Request) -> dict[str, Any]:
    body = await read_limited(request, BODY_LIMIT)
    if body is None:
        raise ScimFault(413, f"A request has at most {BODY_LIMIT} bytes.")
    try:
        document = storable(json.loads(body))
    except (ValueError, RecursionError):
        raise invalid("The body is not JSON.", "invalidSyntax") from None
    if not isinstance(document, dict):
        raise invalid("The body is not a JSON object.", "invalidSyntax")
    return document


def _json(document: dict[str, Any]) -> Response:
    return JSONResponse(document, media_type=MEDIA_TYPE)
