"""Which adapter stands behind which port. Everything is opened here and closed in reverse order;
nobody else in the server knows a database, NATS, the clock or the disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from adapters import cloud_events, nats_publisher
from adapters.document_fetcher import HttpsDocumentFetcher
from adapters.smtp_mailer import SmtpMailer, SmtpServer
from adapters.system import new_id, utc_now
from adapters.webhook_sender import HttpWebhookSender
from domain.outgoing import EventApps, EventBodies, Mailer, WebhookSender
from domain.ports import (
    Clock,
    DocumentFetcher,
    EventStore,
    NewId,
    SigningKeys,
)
from projections import (
    access_requests,
    approver_references,
    audit_trail,
    catalog,
    consents,
    groups,
    holdings,
    identities,
    inbox,
    integrations,
    memberships,
    people,
    policies,
    request_history,
    resource_servers,
    timers,
    token_families,
    webhooks,
)
from projections.catalog.search import vectors
from server import follower, idempotency, shapes
from server.audit.checkpoints import rows as checkpoint_rows
from server.audit.checkpoints.checkpointing import Checkpointing
from server.catalog.thesaurus_file import ThesaurusFile
from server.command_bus import CommandBus, Reactions
from server.config import Settings
from server.follower import Follower, Growth
from server.handlers import HANDLERS
from server.integrations import command_outcomes
from server.mail import outbox
from server.mail.request_mails import mail_reactions
from server.oauth import authorization_server
from server.reactions import REACTIONS, joined
from server.reads import Reads
from server.scim import tokens as scim_tokens
from server.scratch import Scratch
from server.semantic.meaning import Meaning
from server.sign_in import pending_sign_ins
from server.webhooks import cursors, failures, sealed_secrets
from server.wiring.checkpoints import places
from server.wiring.keys import checkpoint_keys, personal_keys, signing_keys
from server.wiring.nats import Nats
from server.wiring.scratch import open_scratch
from server.wiring.searching import meaning, thesaurus
from server.wiring.start_failures import StartFailed, StoreInUse
from server.wiring.stores import only_writer, open_store_to_read, open_store_to_write

INLINE = (
    people.PROJECTION,
    identities.PROJECTION,
    access_requests.PROJECTION,
    holdings.PROJECTION,
    inbox.PROJECTION,
    timers.PROJECTION,
    approver_references.PROJECTION,
    request_history.PROJECTION,
    policies.PROJECTION,
    integrations.PROJECTION,
    memberships.PROJECTION,
    groups.PROJECTION,
    consents.PROJECTION,
    token_families.PROJECTION,
    resource_servers.PROJECTION,
    webhooks.PROJECTION,
)
"""Written in the transaction of the events themselves: a query sees them at once."""

FOLLOWED = (catalog.PROJECTION, audit_trail.PROJECTION)
"""Written behind the log, in batches."""

SCHEMA = (
    *(statement for one in (*INLINE, *FOLLOWED) for statement in one.schema),
    *idempotency.SCHEMA,
    *command_outcomes.SCHEMA,
    *follower.SCHEMA,
    *shapes.SCHEMA,
    *authorization_server.SCHEMA,
    *pending_sign_ins.SCHEMA,
    *nats_publisher.SCHEMA,
    *cursors.SCHEMA,
    *failures.SCHEMA,
    *sealed_secrets.SCHEMA,
    *outbox.SCHEMA,
    *scim_tokens.SCHEMA,
    *vectors.SCHEMA,
    *checkpoint_rows.SCHEMA,
)


@dataclass(frozen=True, slots=True)
class System:
    """Everything that is open. `growth` tells those who follow the log; `signing_keys` sign client
    ids and are the same for as long as the data folder lives; `mailer` is None where mail is off; `scratch` opens an
    empty store in memory."""

    settings: Settings
    store: EventStore
    bus: CommandBus
    reads: Reads
    followers: tuple[Follower, ...]
    growth: Growth
    clock: Clock
    new_id: NewId
    signing_keys: SigningKeys
    fetcher: DocumentFetcher
    event_bodies: EventBodies
    event_apps: EventApps
    webhook_sender: WebhookSender
    mailer: Mailer | None
    nats: Nats
    checkpointing: Checkpointing
    scratch: Scratch
    thesaurus: ThesaurusFile
    meaning: Meaning | None


@contextmanager
def open_system(settings: Settings) -> Iterator[System]:
    """Open the store with its tables and start the bus; raises `StartFailed`."""
    with ExitStack() as opened:
        opened.enter_context(only_writer(settings))
        store = open_store_to_write(settings, SCHEMA, INLINE, FOLLOWED)
        opened.callback(store.close)
        growth = Growth()
        bus = opened.enter_context(_running(settings, store, growth))
        reads = Reads(store, local=settings.on_sqlite)
        nats = Nats(settings, store, reads, growth)
        yield System(
            settings,
            store,
            bus,
            reads,
            _followers(bus, store, growth),
            growth,
            utc_now,
            new_id,
            signing_keys(settings),
            HttpsDocumentFetcher(),
            event_bodies(settings),
            event_app,
            HttpWebhookSender(insecure=settings.webhook_insecure),
            _mailer(settings),
            nats,
            _checkpointing(settings, bus, store, nats),
            open_scratch,
            thesaurus(settings),
            meaning(settings),
        )


def _checkpointing(
    settings: Settings, bus: CommandBus, store: EventStore, nats: Nats
) -> Checkpointing:
    kept = places(settings, nats.checkpoints)
    return Checkpointing(bus, store, checkpoint_keys(settings), utc_now, settings.tenant, kept)


@contextmanager
def _running(settings: Settings, store: EventStore, growth: Growth) -> Iterator[CommandBus]:
    """Run the bus until the block is left."""
    bus = CommandBus(store, HANDLERS, INLINE, new_id, growth, _reactions(settings))
    bus.start()
    try:
        yield bus
    finally:
        bus.close()


def _followers(bus: CommandBus, store: EventStore, growth: Growth) -> tuple[Follower, ...]:
    followers = tuple(Follower(bus, store, one) for one in FOLLOWED)
    for one in followers:
        growth.tell(one.wake)
    return followers


def _reactions(settings: Settings) -> Reactions:
    if settings.smtp_url is None:
        return REACTIONS
    return joined(REACTIONS, mail_reactions(settings.issuer))


def _mailer(settings: Settings) -> Mailer | None:
    url, sender = settings.smtp_url, settings.mail_from
    if url is None or sender is None:
        return None
    server = SmtpServer(url.host, url.port, url.encrypted, url.username, url.password)
    return SmtpMailer(server, sender, utc_now)


event_app: EventApps = cloud_events.app_of


def event_bodies(settings: Settings, *, sealed: bool = False) -> EventBodies:
    """Return what gives events their public form, with text about people open or as NATS gets it."""
    return lambda recorded: (
        cloud_events.to_message(recorded, settings.tenant, sealed=sealed).payload
    )


__all__ = [
    "FOLLOWED",
    "INLINE",
    "SCHEMA",
    "StartFailed",
    "StoreInUse",
    "System",
    "checkpoint_keys",
    "event_app",
    "event_bodies",
    "open_store_to_read",
    "open_system",
    "personal_keys",
    "signing_keys",
]
