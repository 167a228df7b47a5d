"""What a webhook's own events mean for its delivery, in the same transaction: one that is added begins
at its position, a replay goes back, a person who resumes, changes or redelivers it says that its receiver
is well, and one that is removed leaves nothing behind."""

from __future__ import annotations

from domain.webhook import (
    WebhookAdded,
    WebhookChanged,
    WebhookRedelivered,
    WebhookRemoved,
    WebhookReplayed,
    WebhookResumed,
)
from server.command_bus import CommandContext, Reactions, UnitOfWork
from server.webhooks.cursors import begin, forget_cursor, wake_up
from server.webhooks.failures import forget_failures, make_due
from server.webhooks.sealed_secrets import forget_secrets


def _begins(
    work: UnitOfWork, event: WebhookAdded | WebhookReplayed, _context: CommandContext
) -> None:
    position = event.from_position - 1
    begin(work.rows, event.name, work.head, position)
    forget_failures(work.rows, event.name, after=position)


def _wakes(
    work: UnitOfWork, event: WebhookChanged | WebhookResumed, _context: CommandContext
) -> None:
    wake_up(work.rows, event.name)


def _redelivers(work: UnitOfWork, event: WebhookRedelivered, context: CommandContext) -> None:
    make_due(work.rows, event.name, event.event_id, context.now)
    wake_up(work.rows, event.name)


def _removed(work: UnitOfWork, event: WebhookRemoved, _context: CommandContext) -> None:
    forget_cursor(work.rows, event.name)
    forget_failures(work.rows, event.name)
    forget_secrets(work.rows, event.name)


REACTIONS: Reactions = {
    WebhookAdded: _begins,
    WebhookReplayed: _begins,
    WebhookRedelivered: _redelivers,
    WebhookChanged: _wakes,
    WebhookResumed: _wakes,
    WebhookRemoved: _removed,
}
