"""The rules of a webhook. The one fact from outside is how far the log reaches."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from domain.decider import Decider
from domain.errors import MalformedText, NameTaken, TextTooLong, TooMany
from domain.values import StreamId, clean_text, identifier, stream_id
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

NAME_LIMIT = 100
URL_LIMIT = 2_000
FILTER_LIMIT = 50
REASON_LIMIT = 300
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_URL = re.compile(
    r"https?://(?P<host>[a-z0-9_.-]{1,253}|\[[0-9a-f:.]{2,45}\])(:\d{1,5})?([/?][!-\"$-\[\]-~]*)?"
)
_PART = r"(?:\*|[a-z_]{1,60}\*?)"
_PATTERN = re.compile(rf"\*|{_PART}\.{_PART}")


def decide(state: Webhook, command: WebhookCommand, head: int) -> Sequence[WebhookEvent]:
    """Decide on one webhook; `head` is the position of the newest event."""
    if isinstance(command, AddWebhook):
        return _add(state, command, head)
    if state.record is None:
        raise UnknownWebhook(command.name)
    match command:
        case ChangeWebhook():
            return _change(state.record, command)
        case RotateWebhookSecret():
            return [WebhookSecretRotated(command.name, command.former_good_until)]
        case PauseWebhook() | ResumeWebhook() | DisableWebhook():
            return _switch(state.state, command)
        case ReplayWebhook() | RedeliverWebhook():
            return _again(command, head)
        case RemoveWebhook():
            return [WebhookRemoved(command.name)]
        case _ as never:
            assert_never(never)


def _add(state: Webhook, command: AddWebhook, head: int) -> Sequence[WebhookEvent]:
    identifier("name", command.name, limit=NAME_LIMIT)
    if not _NAME.fullmatch(command.name):
        raise MalformedText("name")
    if state.record is not None:
        raise NameTaken(command.name)
    record = _checked(command.record)
    start = head + 1 if command.from_position is None else command.from_position
    return [
        WebhookAdded(
            name=command.name,
            target_url=record.url,
            target_host=host_of(record.url),
            events=record.events,
            apps=record.apps,
            from_position=_position(start, head),
        )
    ]


def _switch(
    state: WebhookState, command: PauseWebhook | ResumeWebhook | DisableWebhook
) -> Sequence[WebhookEvent]:
    match command:
        case PauseWebhook():
            return [WebhookPaused(command.name)] if state is WebhookState.ACTIVE else []
        case ResumeWebhook():
            return [WebhookResumed(command.name)] if state is not WebhookState.ACTIVE else []
        case DisableWebhook():
            reason = clean_text("reason", command.reason, limit=REASON_LIMIT)
            disabled = state is WebhookState.DISABLED
            return [] if disabled else [WebhookDisabled(command.name, reason)]


def _again(command: ReplayWebhook | RedeliverWebhook, head: int) -> Sequence[WebhookEvent]:
    if isinstance(command, ReplayWebhook):
        return [WebhookReplayed(command.name, _position(command.from_position, head))]
    if command.deliveries:
        return [WebhookRedelivered(command.name, command.event_id, command.deliveries)]
    if command.event_id is not None:
        raise UnknownDelivery(command.name, command.event_id[:NAME_LIMIT])
    return []


def _change(record: WebhookRecord, command: ChangeWebhook) -> Sequence[WebhookEvent]:
    wanted = _checked(
        WebhookRecord(
            url=record.url if command.url is None else command.url,
            events=record.events if command.events is None else command.events,
            apps=record.apps if command.apps is None else command.apps,
        )
    )
    if wanted == record:
        return []
    host = host_of(wanted.url)
    return [WebhookChanged(command.name, wanted.url, host, wanted.events, wanted.apps)]


def _checked(record: WebhookRecord) -> WebhookRecord:
    host_of(record.url)
    for field, entries in (("events", record.events), ("apps", record.apps)):
        if len(entries) > FILTER_LIMIT:
            raise TooMany(field, FILTER_LIMIT)
    for pattern in record.events:
        if not _PATTERN.fullmatch(pattern):
            raise BadTopicPattern(pattern[:NAME_LIMIT])
    if not record.events:
        raise MalformedText("events")
    for app in record.apps:
        identifier("apps", app)
    return replace(
        record,
        events=tuple(sorted(set(record.events))),
        apps=tuple(sorted(set(record.apps))),
    )


def host_of(url: str) -> str:
    """Return the host of a URL that events may be sent to, as it stands there.

    Printable ASCII, the host in small letters, no user, no fragment, no backslash: every reader of
    such a URL finds the same host in it. Raises `UnusableUrl`.
    """
    if len(url) > URL_LIMIT:
        raise TextTooLong("url", URL_LIMIT)
    found = _URL.fullmatch(url)
    if found is None:
        raise UnusableUrl(
            "it must be https://host/path in plain ASCII, the host in small letters, without user "
            "or fragment"
        )
    return found["host"].strip("[]")


def _position(position: int, head: int) -> int:
    """Return a position that may be the next to send; 0 is taken for the first."""
    if not 0 <= position <= head + 1:
        raise NoSuchPosition(position, head)
    return max(position, 1)


def evolve(state: Webhook, event: WebhookEvent) -> Webhook:
    """Fold one event."""
    match event:
        case WebhookAdded() | WebhookChanged():
            record = WebhookRecord(event.target_url, event.events, event.apps)
            return replace(state, record=record)
        case WebhookSecretRotated() | WebhookReplayed() | WebhookRedelivered():
            return state
        case WebhookPaused() | WebhookResumed() | WebhookDisabled():
            return replace(state, state=_STATES[type(event)])
        case WebhookRemoved():
            return Webhook()
        case _ as never:
            assert_never(never)


_STATES = {
    WebhookPaused: WebhookState.PAUSED,
    WebhookResumed: WebhookState.ACTIVE,
    WebhookDisabled: WebhookState.DISABLED,
}


DECIDER: Decider[Webhook, WebhookCommand, int, WebhookEvent] = Decider(
    category="webhook", initial=Webhook(), decide=decide, evolve=evolve
)


def webhook_stream(name: str) -> StreamId:
    """Return the stream of one webhook."""
    return stream_id(DECIDER.category, name)
