"""The tools of the toolset `integrations` as their clients see them. None of them takes or shows a secret: what an
AI client has seen, its operator has seen as well. Who may decide and who gets events outlasts the client's own
consent, and so the person is asked first."""

from __future__ import annotations

from server.mcp.administration.defining import ID, MAYBE, TEXT, asking, changing, destroying
from server.mcp.definitions import Schema
from server.mcp.schemas import closed_input, list_output, paging
from server.mcp.schemas.parts import object_of

COUNT: Schema = {"type": "integer", "minimum": 0}
TEXTS: Schema = {"type": "array", "items": TEXT}
APPS: Schema = {
    "type": "array",
    "items": ID,
    "maxItems": 200,
    "description": "For these apps alone; empty: for all.",
}
RIGHTS: Schema = {
    "type": "array",
    "items": {"type": "string", "enum": ["decide", "fulfil", "subscribe"]},
    "maxItems": 3,
}
NATS_KEY: Schema = {
    "type": "string",
    "maxLength": 56,
    "description": "Public NKey (U...) that it signs in to NATS with; never a seed.",
}
SIGNING_KEY: Schema = {
    "type": "string",
    "maxLength": 43,
    "description": "Ed25519 public key, base64url, that its decisions are signed with; empty: none.",
}
EVENTS: Schema = {
    "type": "array",
    "items": ID,
    "maxItems": 50,
    "description": "Topics, as in access_request.* or *.",
}
URL: Schema = {
    "type": "string",
    "maxLength": 2_000,
    "description": "Without any token in it: one that has one is for doorward webhook add.",
}
_INTEGRATION: dict[str, Schema] = {
    "name": TEXT,
    "rights": TEXTS,
    "apps": TEXTS,
    "pending": {**COUNT, "description": "NATS messages it was not given yet."},
    "unacknowledged": COUNT,
    "last_seen_at": {**MAYBE, "description": "When it last did something that is in the log."},
}
_WEBHOOK: dict[str, Schema] = {
    "name": TEXT,
    "host": TEXT,
    "state": TEXT,
    "reason": TEXT,
    "events": TEXTS,
    "apps": TEXTS,
    "lag": {**COUNT, "description": "Events behind the log."},
    "waiting": {**COUNT, "description": "Failed deliveries that will be tried again."},
    "dead_letters": {**COUNT, "description": "Those that wait for redeliver_webhook."},
    "fault": TEXT,
    "delivered_at": MAYBE,
}

LIST = asking(
    "list_integrations",
    "List integrations",
    "List the systems that decide, fulfil or listen, and how far each is behind.",
    closed_input([], **paging()),
    list_output(
        {"type": "object", "properties": _INTEGRATION, "required": ["name", "rights", "apps"]},
        nats={**TEXT, "description": "Why lags are not known, if they are not."},
    ),
)
GET = asking(
    "get_integration",
    "Show an integration",
    "Show an integration: rights, public keys, where it speaks and listens, and its version.",
    closed_input(["name"], name=ID),
    {
        "type": "object",
        "properties": {
            "version": COUNT,
            "integration": {"type": "object"},
            "last_seen_at": MAYBE,
        },
        "required": ["version", "integration", "last_seen_at"],
    },
)
ADD = destroying(
    "add_integration",
    "Add an integration",
    "Let a system take part, known by public keys. No secret is made: doorward integration rotate "
    "NAME, on the server, shows a NATS seed and a callback secret once.",
    ["name", "rights"],
    name=ID,
    rights=RIGHTS,
    apps=APPS,
    nats_public_key=NATS_KEY,
    signing_key=SIGNING_KEY,
)
CHANGE = destroying(
    "change_integration",
    "Change an integration",
    "Grant or take rights, or change apps or public keys; what is left out stays.",
    ["name"],
    name=ID,
    rights={**RIGHTS, "description": "All that it may do from now on."},
    apps=APPS,
    nats_public_key=NATS_KEY,
    signing_key=SIGNING_KEY,
)
REMOVE = destroying(
    "remove_integration",
    "Remove an integration",
    "Let an integration take part no more: its keys and secrets are good for nothing.",
    ["name"],
    name=ID,
)
LIST_WEBHOOKS = asking(
    "list_webhooks",
    "List webhooks",
    "List who gets events over HTTP, whether it works, and how far each is behind.",
    closed_input([], **paging()),
    list_output({"type": "object", "properties": _WEBHOOK, "required": ["name", "host", "state"]}),
)
GET_WEBHOOK = asking(
    "get_webhook",
    "Show a webhook",
    "Show how a webhook stands, its version, and its failed deliveries, dead letters first.",
    closed_input(["name"], name=ID, size={**COUNT, "maximum": 100, "default": 10}),
    {
        "type": "object",
        "properties": {
            "version": COUNT,
            "webhook": {"type": "object", "properties": _WEBHOOK},
            "failures": {"type": "array", "items": {"type": "object"}},
        },
        "required": ["version", "webhook", "failures"],
    },
)
ADD_WEBHOOK = destroying(
    "add_webhook",
    "Add a webhook",
    "Send events to a URL, from now on. Its signing secret is kept sealed: doorward webhook rotate "
    "NAME --at-once, on the server, shows another one once.",
    ["name", "url"],
    name=ID,
    url=URL,
    events=EVENTS,
    apps=APPS,
)
CHANGE_WEBHOOK = destroying(
    "change_webhook",
    "Change a webhook",
    "Send elsewhere, or other events; what is left out stays.",
    ["name"],
    name=ID,
    url=URL,
    events=EVENTS,
    apps=APPS,
)
SWITCH_WEBHOOK = changing(
    "switch_webhook",
    "Pause or resume a webhook",
    "Pause a webhook (nothing is lost meanwhile), or let it go on where it stopped.",
    ["name", "state"],
    name=ID,
    state={"type": "string", "enum": ["active", "paused"]},
)
REDELIVER = changing(
    "redeliver_webhook",
    "Redeliver to a webhook",
    "Try one failed delivery again, or all dead letters.",
    ["name"],
    name=ID,
    event_id={**ID, "description": "From get_webhook; left out: all dead letters."},
)
REMOVE_WEBHOOK = destroying(
    "remove_webhook",
    "Remove a webhook",
    "Send nothing there any more; its secret and its failed deliveries are forgotten.",
    ["name"],
    name=ID,
)
LIST_CREDENTIALS = asking(
    "list_service_credentials",
    "List service credentials",
    "List resource servers that may ask about tokens, and SCIM tokens, by name. They are made on "
    "the server alone: doorward resource-server, doorward scim-token.",
    closed_input([]),
    object_of(
        resource_servers={
            "type": "array",
            "items": object_of(name=TEXT, resource=TEXT, changed_at=TEXT),
        },
        scim_tokens={"type": "array", "items": object_of(name=TEXT, made_at=TEXT)},
    ),
)
REMOVE_RESOURCE_SERVER = destroying(
    "remove_resource_server",
    "Remove a resource server",
    "Let a resource server ask about tokens no more: its secret dies at once.",
    ["name"],
    name=ID,
)
