"""The toolset `integrations`: the systems that decide, fulfil and listen, webhooks, and the names of other
services' credentials. What is secret is made and shown on the server's command line alone: what an AI client
has been shown stands in its transcript, and with whoever runs it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from server.mcp.administration import integrations_schemas as schemas
from server.mcp.administration import integrations_webhooks as webhooks
from server.mcp.administration.backing import Backing
from server.mcp.administration.changing import changes
from server.mcp.administration.defining import asks
from server.mcp.administration.integrations_planning import (
    IntegrationPlanning,
    remove_resource_server,
)
from server.mcp.administration.integrations_reading import IntegrationsReading
from server.mcp.tools import ServedTool

_log = logging.getLogger(__name__)


def tools(backing: Backing) -> tuple[ServedTool, ...]:
    """Return the tools."""
    system, toolset = backing.system, "integrations"
    reading = IntegrationsReading(system)
    planning = IntegrationPlanning(_soon(system.nats.integrations_changed))
    sending = webhooks.WebhookPlanning(system)
    return (
        asks(toolset, schemas.LIST, run=reading.list),
        asks(toolset, schemas.GET, run=reading.get),
        changes(toolset, schemas.ADD, planning.add, backing),
        changes(toolset, schemas.CHANGE, planning.change, backing),
        changes(toolset, schemas.REMOVE, planning.remove, backing),
        asks(toolset, schemas.LIST_WEBHOOKS, run=reading.list_webhooks),
        asks(toolset, schemas.GET_WEBHOOK, run=reading.get_webhook),
        changes(toolset, schemas.ADD_WEBHOOK, sending.add, backing),
        changes(toolset, schemas.CHANGE_WEBHOOK, sending.change, backing),
        changes(toolset, schemas.SWITCH_WEBHOOK, webhooks.switch, backing),
        changes(toolset, schemas.REDELIVER, webhooks.redeliver, backing),
        changes(toolset, schemas.REMOVE_WEBHOOK, webhooks.remove, backing),
        asks(toolset, schemas.LIST_CREDENTIALS, reading.credentials),
        changes(toolset, schemas.REMOVE_RESOURCE_SERVER, remove_resource_server, backing),
    )


def _soon(let_in: Callable[[], None]) -> Callable[[], None]:
    """Let in at once who may take part; if that fails, whoever reads commands does it a little later: the
    change itself is made."""

    def tried() -> None:
        try:
            let_in()
        except OSError as fault:
            _log.warning("integrations are let in later: %s", fault)

    return tried
