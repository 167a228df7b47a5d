"""The toolset `core`: who is calling and what he may do here, how the server is doing, and which features are
on."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata
from typing import Any

from domain.errors import OperatorOnly
from domain.feature import (
    DECIDE_BY_CLIENT,
    FEATURES,
    DisableFeature,
    EnableFeature,
    Feature,
    features_on,
)
from domain.ports import Rows
from projections.columns import maybe_instant
from server.bearer import AccessGrant
from server.command_bus import UnitOfWork
from server.features import FeatureState, list_features
from server.mcp.administration.backing import Backing
from server.mcp.administration.changing import Plan, Planner, changes
from server.mcp.administration.defining import MAYBE, TEXT, asking, asks, changing
from server.mcp.answers import Answer, Json
from server.mcp.arguments import Arguments
from server.mcp.schemas import Schema, closed_input, identifier_field
from server.mcp.schemas.parts import object_of
from server.mcp.tools import ServedTool
from server.oauth.resources import OVERSEERS, TOOLSETS

_TEXTS: Schema = {"type": "array", "items": TEXT}
WHOAMI = asking(
    "whoami",
    "Who am I",
    "Say who the person is, by which client, and what each toolset lets them do: used, allowed once they "
    "consent, or not for their role.",
    closed_input([]),
    object_of(
        person={"type": "object"},
        client={"type": "object"},
        scopes=_TEXTS,
        toolsets={"type": "object"},
    ),
)
STATUS = asking(
    "get_server_status",
    "Get the server's status",
    "Say whether the server is ready and why not, how far read models and publishing are behind, and what "
    "fails.",
    closed_input([]),
    {
        "type": "object",
        "properties": {
            "version": TEXT,
            "status": TEXT,
            "reasons": _TEXTS,
            "position": {"type": ["integer", "null"]},
            "behind": {"type": "object"},
            "queue": {"type": "object"},
            "nats": {"type": "object"},
            "failing": _TEXTS,
            "checkpoint": {"type": "object"},
        },
        "required": ["version", "status", "reasons", "behind", "nats"],
    },
)
_FEATURE = object_of(
    name=TEXT,
    words=TEXT,
    on={"type": "boolean"},
    version={"type": "integer"},
    switched_at=MAYBE,
    switched_by=MAYBE,
)
LIST_FEATURES = asking(
    "list_features",
    "List features",
    "List the features that can be turned on and off, and what each brings. A tool whose feature is off does "
    "not exist.",
    closed_input([]),
    object_of(items={"type": "array", "items": _FEATURE}),
)
SET_FEATURE = changing(
    "set_feature",
    "Turn a feature on or off",
    "Turn a feature on or off, for everybody and at once.",
    ["feature", "on"],
    feature={**identifier_field(), "enum": sorted(FEATURES)},
    on={"type": "boolean"},
)
NAME = "core"


def tools(backing: Backing) -> tuple[ServedTool, ...]:
    """Return the tools."""
    initially = backing.system.settings.features

    def features(rows: Rows, _grant: AccessGrant, _arguments: Arguments) -> Answer:
        return _features(list_features(rows, initially))

    return (
        asks(NAME, WHOAMI, whoami, roles=OVERSEERS),
        asks(NAME, STATUS, run=Status(backing), roles=OVERSEERS),
        asks(NAME, LIST_FEATURES, features, roles=OVERSEERS),
        changes(NAME, SET_FEATURE, switching(initially), backing),
    )


def whoami(_rows: Rows, grant: AccessGrant, _arguments: Arguments) -> Answer:
    """Answer whoami."""
    person, client = grant.person, grant.client
    toolsets = {name: _standing(grant, name) for name in TOOLSETS}
    fields: Json = {
        "person": {
            "id": person.person_id,
            "username": person.username,
            "name": person.full_name,
            "roles": list(person.roles),
        },
        "client": {"id": client.client_id, "name": client.name},
        "scopes": list(grant.scopes),
        "toolsets": toolsets,
    }
    told = ", ".join(f"{name}: {' and '.join(may) or 'nothing'}" for name, may in toolsets.items())
    return Answer(fields, f"{person.full_name} ({person.username}), by {client.name}. {told}.")


def _standing(grant: AccessGrant, name: str) -> list[str]:
    """Return what the caller may do in a toolset, now or once the person consents to it."""
    return [
        meaning.scope.rpartition(":")[2]
        + ("" if meaning.scope in grant.scopes else " (not consented)")
        for meaning in TOOLSETS[name].meanings()
        if set(meaning.roles) & set(grant.person.roles)
    ]


@dataclass(frozen=True, slots=True)
class Status:
    """Runs get_server_status."""

    backing: Backing

    async def __call__(self, _grant: AccessGrant, _arguments: Arguments) -> Answer:
        """Answer the tool."""
        ready = await self.backing.health.readiness()
        signed = self.backing.system.checkpointing.status()
        fields: Json = {
            "version": metadata.version("doorward"),
            **ready,
            "checkpoint": {"position": signed.position, "fault": signed.fault},
        }
        reasons: Any = ready["reasons"]
        behind: Any = ready["behind"]
        lags = ", ".join(f"{name} {lag} behind" for name, lag in behind.items())
        why = f" ({'; '.join(reasons)})" if reasons else ""
        return Answer(fields, f"Doorward {fields['version']} is {ready['status']}{why}; {lags}.")


def _features(found: tuple[FeatureState, ...]) -> Answer:
    items: list[Json] = [
        {
            "name": one.name,
            "words": one.words,
            "on": one.on,
            "version": one.version,
            "switched_at": maybe_instant(one.switched_at),
            "switched_by": one.switched_by,
        }
        for one in found
    ]
    lines = [f"- {one.name}: {'on' if one.on else 'off'}. {one.words}" for one in found]
    return Answer({"items": items}, "\n".join(lines))


def switching(initially: frozenset[str]) -> Planner:
    """Return what plans set_feature; `initially` are the features that are on until somebody switches them."""

    def plan(_work: UnitOfWork, grant: AccessGrant, arguments: Arguments) -> Plan:
        name: str = arguments["feature"]
        on: bool = arguments["on"]
        if on and name == DECIDE_BY_CLIENT:
            raise OperatorOnly(name)

        def shown(state: Feature) -> Json:
            switched = {} if state.on is None else {name: state.on}
            return {"on": name in features_on(switched, initially)}

        by = grant.person.person_id
        command = EnableFeature(name, by) if on else DisableFeature(name, by)
        says = f"{name} is turned {'on' if on else 'off'} for everybody. {FEATURES[name]}"
        return Plan(command, name, says, shown)

    return plan
