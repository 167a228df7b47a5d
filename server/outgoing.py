"""The loops that carry events and mail out over HTTP and SMTP, made from an open system."""

from __future__ import annotations

import secrets

from server.mail.delivery import MailDelivery
from server.webhooks.delivery import Deliveries
from server.webhooks.line import Means
from server.webhooks.settling import Settling
from server.wiring import System

ONLY_PROCESS = "only"
"""On SQLite one process writes: after a crash the next one need not wait for the former's hold."""

_chance = secrets.SystemRandom().random


def deliveries(system: System) -> Deliveries:
    """Return the loop that delivers to webhooks, told when the log grows."""
    holder = ONLY_PROCESS if system.settings.on_sqlite else system.new_id()
    means = Means(
        bus=system.bus,
        log=system.store,
        reads=system.reads,
        keys=system.signing_keys,
        sender=system.webhook_sender,
        bodies=system.event_bodies,
        apps=system.event_apps,
        clock=system.clock,
        settling=Settling(holder, system.new_id, _chance),
    )
    made = Deliveries(means)
    system.growth.tell(made.wake)
    return made


def mail_delivery(system: System) -> MailDelivery:
    """Return the loop that sends the outbox's mails, told when the log grows."""
    made = MailDelivery(system.bus, system.reads, system.mailer, system.clock, _chance)
    system.growth.tell(made.wake)
    return made
