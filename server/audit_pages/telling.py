"""Every event as a sentence that anybody understands, with who was behind it and through what. What happens to
requests is told as everybody's pages tell it, in `server.inbox.telling`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.envelope import Envelope, Recorded
from domain.ports import Rows
from domain.values import REDACTED, RequestId, Via
from projections.access_requests import request_by_id
from projections.people import person_by_id
from projections.request_history import Told, history_of
from server.inbox.telling import sentence

SENTENCES: Mapping[str, str] = {
    "app.added": "{who} added the app “{e.record.name}”",
    "app.changed": "{who} changed the app “{e.record.name}”",
    "app.retired": "{who} took the app {e.app_id} out of the catalog",
    "permission.added": "{who} added the permission “{e.record.label}”",
    "permission.changed": "{who} changed the permission “{e.record.label}”",
    "permission.retired": "{who} took the permission {e.permission_id} out of the catalog",
    "person.registered": "{who} registered {person}",
    "person.changed": "{who} changed what is known of {person}",
    "person.identity_linked": "{person} was linked to an account at {e.issuer}",
    "person.forgotten": "{who} had {person} forgotten",
    "person.role_granted": "{who} gave {person} the role {e.role}",
    "person.role_revoked": "{who} took the role {e.role} from {person}",
    "person.role_released": "{who} gave the role {e.role} of {person} back to the directory",
    "person.roles_described": "What the directory says of roles of {person} changed; what was decided by hand stands",
    "feature.enabled": "{who} turned the feature {e.name} on",
    "feature.disabled": "{who} turned the feature {e.name} off",
    "policy.published": "{who} published version {e.policy.version} of policy {e.policy.policy_id}",
    "policy.retired": "{who} retired policy {e.policy_id}",
    "group.added": "{who} added the group “{e.name}”",
    "group.changed": "{who} changed the group “{e.name}”",
    "group.removed": "{who} removed the group “{e.name}”",
    "integration.added": "{who} added the integration {e.name}",
    "integration.changed": "{who} changed the integration {e.name}",
    "integration.removed": "{who} removed the integration {e.name}",
    "consent.given": "{person} let “{e.client.name}” act in their name: {scopes}",
    "consent.widened": "{person} let “{e.client.name}” do more in their name: {scopes}",
    "consent.narrowed": "{person} lets “{e.client.name}” do less in their name now: {scopes}",
    "consent.revoked": "“{e.client.name}” may no longer act for {person}",
    "token_family.opened": "“{e.client.name}” was connected for {person}",
    "token_family.code_redeemed": "{client} got its first tokens",
    "token_family.refresh_token_rotated": "{client} got fresh tokens",
    "token_family.ended": "The connection of “{e.client.name}” for {person} ended: {reason}",
    "resource_server.added": "{who} added the resource server {e.name}",
    "resource_server.secret_rotated": "{who} gave the resource server {e.name} another secret",
    "resource_server.removed": "{who} removed the resource server {e.name}",
    "webhook.added": "{who} added the webhook {e.name}, to {e.target_host}",
    "webhook.changed": "{who} changed the webhook {e.name}, to {e.target_host}",
    "webhook.secret_rotated": "{who} gave the webhook {e.name} another secret",
    "webhook.paused": "{who} paused the webhook {e.name}",
    "webhook.resumed": "{who} resumed the webhook {e.name}",
    "webhook.disabled": "The webhook {e.name} was disabled: {reason}",
    "webhook.replayed": "{who} had the webhook {e.name} sent everything from {e.from_position}",
    "webhook.redelivered": "{who} had {e.deliveries} failed deliveries to the webhook {e.name} tried again",
    "webhook.removed": "{who} removed the webhook {e.name}",
}
"""Of what does not happen to a request; `e` is the event."""

DOORS: Mapping[Via, str] = {
    Via.MCP: "through an AI client",
    Via.WEB: "on the web",
    Via.NATS: "over NATS",
    Via.HTTP: "by a signed call",
    Via.CLI: "on the command line",
    Via.SCIM: "over SCIM",
    Via.TIMER: "as time passed",
    Via.SYSTEM: "by Doorward itself",
}
NOBODY: Mapping[Via, str] = {Via.CLI: "An operator", Via.SCIM: "The directory"}
"""Who acts where no person does, if it is not Doorward."""


@dataclass(frozen=True, slots=True)
class Line:
    """An event as it is told: the sentence, what somebody said, and the request that it is about, with what
    that asks for."""

    sentence: str
    words: str = ""
    request_id: str | None = None
    asks: str = ""


@dataclass(frozen=True, slots=True)
class _Story:
    """A request as its events are told: each by its position, what the items are called, what is asked."""

    told: Mapping[int, Told]
    labels: Mapping[str, str]
    asks: str


class Telling:
    """Tells events, and looks each name up once. Blocking."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._names: dict[str, str] = {}
        self._stories: dict[str, _Story] = {}

    def name(self, person_id: str) -> str:
        """Return a person's name, with the id where it tells nothing; the id of one who is not known."""
        if person_id not in self._names:
            found = person_by_id(self._rows, person_id)
            name = found.full_name if found else person_id
            self._names[person_id] = f"{name} ({person_id})" if name == REDACTED else name
        return self._names[person_id]

    def line(self, recorded: Recorded) -> Line:
        """Return an event as a line."""
        event: Any = recorded.envelope.event
        request_id = getattr(event, "request_id", None)
        if request_id is None:
            return Line(self._sentence(recorded.envelope))
        story = self._story(request_id)
        found = story.told.get(recorded.position)
        if found is None:
            return Line(self._sentence(recorded.envelope), "", request_id, story.asks)
        words = sentence(found, self.name, story.labels)
        return Line(words, found.words or "", request_id, story.asks)

    def _sentence(self, envelope: Envelope) -> str:
        event: Any = envelope.event
        pattern = SENTENCES.get(event.TOPIC)
        if pattern is None:
            return str(event.TOPIC).replace(".", " ").replace("_", " ").capitalize()
        person = getattr(event, "person_id", None) or getattr(event, "person", None)
        client = envelope.actor.client
        reason = str(getattr(event, "reason", ""))
        return pattern.format(
            who=self.who(envelope),
            e=event,
            person=self.name(person) if person else "",
            scopes=", ".join(getattr(event, "scopes", ())),
            client=f"“{client.name}”" if client else "A client",
            reason=reason.replace("_", " "),
        )

    def who(self, envelope: Envelope) -> str:
        """Return who did what an event tells."""
        actor = envelope.actor
        if actor.subject:
            return self.name(actor.subject)
        return actor.service or NOBODY.get(actor.via, "Doorward")

    def _story(self, request_id: str) -> _Story:
        if request_id not in self._stories:
            told = {one.position: one for one in history_of(self._rows, RequestId(request_id))}
            row = request_by_id(self._rows, RequestId(request_id))
            permissions = row.permissions if row else ()
            labels: dict[str, str] = {one.permission_id: one.label for one in permissions}
            if row and not labels:
                labels = {row.app_id: row.app_name}
            asks = f"{row.what} for {self.name(row.target)}" if row else request_id
            self._stories[request_id] = _Story(told, labels, asks)
        return self._stories[request_id]


def through(recorded: Recorded) -> str:
    """Return through what an event came about: the door, and the client or integration."""
    actor = recorded.envelope.actor
    by = f"“{actor.client.name}”" if actor.client else actor.service
    door = DOORS[actor.via]
    return f"{door}, {by}" if by else door
