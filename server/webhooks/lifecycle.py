"""Adding a webhook and changing its secret: the event and the sealed secret in one transaction, so that
neither is there without the other."""

from __future__ import annotations

import ipaddress
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
from domain.webhook.addresses import reaches
from server.command_bus import CommandContext, Executed, UnitOfWork
from server.config import Settings
from server.webhooks.filters import topic_matches
from server.webhooks.sealed_secrets import store_secret

INSECURE, NETWORKS = "DOORWARD_WEBHOOK_INSECURE=on", "DOORWARD_WEBHOOK_NETWORKS"
OVERLAP = timedelta(hours=24)
"""How long the former secret signs beside a new one."""


def check_target(url: str, settings: Settings) -> None:
    """Raise `UnusableUrl` unless events may be sent there; what its name means is judged each time
    something is sent."""
    host = host_of(url)
    if settings.webhook_insecure:
        return
    if urlsplit(url).scheme == "http":
        raise UnusableUrl(f"plain http is called only with {INSECURE}; use https")
    if not _is_within_reach(host, settings.webhook_networks):
        raise UnusableUrl(f"private addresses are called only where {NETWORKS} names them")


def _is_within_reach(host: str, networks: Sequence[str]) -> bool:
    """Say whether a host may be within reach, as far as one sees without looking it up."""
    named = "127.0.0.1" if host == "localhost" or host.endswith(".localhost") else host
    try:
        address = ipaddress.ip_address(named.strip("[]"))
    except ValueError:
        return True
    return reaches(address, networks)


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
