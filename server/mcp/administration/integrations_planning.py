"""Changes of integrations and resource servers as plans. They are known here by public keys alone; a secret that
the server makes is shown where it is made, on its command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from domain.errors import UnknownResourceServer
from domain.integration import (
    DECIDER,
    AddIntegration,
    ChangeIntegration,
    Integration,
    IntegrationRecord,
    RemoveIntegration,
    Right,
    UnknownIntegration,
    integration_stream,
)
from domain.resource_server import RemoveResourceServer, ResourceServer
from projections.resource_servers import resource_server
from server.bearer import AccessGrant
from server.command_bus import CommandContext, Executed, UnitOfWork
from server.integrations.callback import sealed_name
from server.mcp.administration.changing import Plan
from server.mcp.answers import Json
from server.mcp.arguments import Arguments
from server.webhooks.sealed_secrets import forget_secrets

KEYLESS = IntegrationRecord(())


@dataclass(frozen=True, slots=True)
class IntegrationPlanning:
    """Plans changes of integrations; `changed` lets in who stands now, and nobody else."""

    changed: Callable[[], None]

    def add(self, _work: UnitOfWork, _grant: AccessGrant, arguments: Arguments) -> Plan:
        """Plan add_integration."""
        name, record = arguments["name"], _record(KEYLESS, arguments)
        says = f"The integration {name} may {_may(record)}."
        if not record.nkey:
            says += " Without a NATS key it cannot sign in there yet."
        return Plan(AddIntegration(name, record), name, says, shown, then=self.changed)

    def change(self, work: UnitOfWork, _grant: AccessGrant, arguments: Arguments) -> Plan:
        """Plan change_integration."""
        name = arguments["name"]
        standing = _standing(work, name)
        record = _record(standing, arguments)
        says = f"The integration {name} may {_may(record)}."
        if (record.nkey, record.signing_key) != (standing.nkey, standing.signing_key):
            says += " It is known by other keys: who holds these speaks for it from now on."
        return Plan(ChangeIntegration(name, record), name, says, shown, then=self.changed)

    def remove(self, work: UnitOfWork, _grant: AccessGrant, arguments: Arguments) -> Plan:
        """Plan remove_integration."""
        name = arguments["name"]
        command, record = RemoveIntegration(name), _standing(work, name)

        def make(work: UnitOfWork, context: CommandContext) -> Executed:
            forget_secrets(work.rows, sealed_name(name))
            return work.execute(command, context)

        says = (
            f"The integration {name} takes part no more: it may not {_may(record)}. What waits for "
            "it waits until the time that policy gives it is over."
        )
        return Plan(command, name, says, shown, make=make, then=self.changed)


def _standing(work: UnitOfWork, name: str) -> IntegrationRecord:
    _, state = work.state_of(DECIDER, integration_stream(name))
    if state.record is None:
        raise UnknownIntegration(name)
    return state.record


def _record(standing: IntegrationRecord, arguments: Arguments) -> IntegrationRecord:
    rights, apps = arguments.get("rights"), arguments.get("apps")
    return IntegrationRecord(
        standing.rights if rights is None else tuple(map(Right, rights)),
        standing.apps if apps is None else tuple(apps),
        arguments.get("nats_public_key", standing.nkey),
        arguments.get("signing_key", standing.signing_key),
    )


def _may(record: IntegrationRecord) -> str:
    for_apps = f"for {', '.join(record.apps)}" if record.apps else "for all apps"
    return f"{', '.join(sorted(set(record.rights))) or 'do nothing'} {for_apps}"


def shown(state: Integration) -> Json:
    """Return an integration as a person knows it."""
    record = state.record
    if record is None:
        return {"stands": False}
    return {
        "stands": True,
        "rights": list(record.rights),
        "apps": list(record.apps),
        "nats_public_key": record.nkey,
        "signing_key": record.signing_key,
    }


def remove_resource_server(work: UnitOfWork, _grant: AccessGrant, arguments: Arguments) -> Plan:
    """Plan remove_resource_server."""
    name = arguments["name"]
    found = resource_server(work.rows, name)
    if found is None:
        raise UnknownResourceServer(name)
    says = f"The resource server {name} may ask about tokens for {found.resource} no more."
    return Plan(RemoveResourceServer(name), name, says, _may_ask)


def _may_ask(state: ResourceServer) -> Json:
    return {"may_ask": state.secret_digest is not None}
