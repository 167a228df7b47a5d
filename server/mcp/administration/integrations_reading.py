"""Integrations, webhooks and other services as an administrator's client sees them: what each may do, how far it
is behind, and when it was last seen. Lags are NATS' own word; where it cannot be asked, that is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import anyio.to_thread
import msgspec

from domain.integration import integration_stream
from domain.messaging import ConsumerLag
from domain.ports import Rows
from domain.webhook import webhook_stream
from projections.audit_trail import searching
from projections.audit_trail.searching import Wanted
from projections.columns import instant
from projections.integrations import IntegrationRow, integrations
from projections.pages import Page
from projections.resource_servers import resource_servers
from projections.webhooks import webhooks
from server.bearer import AccessGrant
from server.failures import StartFailed
from server.mcp.administration.integrations_webhooks import without_url
from server.mcp.answers import Answer, Json, line, listing
from server.mcp.arguments import Arguments
from server.mcp.taking_time import may_take_time
from server.scim.tokens import token_names
from server.wiring import System

END = 2**62


@dataclass(frozen=True, slots=True)
class IntegrationsReading:
    """Answers the tools that only read."""

    system: System

    async def list(self, _grant: AccessGrant, arguments: Arguments) -> Answer:
        """Answer list_integrations."""
        return await _on_thread(self._listed, arguments)

    def _listed(self, arguments: Arguments) -> Answer:
        lags, fault = self._lags()
        page, size = arguments["page"], arguments["size"]
        with self.system.reads.open() as rows:
            every = integrations(rows)
            found = every[(page - 1) * size : page * size]
            items = [self._state(rows, one, lags) for one in found]
        lines = [line(str(one["name"]), _rights(one), _doing(one)) for one in items]
        paged = Page(found, len(every), page, size)
        answer = listing(paged, items, "There is no integration.", lines, "integration")
        return Answer({**answer.fields, "nats": fault}, answer.text) if fault else answer

    def _lags(self) -> tuple[Mapping[str, ConsumerLag], str]:
        """Return how far each is behind, or why nobody knows."""
        try:
            return {one.name: one for one in self.system.nats.desk.lags()}, ""
        except StartFailed as fault:
            return {}, str(fault)

    def _state(self, rows: Rows, one: IntegrationRow, lags: Mapping[str, ConsumerLag]) -> Json:
        fields: Json = {
            "name": one.name,
            "rights": list(one.rights),
            "apps": list(one.apps),
            "last_seen_at": self._last_seen(rows, one.name),
        }
        lag = lags.get(one.name)
        if lag is not None:
            fields |= {"pending": lag.pending, "unacknowledged": lag.unacknowledged}
        return fields

    def _last_seen(self, rows: Rows, name: str) -> str | None:
        found = searching.before(rows, Wanted(service=name), END, 1).positions
        events = self.system.store.history.at(found)
        return instant(events[0].envelope.recorded_at) if events else None

    async def get(self, _grant: AccessGrant, arguments: Arguments) -> Answer:
        """Answer get_integration."""
        return await _on_thread(self._shown, arguments)

    def _shown(self, arguments: Arguments) -> Answer:
        from server.operations.integrations import integration_show  # noqa: PLC0415 - late

        name = arguments["name"]
        found = integration_show(self.system, _body(name), _unheard)
        version = self._version(integration_stream(name))
        fields: Json = {
            "version": version,
            "integration": _plain(found),
            "last_seen_at": self.system.reads.blocking(lambda rows: self._last_seen(rows, name)),
        }
        return Answer(fields, f"{name}, version {version}\n{_text(found)}")

    async def list_webhooks(self, _grant: AccessGrant, arguments: Arguments) -> Answer:
        """Answer list_webhooks."""
        return await _on_thread(self._webhooks, arguments)

    def _webhooks(self, arguments: Arguments) -> Answer:
        every, page, size = (
            self.system.reads.blocking(webhooks),
            arguments["page"],
            arguments["size"],
        )
        found = tuple(every[(page - 1) * size : page * size])
        items = [self._webhook(one.name) for one in found]
        lines = [line(str(one["name"]), str(one["host"]), _sending(one)) for one in items]
        paged = Page(found, len(every), page, size)
        return listing(paged, items, "There is no webhook.", lines, "webhook")

    async def get_webhook(self, _grant: AccessGrant, arguments: Arguments) -> Answer:
        """Answer get_webhook."""
        return await _on_thread(self._with_failures, arguments)

    def _with_failures(self, arguments: Arguments) -> Answer:
        from server.operations.webhooks import webhook_failures  # noqa: PLC0415 - late

        name = arguments["name"]
        shown = self._webhook(name)
        failed = webhook_failures(self.system, _body(name), _unheard)
        failures = [{"event_id": key, **one} for key, one in failed.items()][: arguments["size"]]
        version = self._version(webhook_stream(name))
        fields: Json = {"version": version, "webhook": shown, "failures": failures}
        lines = [
            f"- {one['event_id']} {one['topic']}, {one['attempts']} attempts: {one['fault']}"
            for one in failures
        ]
        head = line(name, str(shown["host"]), f"version {version}, {_sending(shown)}")
        return Answer(fields, "\n".join([head, *lines]))

    def _webhook(self, name: str) -> Json:
        from server.operations.webhooks import webhook_show  # noqa: PLC0415 - late

        return without_url(webhook_show(self.system, _body(name), _unheard))

    def _version(self, stream: Any) -> int:
        return len(self.system.store.stream(stream))

    def credentials(self, rows: Rows, _grant: AccessGrant, _arguments: Arguments) -> Answer:
        """Answer list_service_credentials."""
        may_take_time()
        servers: list[Json] = [
            {"name": one.name, "resource": one.resource, "changed_at": instant(one.changed_at)}
            for one in resource_servers(rows)
        ]
        tokens: list[Json] = [
            {"name": name, "made_at": at} for name, at in token_names(rows).items()
        ]
        lines = [f"- resource server {one['name']}, for {one['resource']}" for one in servers]
        lines += [f"- SCIM token {one['name']}, of {one['made_at']}" for one in tokens]
        fields: Json = {"resource_servers": servers, "scim_tokens": tokens}
        return Answer(fields, "\n".join(lines) or "There are none.")


async def _on_thread(look: Callable[[Arguments], Answer], arguments: Arguments) -> Answer:
    """Look on a thread, for what asks more than one read, or more than the store."""
    return await anyio.to_thread.run_sync(look, arguments)


def _rights(one: Json) -> str:
    rights: Any = one["rights"]
    return ", ".join(rights)


def _doing(one: Json) -> str:
    seen = one["last_seen_at"] or "never"
    behind = f"{one['pending']} pending, " if "pending" in one else ""
    return f"{behind}last seen {seen}"


def _sending(one: Json) -> str:
    fault = f", {one['fault']}" if one["fault"] else ""
    return (
        f"{one['state']}, {one['lag']} events behind, {one['waiting']} waiting, "
        f"{one['dead_letters']} dead letters{fault}"
    )


def _body(name: str) -> bytes:
    return msgspec.json.encode({"name": name})


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _plain(value: object) -> Json:
    found: Json = msgspec.to_builtins(value)
    return found


def _unheard(_progress: Mapping[str, int]) -> None:
    """Tell nobody how far it is."""
