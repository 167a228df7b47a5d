"""Integrations: let them take part, list them, change what they may do, and check that NATS keeps them
apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import msgspec

from domain.integration import (
    AddIntegration,
    ChangeIntegration,
    IntegrationRecord,
    RemoveIntegration,
    Right,
    UnknownIntegration,
)
from projections.integrations import IntegrationRow, integration_by_name, integrations
from server.command_bus import CommandContext, UnitOfWork
from server.integrations.callback import sealed_name
from server.operations.operation import CLI, Operation, Report, execute, read_wish, unknown_apps
from server.webhooks.sealed_secrets import forget_secrets, store_secret
from server.webhooks.signing import new_webhook_secret
from server.wiring import System

OVERLAP = timedelta(hours=24)


class _Wish(msgspec.Struct):
    name: str = ""
    rights: list[Right] | None = None
    apps: list[str] | None = None
    signing_key: str | None = None
    seed: str = ""
    at_once: bool = False


_wish_decoder = msgspec.json.Decoder(_Wish)


def _wish(body: bytes) -> _Wish:
    return read_wish(_wish_decoder, body)


def integration_add(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Let an integration take part; return its keys, which are told once."""
    asked = _wish(body)
    key, secret = system.nats.new_key(), new_webhook_secret()
    record = IntegrationRecord(
        tuple(Right) if asked.rights is None else tuple(asked.rights),
        tuple(asked.apps or ()),
        key.public,
        asked.signing_key or "",
    )
    _execute(system, AddIntegration(asked.name, record), secret)
    return {
        **_shown(system, _found(system, asked.name)),
        **unknown_apps(system, record.apps),
        "nats_seed": key.secret,
        "callback_secret": secret,
    }


def _execute(
    system: System, command: AddIntegration | ChangeIntegration, secret: str | None, **overlap: Any
) -> None:
    """Do it, with the new secret, if there is one, in the same transaction."""
    ring, now = system.signing_keys.ring(), system.clock()
    context = CommandContext(CLI, now, system.new_id())
    until = now + overlap.get("overlap", timedelta())

    def job(work: UnitOfWork) -> None:
        work.execute(command, context)
        if secret is not None:
            store_secret(work.rows, ring, sealed_name(command.name), secret, now, until)

    system.bus.call_blocking(job)
    system.nats.integrations_changed()


def integration_change(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Change what an integration may do, or the key its decisions are signed with."""
    asked = _wish(body)
    standing = _found(system, asked.name)
    record = IntegrationRecord(
        standing.rights if asked.rights is None else tuple(asked.rights),
        standing.apps if asked.apps is None else tuple(asked.apps),
        standing.nkey,
        standing.signing_key if asked.signing_key is None else asked.signing_key,
    )
    _execute(system, ChangeIntegration(asked.name, record), None)
    return {**_shown(system, _found(system, asked.name)), **unknown_apps(system, asked.apps or ())}


def integration_rotate(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Give an integration another NATS key, at once, and another secret for calls over HTTP, beside
    which the former is good for a day."""
    asked = _wish(body)
    standing = _found(system, asked.name)
    key, secret = system.nats.new_key(), new_webhook_secret()
    record = IntegrationRecord(standing.rights, standing.apps, key.public, standing.signing_key)
    overlap = timedelta() if asked.at_once else OVERLAP
    _execute(system, ChangeIntegration(asked.name, record), secret, overlap=overlap)
    return {"name": asked.name, "nats_seed": key.secret, "callback_secret": secret}


def integration_remove(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Let an integration take part no more."""
    name = _wish(body).name
    execute(system, RemoveIntegration(name))
    system.bus.call_blocking(lambda work: forget_secrets(work.rows, sealed_name(name)))
    system.nats.integrations_changed()
    return {"removed": name}


def integration_list(system: System, _body: bytes, _report: Report) -> dict[str, Any]:
    """Return all integrations."""
    return {"integrations": [_shown(system, one) for one in system.reads.blocking(integrations)]}


def integration_show(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Return one integration, and where it speaks and listens."""
    return _shown(system, _found(system, _wish(body).name))


def nats_config(system: System, _body: bytes, _report: Report) -> dict[str, Any]:
    """Return the accounts for a nats-server of one's own."""
    return {"configuration": system.nats.configuration()}


def doctor_nats(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Try what no integration may do; return what came of it."""
    asked = _wish(body)
    found = system.nats.check(asked.name, asked.seed)
    return {**asdict(found), "safe": found.safe}


def _found(system: System, name: str) -> IntegrationRow:
    found = system.reads.blocking(lambda rows: integration_by_name(rows, name))
    if found is None:
        raise UnknownIntegration(name[:100])
    return found


def _shown(system: System, one: IntegrationRow) -> dict[str, Any]:
    tenant = system.settings.tenant
    acts = [right for right in (Right.DECIDE, Right.FULFIL) if right in one.rights]
    subjects = {
        str(right): f"doorward.{tenant}.cmd.{right}.{one.name}.<app>.<request>" for right in acts
    }
    requests = {f"{right}_at_once": f"doorward.{tenant}.api.{one.name}.{right}" for right in acts}
    callbacks = {
        f"{right}_over_http": f"{system.settings.issuer}/integrations/{one.name}/{right}"
        for right in acts
    }
    return {
        "name": one.name,
        "rights": list(one.rights),
        "apps": list(one.apps) or "all",
        "nats_url": system.nats.public_url,
        "nats_public_key": one.nkey,
        "signing_key": one.signing_key,
        "durable_consumer": one.name,
        **subjects,
        **requests,
        **callbacks,
    }


OPERATIONS: Mapping[str, Operation] = {
    "integration add": integration_add,
    "integration change": integration_change,
    "integration rotate": integration_rotate,
    "integration remove": integration_remove,
    "integration list": integration_list,
    "integration show": integration_show,
    "integration nats-config": nats_config,
    "doctor nats": doctor_nats,
}
