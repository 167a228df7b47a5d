"""Resource servers that may ask about tokens (RFC 7662)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec

from domain.resource_server import (
    OVERLAP,
    AddResourceServer,
    RemoveResourceServer,
    RotateSecret,
    UnknownResource,
)
from projections.columns import instant
from projections.resource_servers import resource_servers
from server.oauth.resources import RESOURCES, resource_at
from server.operations.operation import Operation, Report, execute, read_wish
from server.secret_tokens import RESOURCE_SERVER, digest, new_secret
from server.wiring import System


class _ResourceServerWish(msgspec.Struct):
    name: str
    resource: str = ""
    at_once: bool = False


_wish_decoder = msgspec.json.Decoder(_ResourceServerWish)


def resource_server_add(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Let a resource server ask about tokens; return its secret, which is told once."""
    asked = read_wish(_wish_decoder, body)
    issuer = system.settings.issuer
    found = resource_at(asked.resource or issuer, issuer)
    if found is None:
        raise UnknownResource(asked.resource, tuple(one.url(issuer) for one in RESOURCES))
    resource = found.url(issuer)
    secret = new_secret(RESOURCE_SERVER)
    execute(system, AddResourceServer(asked.name, resource, digest(secret)))
    return {"name": asked.name, "resource": resource, "secret": secret}


def resource_server_rotate(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Give a resource server another secret; return it, and how long the former one lasts."""
    asked = read_wish(_wish_decoder, body)
    secret, now = new_secret(RESOURCE_SERVER), system.clock()
    overlap = timedelta() if asked.at_once else OVERLAP
    execute(system, RotateSecret(asked.name, digest(secret), now, overlap))
    former = instant(now + overlap)
    return {"name": asked.name, "secret": secret, "former_good_until": former}


def resource_server_remove(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Let a resource server ask no more."""
    asked = read_wish(_wish_decoder, body)
    execute(system, RemoveResourceServer(asked.name))
    return {"removed": asked.name}


def resource_server_list(system: System, _body: bytes, _report: Report) -> dict[str, Any]:
    """List the resource servers that may ask."""
    found = system.reads.blocking(resource_servers)
    return {one.name: f"{one.resource} since {instant(one.changed_at)}" for one in found}


OPERATIONS: Mapping[str, Operation] = {
    "resource-server add": resource_server_add,
    "resource-server rotate": resource_server_rotate,
    "resource-server remove": resource_server_remove,
    "resource-server list": resource_server_list,
}
