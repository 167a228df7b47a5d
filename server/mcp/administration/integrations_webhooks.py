"""Webhooks for an administrator's client: how each stands, and changes of them as plans. A receiver's URL may hold
a token, and so it is never shown; its host is, with a mark by which two URLs are told apart."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.errors import Refused
from domain.webhook import (
    DECIDER,
    AddWebhook,
    ChangeWebhook,
    PauseWebhook,
    RedeliverWebhook,
    RemoveWebhook,
    ResumeWebhook,
    UnknownWebhook,
    Webhook,
    WebhookRecord,
    host_of,
    webhook_stream,
)
from server.bearer import AccessGrant
from server.command_bus import CommandContext, Executed, UnitOfWork
from server.mcp.administration.changing import Plan
from server.mcp.answers import Json
from server.mcp.arguments import Arguments
from server.webhooks import failures, lifecycle
from server.webhooks.signing import new_webhook_secret
from server.wiring import System

DEFAULT_EVENTS = ("access_request.*",)
MARK = 8


@dataclass(frozen=True, slots=True)
class WebhookPlanning:
    """Plans changes of webhooks."""

    system: System

    def add(self, _work: UnitOfWork, _grant: AccessGrant, arguments: Arguments) -> Plan:
        """Plan add_webhook."""
        self._check(arguments)
        name = arguments["name"]
        events, apps = arguments.get("events", DEFAULT_EVENTS), arguments.get("apps", ())
        command = AddWebhook(name, WebhookRecord(arguments["url"], tuple(events), tuple(apps)))

        def make(work: UnitOfWork, context: CommandContext) -> Executed:
            ring = self.system.signing_keys.ring()
            return lifecycle.add(work, command, new_webhook_secret(), ring, context)

        says = f"Events are sent to {target(arguments['url'])} from now on: {', '.join(events)}."
        return Plan(command, name, says, shown, make=make)

    def change(self, work: UnitOfWork, _grant: AccessGrant, arguments: Arguments) -> Plan:
        """Plan change_webhook."""
        self._check(arguments)
        name, standing = arguments["name"], _standing(work, arguments["name"])
        events, apps = arguments.get("events"), arguments.get("apps")
        command = ChangeWebhook(
            name,
            arguments.get("url"),
            None if events is None else tuple(events),
            None if apps is None else tuple(apps),
        )
        told = ", ".join(standing.events if events is None else events)
        to = target(arguments.get("url", standing.url))
        says = f"The webhook {name} sends to {to} from now on: {told}."
        return Plan(command, name, says, shown)

    def _check(self, arguments: Arguments) -> None:
        if "url" in arguments:
            lifecycle.check_target(arguments["url"], self.system.settings)
        lifecycle.check_patterns(arguments.get("events", ()))


def switch(work: UnitOfWork, _grant: AccessGrant, arguments: Arguments) -> Plan:
    """Plan switch_webhook."""
    name = arguments["name"]
    _standing(work, name)
    if arguments["state"] == "active":
        says = f"The webhook {name} goes on where it stopped."
        return Plan(ResumeWebhook(name), name, says, shown)
    says = f"Nothing is sent to the webhook {name} until it is resumed; nothing is lost."
    return Plan(PauseWebhook(name), name, says, shown)


def redeliver(work: UnitOfWork, _grant: AccessGrant, arguments: Arguments) -> Plan:
    """Plan redeliver_webhook."""
    name, event_id = arguments["name"], arguments.get("event_id")
    _standing(work, name)
    count = failures.count_due(work.rows, name, event_id)
    what = f"The delivery of {event_id}" if event_id else f"Each of {count} dead letters"
    says = f"{what} is tried again, as often as a new one."
    return Plan(RedeliverWebhook(name, event_id, count), name, says, shown)


def remove(work: UnitOfWork, _grant: AccessGrant, arguments: Arguments) -> Plan:
    """Plan remove_webhook."""
    name = arguments["name"]
    host = host_of(_standing(work, name).url)
    waiting, dead = failures.count_failures(work.rows, name)
    says = (
        f"Nothing is sent to the webhook {name} at {host} any more; its secret and "
        f"{waiting + dead} failed deliveries are forgotten."
    )
    return Plan(RemoveWebhook(name), name, says, shown)


def _standing(work: UnitOfWork, name: str) -> WebhookRecord:
    _, state = work.state_of(DECIDER, webhook_stream(name))
    if state.record is None:
        raise UnknownWebhook(name)
    return state.record


def shown(state: Webhook) -> Json:
    """Return a webhook as a person knows it."""
    record = state.record
    if record is None:
        return {"stands": False}
    return {
        "stands": True,
        "to": target(record.url),
        "events": list(record.events),
        "apps": list(record.apps),
        "state": str(state.state),
    }


def target(url: str) -> str:
    """Return where a URL leads, without what may be a token, and with a mark that changes with it."""
    try:
        host = host_of(url)
    except Refused:
        return "no URL that can be used"
    return f"{host} (#{hashlib.sha256(url.encode()).hexdigest()[:MARK]})"


def without_url(found: Mapping[str, Any]) -> Json:
    """Return what an operation tells of a webhook, with its host instead of its URL."""
    return {"host": host_of(found["url"]), **{k: v for k, v in found.items() if k != "url"}}
