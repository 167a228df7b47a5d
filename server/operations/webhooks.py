"""Webhooks: who gets events over HTTP, how each stands, and what failed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec

from domain.ports import Rows
from domain.webhook import (
    AddWebhook,
    ChangeWebhook,
    PauseWebhook,
    RedeliverWebhook,
    RemoveWebhook,
    ReplayWebhook,
    ResumeWebhook,
    TestNotDelivered,
    UnknownWebhook,
    WebhookRecord,
)
from projections.columns import instant, maybe_instant
from projections.webhooks import WebhookRow, webhook, webhooks
from server.command_bus import CommandContext, UnitOfWork
from server.operations.operation import CLI, Operation, Report, execute, read_wish, unknown_apps
from server.webhooks import cursors, failures, lifecycle
from server.webhooks.attempts import Delivered, Ended, attempt
from server.webhooks.sealed_secrets import SecretLost, good_secrets
from server.webhooks.signing import new_webhook_secret
from server.webhooks.trial import trial_event
from server.wiring import System


class _Wish(msgspec.Struct):
    name: str = ""
    url: str | None = None
    events: list[str] | None = None
    apps: list[str] | None = None
    from_position: int | None = None
    event_id: str | None = None
    at_once: bool = False


_wish_decoder = msgspec.json.Decoder(_Wish)


DEFAULT_EVENTS = ("access_request.*",)


def _wish(body: bytes) -> _Wish:
    return read_wish(_wish_decoder, body)


def _context(system: System) -> CommandContext:
    return CommandContext(CLI, system.clock(), system.new_id())


def webhook_add(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Add a webhook; return its secret, which is told once."""
    asked = _wish(body)
    record = WebhookRecord(
        asked.url or "", tuple(asked.events or DEFAULT_EVENTS), tuple(asked.apps or ())
    )
    lifecycle.check_target(record.url, system.settings)
    lifecycle.check_patterns(record.events)
    command = AddWebhook(asked.name, record, asked.from_position)
    secret, ring, context = new_webhook_secret(), system.signing_keys.ring(), _context(system)
    system.bus.call_blocking(lambda work: lifecycle.add(work, command, secret, ring, context))
    shown = webhook_show(system, body, _report)
    return {**shown, **unknown_apps(system, record.apps), "secret": secret}


def webhook_change(system: System, body: bytes, report: Report) -> dict[str, Any]:
    """Send elsewhere, or other events."""
    asked = _wish(body)
    if asked.url is not None:
        lifecycle.check_target(asked.url, system.settings)
    events = None if asked.events is None else tuple(asked.events)
    lifecycle.check_patterns(events or ())
    apps = None if asked.apps is None else tuple(asked.apps)
    execute(system, ChangeWebhook(asked.name, asked.url, events, apps))
    return {**webhook_show(system, body, report), **unknown_apps(system, apps or ())}


def webhook_rotate(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Give a webhook another secret; return it, and how long the former one signs too."""
    asked = _wish(body)
    overlap = timedelta() if asked.at_once else lifecycle.OVERLAP
    secret, ring, context = new_webhook_secret(), system.signing_keys.ring(), _context(system)
    until = system.bus.call_blocking(
        lambda work: lifecycle.rotate(work, asked.name, secret, ring, overlap, context)
    )
    return {"name": asked.name, "secret": secret, "former_signs_until": instant(until)}


def webhook_pause(system: System, body: bytes, report: Report) -> dict[str, Any]:
    """Send nothing for now."""
    execute(system, PauseWebhook(_wish(body).name))
    return webhook_show(system, body, report)


def webhook_resume(system: System, body: bytes, report: Report) -> dict[str, Any]:
    """Go on where it stopped."""
    execute(system, ResumeWebhook(_wish(body).name))
    return webhook_show(system, body, report)


def webhook_replay(system: System, body: bytes, report: Report) -> dict[str, Any]:
    """Send everything again from a position on."""
    asked = _wish(body)
    execute(system, ReplayWebhook(asked.name, asked.from_position or 0))
    return webhook_show(system, body, report)


def webhook_remove(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Forget a webhook, its secret and its failures."""
    name = _wish(body).name
    execute(system, RemoveWebhook(name))
    return {"removed": name}


def webhook_list(system: System, _body: bytes, _report: Report) -> dict[str, Any]:
    """List all webhooks, each with how far it is behind and what failed."""
    head = system.store.head()

    def listed(rows: Rows, one: WebhookRow) -> dict[str, Any]:
        delivery = _delivery(rows, one.name, head)
        return {
            "host": one.host,
            "state": str(one.state),
            "events": list(one.events),
            "apps": list(one.apps),
            **{name: delivery[name] for name in ("lag", "waiting", "dead_letters")},
        }

    return system.reads.blocking(
        lambda rows: {one.name: listed(rows, one) for one in webhooks(rows)}
    )


def webhook_show(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Tell how a webhook stands."""
    name, head = _wish(body).name, system.store.head()

    def found(rows: Rows) -> dict[str, Any]:
        return {**_described(_known(rows, name)), **_delivery(rows, name, head)}

    return system.reads.blocking(found)


def _delivery(rows: Rows, name: str, head: int) -> dict[str, Any]:
    """Tell how far a webhook has come, and what failed."""
    cursor = cursors.cursor(rows, name)
    waiting, dead = failures.count_failures(rows, name)
    position = cursor.position if cursor else 0
    return {
        "position": position,
        "lag": max(head - position, 0),
        "waiting": waiting,
        "dead_letters": dead,
        "failures_in_a_row": cursor.failures if cursor else 0,
        "fault": cursor.fault if cursor else "",
        "rests_until": maybe_instant(cursor.rest_until if cursor else None),
        "delivered_at": maybe_instant(cursor.delivered_at if cursor else None),
    }


def _known(rows: Rows, name: str) -> WebhookRow:
    row = webhook(rows, name)
    if row is None:
        raise UnknownWebhook(name)
    return row


def _described(row: WebhookRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "url": row.url,
        "state": str(row.state),
        "reason": row.reason,
        "events": list(row.events),
        "apps": list(row.apps),
        "changed_at": instant(row.changed_at),
    }


def webhook_failures(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """List the deliveries that failed, dead letters first."""
    name = _wish(body).name

    def found(rows: Rows) -> dict[str, Any]:
        _known(rows, name)
        return {
            one.event_id: {
                "topic": one.topic,
                "position": one.position,
                "attempts": one.attempts,
                "fault": one.fault,
                "failed_at": instant(one.failed_at),
                "next_attempt_at": maybe_instant(one.due_at),
            }
            for one in failures.failures_of(rows, name)
        }

    return system.reads.blocking(found)


def webhook_redeliver(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Try one failed delivery, or all dead letters, at once and as often as a new one."""
    asked, context = _wish(body), _context(system)

    def job(work: UnitOfWork) -> int:
        count = failures.count_due(work.rows, asked.name, asked.event_id)
        work.execute(RedeliverWebhook(asked.name, asked.event_id, count), context)
        return count

    return {"redelivered": system.bus.call_blocking(job)}


def webhook_test(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Send a test event now, whatever the webhook's state; it is in no log."""
    name, event_id, now = _wish(body).name, system.new_id(), system.clock()
    ring = system.signing_keys.ring()

    def found(rows: Rows) -> tuple[str, tuple[str, ...]]:
        return _known(rows, name).url, good_secrets(rows, ring, name, now)

    try:
        url, good = system.reads.blocking(found)
    except SecretLost:
        raise TestNotDelivered(name, "no key opens its secret: rotate it") from None
    content = trial_event(event_id, name, system.settings.tenant, now)
    sending = attempt(system.webhook_sender, system.clock, url, event_id, content, good)
    verdict = asyncio.run(sending)
    if isinstance(verdict, Delivered):
        return {"delivered": event_id}
    fault = verdict.reason if isinstance(verdict, Ended) else verdict.fault
    raise TestNotDelivered(name, fault)


OPERATIONS: Mapping[str, Operation] = {
    "webhook add": webhook_add,
    "webhook change": webhook_change,
    "webhook rotate": webhook_rotate,
    "webhook pause": webhook_pause,
    "webhook resume": webhook_resume,
    "webhook replay": webhook_replay,
    "webhook remove": webhook_remove,
    "webhook list": webhook_list,
    "webhook show": webhook_show,
    "webhook failures": webhook_failures,
    "webhook redeliver": webhook_redeliver,
    "webhook test": webhook_test,
}
