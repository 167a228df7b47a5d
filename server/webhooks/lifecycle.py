"""Adding a webhook and changing its secret: the event and the sealed secret in one transaction, so that
neither is there without the other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from domain.events import EVENT_TYPES
from domain.ports import SigningKey
from domain.webhook import (
    AddWebhook,
    BadTopicPattern,
    RotateWebhookSecret,
    UnusableUrl,
    host_of,
)
from server.command_bus import CommandContext, Executed, UnitOfWork
from server.setting_parsers import is_loopback
from server.webhooks.filters import topic_matches
from server.webhooks.sealed_secrets import store_secret

OVERLAP = timedelta(hours=24)
"""How long the former secret signs beside a new one."""


def check_target(url: str, *, insecure: bool) -> None:
    """Raise `UnusableUrl` unless events may be sent there; what its name means is judged each time
    something is sent."""
    host = host_of(url)
    if urlsplit(url).scheme == "http" and not (insecure or is_loopback(host)):
        raise UnusableUrl("http is for this machine only; use https")


def check_patterns(patterns: Sequence[str]) -> None:
    """Raise `BadTopicPattern` where a pattern fits no event that there is."""
    for pattern in patterns:
        if not any(topic_matches(pattern, topic) for topic in EVENT_TYPES):
            raise BadTopicPattern(pattern[:100])


def add(
    work: UnitOfWork,
    command: AddWebhook,
    secret: str,
    ring: Sequence[SigningKey],
    context: CommandContext,
) -> Executed:
    """Add a webhook with its first secret."""
    done = work.execute(command, context)
    store_secret(work.rows, ring, command.name, secret, context.now, context.now)
    return done


def rotate(
    work: UnitOfWork,
    name: str,
    secret: str,
    ring: Sequence[SigningKey],
    overlap: timedelta,
    context: CommandContext,
) -> datetime:
    """Give a webhook another secret; return until when the former one signs."""
    until = context.now + overlap
    work.execute(RotateWebhookSecret(name, until), context)
    store_secret(work.rows, ring, name, secret, context.now, until)
    return until
