"""The loops that carry events and mail out over HTTP and SMTP, made from an open system."""

from __future__ import annotations

import secrets

from domain.duties import MAIL, WEBHOOKS
from server.mail.delivery import MailDelivery
from server.telemetry.going_out import WatchedMailer, WatchedSender
from server.webhooks.delivery import Deliveries
from server.webhooks.line import Means
from server.webhooks.settling import Settling
from server.wiring import System

_chance = secrets.SystemRandom().random


def deliveries(system: System) -> Deliveries:
    """Return the loop that delivers to webhooks, told when the log grows."""
    means = Means(
        bus=system.rota.watch(WEBHOOKS),
        log=system.store,
        reads=system.reads,
        keys=system.signing_keys,
        sender=WatchedSender(
            system.webhook_sender, system.telemetry.meters, system.telemetry.tracing
        ),
        bodies=system.event_bodies,
        apps=system.event_apps,
        clock=system.clock,
        settling=Settling(system.new_id, _chance),
    )
    made = Deliveries(means)
    system.growth.tell(made.wake)
    return made


def mail_delivery(system: System) -> MailDelivery:
    """Return the loop that sends the outbox's mails, told when the log grows."""
    mailer = system.mailer and WatchedMailer(system.mailer, system.telemetry.meters)
    made = MailDelivery(system.rota.watch(MAIL), system.reads, mailer, system.clock, _chance)
    system.growth.tell(made.wake)
    return made
