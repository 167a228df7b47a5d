"""A webhook: where events are sent over HTTP, which of them, and whether it goes on.

    (absent) ──added──▶ active ──paused────▶ paused ───┐
        ▲                 ▲  └───disabled──▶ disabled ─┤
        └──── removed ────┴──────── resumed ───────────┘

Neither its secret nor how far delivery has come is in here: the one must be usable and is a sealed
row, the other is no history. A receiver's URL may hold a token of its own, so it stays out of what
is published: other systems see the host alone.
"""

from domain.webhook.decider import DECIDER, decide, evolve, host_of, webhook_stream
from domain.webhook.vocabulary import (
    AddWebhook,
    BadTopicPattern,
    ChangeWebhook,
    DisableWebhook,
    NoSuchPosition,
    PauseWebhook,
    RedeliverWebhook,
    RemoveWebhook,
    ReplayWebhook,
    ResumeWebhook,
    RotateWebhookSecret,
    TestNotDelivered,
    UnknownDelivery,
    UnknownWebhook,
    UnusableUrl,
    Webhook,
    WebhookAdded,
    WebhookChanged,
    WebhookCommand,
    WebhookDisabled,
    WebhookEvent,
    WebhookPaused,
    WebhookRecord,
    WebhookRedelivered,
    WebhookRemoved,
    WebhookReplayed,
    WebhookResumed,
    WebhookSecretRotated,
    WebhookState,
)

__all__ = [
    "DECIDER",
    "AddWebhook",
    "BadTopicPattern",
    "ChangeWebhook",
    "DisableWebhook",
    "NoSuchPosition",
    "PauseWebhook",
    "RedeliverWebhook",
    "RemoveWebhook",
    "ReplayWebhook",
    "ResumeWebhook",
    "RotateWebhookSecret",
    "TestNotDelivered",
    "UnknownDelivery",
    "UnknownWebhook",
    "UnusableUrl",
    "Webhook",
    "WebhookAdded",
    "WebhookChanged",
    "WebhookCommand",
    "WebhookDisabled",
    "WebhookEvent",
    "WebhookPaused",
    "WebhookRecord",
    "WebhookRedelivered",
    "WebhookRemoved",
    "WebhookReplayed",
    "WebhookResumed",
    "WebhookSecretRotated",
    "WebhookState",
    "decide",
    "evolve",
    "host_of",
    "webhook_stream",
]
