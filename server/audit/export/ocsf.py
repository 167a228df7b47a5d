"""An event as a record of the Open Cybersecurity Schema Framework, for systems that watch over many products.
The version named is the first in which all these classes have an actor of their own; records fit the later
ones of 1.x too.

Who has access to what is said in `user`, `privileges` and `resource` of every event of a request, also where
the event itself leaves it unsaid: then it is what was asked for. What has no place in OCSF is left as it is,
in `unmapped`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import metadata

import msgspec

from domain.access_request import request_stream
from domain.token_family import EndReason
from domain.values import Actor
from server.audit.export.ocsf_activities import ACTIVITIES, Activity, OcsfClass, Severity
from server.audit.export.public_form import Json, Openings, PublicEvent

OCSF_VERSION = "1.4.0"
CATEGORY = 3
PRODUCT = "Doorward"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
REPLAYS = (EndReason.CODE_REPLAYED, EndReason.REFRESH_TOKEN_REPLAYED)
"""A code or token was used twice: somebody may have stolen it."""
CLASSES_OF_STREAMS = (OcsfClass.USER_ACCESS, OcsfClass.AUTHENTICATION)
"""Their records rest on what the first event of a stream says."""

_encoder = msgspec.json.Encoder()


def line(public: PublicEvent, openings: Openings) -> bytes:
    """Return the record of an event as JSON."""
    return _encoder.encode(record(public, openings))


def record(public: PublicEvent, openings: Openings) -> Json:
    """Return the record of an event."""
    envelope = public.recorded.envelope
    body = msgspec.json.decode(public.body)
    data = body["data"]
    activity = ACTIVITIES[envelope.event.TOPIC]
    if envelope.version == 1 and activity.of in CLASSES_OF_STREAMS:
        openings.remember(envelope.stream, data)
    about, mapped = _ABOUT[activity.of](public, body, openings)
    return {
        "category_uid": CATEGORY,
        "class_uid": activity.of.value,
        "activity_id": activity.number,
        "activity_name": activity.name,
        "type_uid": activity.of * 100 + activity.number,
        "severity_id": _severity(activity, data).value,
        "status_id": 2 if activity.failed else 1,
        "status": "Failure" if activity.failed else "Success",
        "time": (envelope.recorded_at - EPOCH) // timedelta(milliseconds=1),
        "message": f"{envelope.event.TOPIC} in {envelope.stream}",
        "metadata": _metadata(public, body),
        "actor": _actor(envelope.actor),
        **about,
        "unmapped": _unmapped(body, mapped),
    }


def _severity(activity: Activity, data: Json) -> Severity:
    if data.get("reason") in REPLAYS:
        return Severity.HIGH
    if data.get("emergency"):
        return Severity.MEDIUM
    return activity.severity


def _metadata(public: PublicEvent, body: Json) -> Json:
    return {
        "version": OCSF_VERSION,
        "uid": body["id"],
        "sequence": public.recorded.position,
        "event_code": body["type"],
        "log_name": body["source"],
        "correlation_uid": body["correlationid"],
        "original_time": body["time"],
        "product": {"name": PRODUCT, "vendor_name": PRODUCT, "version": _version()},
    }


@cache
def _version() -> str:
    return metadata.version("doorward")


def _actor(actor: Actor) -> Json:
    """Return who acted, and through which program: a client, an integration, or Doorward itself."""
    user = {"user": {"uid": actor.subject}} if actor.subject else {}
    if actor.client is not None:
        return {**user, "app_name": actor.client.name, "app_uid": actor.client.client_id}
    return {**user, "app_name": actor.service or PRODUCT}


def _unmapped(body: Json, mapped: set[str]) -> Json:
    data = {name: value for name, value in body["data"].items() if name not in mapped}
    own = {name: body["data"]["actor"][name] for name in ("via", "authorization")}
    around = {name: body[name] for name in ("aggversion", "causationid") if name in body}
    return {**data, "actor": own, **around}


_About = tuple[Json, set[str]]
"""What only records of a class have, and the fields of the event that all went into it."""


def _account(_public: PublicEvent, body: Json, _openings: Openings) -> _About:
    data = body["data"]
    if "person" in data:
        return {"user": {"uid": data["person"]}}, {"person"}
    said = data.get("record", {})
    named = {"name": said.get("username"), "email_addr": said.get("email")}
    texts = {name: text for name, one in named.items() if (text := _text(one))}
    return {"user": {"uid": data["person_id"], **texts}}, {"person_id"}


def _text(value: object) -> str | None:
    """Return a text about a person, None where it is there no more."""
    text = value.get("text") if isinstance(value, dict) else value
    return text if isinstance(text, str) else None


def _session(public: PublicEvent, body: Json, openings: Openings) -> _About:
    opened = openings.of(public.recorded.envelope.stream)
    about = {
        "user": {"uid": opened["person"]},
        "session": {"uid": body["subject"], "issuer": PRODUCT},
        "service": {"name": PRODUCT, "uid": opened["resource"]},
        "auth_protocol_id": 6,
        "auth_protocol": "OAUTH 2.0",
    }
    return about, {"family_id", "person", "resource"}


def _entity(public: PublicEvent, body: Json, _openings: Openings) -> _About:
    kind, _, _ = public.recorded.envelope.event.TOPIC.partition(".")
    data = body["data"]
    said = data.get("record", {})
    entity = {
        "uid": body["subject"],
        "name": said.get("name") or said.get("label") or body["subject"],
        "type_id": 99,
        "type": kind,
        "version": str(data.get("policy", {}).get("version", body["aggversion"])),
    }
    return {"entity": entity}, {f"{kind}_id", "name"}


def _access(_public: PublicEvent, body: Json, openings: Openings) -> _About:
    data = body["data"]
    if "role" in data:
        return _role(data)
    asked = openings.of(request_stream(data["request_id"]))
    app = asked["app"]
    privileges = _items(data) or _items(asked)
    about = {
        "user": {"uid": asked["target"]},
        "privileges": privileges,
        "resource": {"uid": app["app_id"], "name": app["name"], "type": "app"},
    }
    mapped = {"target", "app_id", "item_id"}
    return about, mapped | {"items"} if data.get("items") == privileges else mapped


def _role(data: Json) -> _About:
    """A role is access to Doorward itself."""
    about = {
        "user": {"uid": data["person_id"]},
        "privileges": [data["role"]],
        "resource": {"uid": PRODUCT.lower(), "name": PRODUCT, "type": "app"},
    }
    return about, {"person_id", "role"}


def _items(data: Json) -> list[str]:
    """Return the ids of the items that an event names; the app itself where no permission is."""
    if "item_id" in data:
        return [data["item_id"]]
    if "permissions" in data:
        return [one["permission_id"] for one in data["permissions"]] or [data["app"]["app_id"]]
    found = [item for route in data.get("routes", []) for item in route["items"]]
    found += data.get("items", [])
    return [one if isinstance(one, str) else one["item_id"] for one in found]


def _group(_public: PublicEvent, body: Json, _openings: Openings) -> _About:
    data = body["data"]
    return {"group": {"uid": data["group_id"], "name": data["name"]}}, {"group_id", "name"}


_ABOUT: dict[OcsfClass, Callable[[PublicEvent, Json, Openings], _About]] = {
    OcsfClass.ACCOUNT_CHANGE: _account,
    OcsfClass.AUTHENTICATION: _session,
    OcsfClass.ENTITY: _entity,
    OcsfClass.USER_ACCESS: _access,
    OcsfClass.GROUP: _group,
}
