"""Tokens with which identity providers say who works here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from domain.errors import NothingThere
from server.operations.operation import Operation, Report, read_wish
from server.scim import BASE
from server.scim.tokens import add_token, remove_token, token_names
from server.wiring import System


class _Wish(msgspec.Struct):
    name: str = ""


_wish_decoder = msgspec.json.Decoder(_Wish)


def scim_token_add(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Make a token; return it, which is done once."""
    name, now = read_wish(_wish_decoder, body).name, system.clock()
    token = system.bus.call_blocking(lambda work: add_token(work.rows, name, now))
    return {"name": name, "token": token, "url": f"{system.settings.issuer}{BASE}"}


def scim_token_remove(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Let a token be good no more; raises `domain.errors.Refused`."""
    name = read_wish(_wish_decoder, body).name
    if not system.bus.call_blocking(lambda work: remove_token(work.rows, name)):
        raise NothingThere("token", name, "doorward scim-token list shows all")
    return {"removed": name}


def scim_token_list(system: System, _body: bytes, _report: Report) -> dict[str, Any]:
    """List the names of tokens, and since when each is good."""
    return dict(system.reads.blocking(token_names))


OPERATIONS: Mapping[str, Operation] = {
    "scim-token add": scim_token_add,
    "scim-token remove": scim_token_remove,
    "scim-token list": scim_token_list,
}
