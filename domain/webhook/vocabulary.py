"""The words of a webhook: its commands, events, states and refusals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from domain.errors import Conflicting, Invalid, Missing


class WebhookState(StrEnum):
    """`paused` by a person, `disabled` for a reason found while sending; both wait for `resume`."""

    ACTIVE = "active"
    PAUSED = "paused"
    DISABLED = "disabled"


@dataclass(eq=True, unsafe_hash=True)
class UnknownWebhook(Missing):
    """No webhook has this name."""

    code = "unknown_webhook"
    template = "There is no webhook {name}; webhook list shows all."
    name: str


@dataclass(eq=True, unsafe_hash=True)
class UnusableUrl(Invalid):
    """A URL that events cannot be sent to."""

    code = "unusable_url"
    template = "The URL cannot be used: {why}."
    why: str


@dataclass(eq=True, unsafe_hash=True)
class BadTopicPattern(Invalid):
    """A filter that is not of the form of a topic."""

    code = "bad_topic_pattern"
    template = "{pattern} matches no topic; write one such as access_request.* or *."
    pattern: str


@dataclass(eq=True, unsafe_hash=True)
class UnknownDelivery(Missing):
    """The event is not among the failed deliveries of the webhook."""

    code = "unknown_delivery"
    template = "{name} has no failed delivery {event_id}; webhook failures shows all."
    name: str
    event_id: str


@dataclass(eq=True, unsafe_hash=True)
class TestNotDelivered(Conflicting):
    """A test event was not taken by the receiver."""

    code = "test_not_delivered"
    template = "{name} did not take the test event: {fault}."
    name: str
    fault: str


@dataclass(eq=True, unsafe_hash=True)
class NoSuchPosition(Conflicting):
    """The log does not reach that far."""

    code = "no_such_position"
    template = "The log ends at {head}, before {position}; choose a smaller position."
    position: int
    head: int


@dataclass(frozen=True, slots=True)
class WebhookRecord:
    """Where to send, and what: an event whose topic matches one of `events` and, where `apps` are
    named, that is about one of them."""

    url: str
    events: tuple[str, ...]
    apps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AddWebhook:
    """Send events from `from_position` on, or from now on."""

    name: str
    record: WebhookRecord
    from_position: int | None = None


@dataclass(frozen=True, slots=True)
class ChangeWebhook:
    """Send elsewhere, or other events; what is None stays."""

    name: str
    url: str | None = None
    events: tuple[str, ...] | None = None
    apps: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class RotateWebhookSecret:
    """Record that the secret changed; both sign until `former_good_until`."""

    name: str
    former_good_until: datetime


@dataclass(frozen=True, slots=True)
class PauseWebhook:
    """Send nothing until it is resumed; nothing is lost meanwhile."""

    name: str


@dataclass(frozen=True, slots=True)
class ResumeWebhook:
    """Go on where it stopped."""

    name: str


@dataclass(frozen=True, slots=True)
class DisableWebhook:
    """Stop because of what was found while sending."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReplayWebhook:
    """Send everything again from this position on."""

    name: str
    from_position: int


@dataclass(frozen=True, slots=True)
class RedeliverWebhook:
    """Try again what failed: the delivery of this event, or all dead letters where none is named. There are
    so many `deliveries` of the kind, as whoever asks has found."""

    name: str
    event_id: str | None
    deliveries: int


@dataclass(frozen=True, slots=True)
class RemoveWebhook:
    """Forget it."""

    name: str


@dataclass(frozen=True, slots=True)
class WebhookAdded:
    """Events are sent there from `from_position` on."""

    TOPIC: ClassVar[str] = "webhook.added"
    SCHEMA: ClassVar[int] = 1
    name: str
    target_url: str
    target_host: str
    events: tuple[str, ...]
    apps: tuple[str, ...]
    from_position: int


@dataclass(frozen=True, slots=True)
class WebhookChanged:
    """It is sent elsewhere, or other events are."""

    TOPIC: ClassVar[str] = "webhook.changed"
    SCHEMA: ClassVar[int] = 1
    name: str
    target_url: str
    target_host: str
    events: tuple[str, ...]
    apps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WebhookSecretRotated:
    """Its secret changed."""

    TOPIC: ClassVar[str] = "webhook.secret_rotated"
    SCHEMA: ClassVar[int] = 1
    name: str
    former_good_until: datetime


@dataclass(frozen=True, slots=True)
class WebhookPaused:
    """Nothing is sent for now."""

    TOPIC: ClassVar[str] = "webhook.paused"
    SCHEMA: ClassVar[int] = 1
    name: str


@dataclass(frozen=True, slots=True)
class WebhookResumed:
    """It goes on."""

    TOPIC: ClassVar[str] = "webhook.resumed"
    SCHEMA: ClassVar[int] = 1
    name: str


@dataclass(frozen=True, slots=True)
class WebhookDisabled:
    """It was stopped while sending."""

    TOPIC: ClassVar[str] = "webhook.disabled"
    SCHEMA: ClassVar[int] = 1
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class WebhookReplayed:
    """Everything from `from_position` on is sent again."""

    TOPIC: ClassVar[str] = "webhook.replayed"
    SCHEMA: ClassVar[int] = 1
    name: str
    from_position: int


@dataclass(frozen=True, slots=True)
class WebhookRedelivered:
    """A person had failed deliveries tried again: that of one event, or so many dead letters."""

    TOPIC: ClassVar[str] = "webhook.redelivered"
    SCHEMA: ClassVar[int] = 1
    name: str
    event_id: str | None
    deliveries: int


@dataclass(frozen=True, slots=True)
class WebhookRemoved:
    """Nothing is sent there any more."""

    TOPIC: ClassVar[str] = "webhook.removed"
    SCHEMA: ClassVar[int] = 1
    name: str


WebhookCommand = (
    AddWebhook
    | ChangeWebhook
    | RotateWebhookSecret
    | PauseWebhook
    | ResumeWebhook
    | DisableWebhook
    | ReplayWebhook
    | RedeliverWebhook
    | RemoveWebhook
)
WebhookEvent = (
    WebhookAdded
    | WebhookChanged
    | WebhookSecretRotated
    | WebhookPaused
    | WebhookResumed
    | WebhookDisabled
    | WebhookReplayed
    | WebhookRedelivered
    | WebhookRemoved
)


@dataclass(frozen=True, slots=True)
class Webhook:
    """State: what stands, or no record where there is no such webhook."""

    record: WebhookRecord | None = None
    state: WebhookState = WebhookState.ACTIVE
