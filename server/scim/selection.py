"""Which attributes of a resource are returned (RFC 7644 section 3.9), and a search that comes as a body
(section 3.4.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.scim.faults import invalid

SEARCH = ".search"
ALWAYS = frozenset({"id", "schemas", "meta"})
_EXTENSION = "urn:ietf:params:scim:schemas:extension:"


def searched(body: Mapping[str, Any]) -> dict[str, str]:
    """Return the query that a search by POST means; raises `ScimFault`."""
    query: dict[str, str] = {}
    for name in ("filter", "startIndex", "count", "attributes", "excludedAttributes"):
        value = body.get(name)
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            query[name] = ",".join(value)
        elif isinstance(value, str | int) and not isinstance(value, bool):
            query[name] = str(value)
        elif value is not None:
            raise invalid(f"{name} is not as it should be.")
    return query


def chosen(answer: dict[str, Any], query: Mapping[str, str]) -> dict[str, Any]:
    """Return a resource, or a list of them, with the attributes that the query asks for."""
    wanted, unwanted = _names(query, "attributes"), _names(query, "excludedAttributes")
    if not wanted and not unwanted:
        return answer
    if "Resources" in answer:
        resources = [_selected(one, wanted, unwanted) for one in answer["Resources"]]
        return {**answer, "Resources": resources}
    return _selected(answer, wanted, unwanted)


def _selected(
    resource: dict[str, Any], wanted: frozenset[str], unwanted: frozenset[str]
) -> dict[str, Any]:
    if wanted:
        return {
            name: value
            for name, value in resource.items()
            if name in ALWAYS or _matches(name, wanted)
        }
    return {
        name: value
        for name, value in resource.items()
        if name in ALWAYS or name.lower() not in unwanted
    }


def _matches(name: str, wanted: frozenset[str]) -> bool:
    """Say whether an attribute, or a part of it, is asked for."""
    lower = name.lower()
    separators = (":",) if name.startswith(_EXTENSION) else (".",)
    return any(one == lower or one.startswith(f"{lower}{separators[0]}") for one in wanted)


def _names(query: Mapping[str, str], name: str) -> frozenset[str]:
    core = "urn:ietf:params:scim:schemas:core:2.0:"
    names = (one.strip() for one in query.get(name, "").split(",") if one.strip())
    plain = (one.split(":")[-1] if one.lower().startswith(core.lower()) else one for one in names)
    return frozenset(one.lower() for one in plain)
