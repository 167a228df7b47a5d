"""Which adapter stands behind which port. Everything is opened here and closed in reverse order;
nobody else in the server knows a database, NATS, the clock or the disk."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from adapters import cloud_events, nats_publisher
from adapters.document_fetcher import HttpsDocumentFetcher
from adapters.key_file import BadKeyFile, KeyFile
from adapters.open_store import MEMORY, SQLITE, open_store
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
    Unavailable,
)
from projections import (
    access_requests,
    approver_references,
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
from server.semantic.meaning import Meaning
from server.sign_in import pending_sign_ins
from server.webhooks import cursors, failures, sealed_secrets
from server.wiring.nats import Nats
from server.wiring.searching import meaning, thesaurus
from server.wiring.start_failures import StartFailed, StoreInUse

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

FOLLOWED = (catalog.PROJECTION,)
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
    scratch: Callable[[], EventStore]
    thesaurus: ThesaurusFile
    meaning: Meaning | None


@contextmanager
def open_system(settings: Settings) -> Iterator[System]:
    """Open the store with its tables and start the bus; raises `StartFailed`."""
    with ExitStack() as opened:
        keys = signing_keys(settings)
        opened.enter_context(_only_writer(settings))
        store = _store(settings)
        opened.callback(store.close)
        growth = Growth()
        bus = opened.enter_context(_running(settings, store, growth))
        reads = Reads(store, local=settings.on_sqlite)
        yield System(
            settings,
            store,
            bus,
            reads,
            _followers(bus, store, growth),
            growth,
            utc_now,
            new_id,
            keys,
            HttpsDocumentFetcher(),
            event_bodies(settings),
            event_app,
            HttpWebhookSender(insecure=settings.webhook_insecure),
            _mailer(settings),
            Nats(settings, store, reads, growth),
            lambda: open_store(MEMORY),
            thesaurus(settings),
            meaning(settings),
        )


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


def event_bodies(settings: Settings) -> EventBodies:
    """Return what gives events their public form."""
    return lambda recorded: cloud_events.to_message(recorded, settings.tenant).payload


@contextmanager
def open_store_to_read(settings: Settings) -> Iterator[EventStore]:
    """Open the store beside whoever writes it; raises `StartFailed`."""
    path = _sqlite_file(settings)
    if path is not None and not path.exists():
        raise StartFailed(f"there is no database at {path}; has Doorward run with these settings?")
    try:
        store = open_store(settings.store_url)
    except Unavailable as outage:
        raise StartFailed(str(outage)) from None
    try:
        yield store
    finally:
        store.close()


def _data_folder(settings: Settings) -> Path:
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as fault:
        why = f"{settings.data_dir}: {fault.strerror}"
        raise StartFailed(f"cannot make the data folder {why}; set DOORWARD_DATA_DIR") from None
    return settings.data_dir


def _store(settings: Settings) -> EventStore:
    try:
        store = open_store(settings.store_url)
        store.create((*shapes.SCHEMA, *follower.SCHEMA))
        shapes.adopt(store, INLINE, FOLLOWED)
        store.create(SCHEMA)
    except Unavailable as outage:
        raise StartFailed(f"{outage} (see DOORWARD_DATABASE_URL)") from None
    return store


def _sqlite_file(settings: Settings) -> Path | None:
    url = settings.store_url
    if not settings.on_sqlite or url == MEMORY:
        return None
    return Path(url.removeprefix(SQLITE))


@contextmanager
def _only_writer(settings: Settings) -> Iterator[None]:
    """Hold the lock beside a SQLite file for as long as this process writes it."""
    path = _sqlite_file(settings)
    if path is None or not path.parent.is_dir():
        yield
        return
    with path.with_name(f"{path.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StoreInUse(f"another Doorward already writes {path}") from None
        yield


def signing_keys(settings: Settings) -> SigningKeys:
    """Return the keys in the data folder, made at the first call; raises `StartFailed`."""
    try:
        return KeyFile(_data_folder(settings) / "signing.keys", utc_now)
    except BadKeyFile as fault:
        raise StartFailed(str(fault)) from None


__all__ = [
    "FOLLOWED",
    "INLINE",
    "SCHEMA",
    "StartFailed",
    "StoreInUse",
    "System",
    "event_app",
    "event_bodies",
    "open_store_to_read",
    "open_system",
    "signing_keys",
]
