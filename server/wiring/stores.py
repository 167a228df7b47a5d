"""The store that the settings name, for whoever writes it and for those who only read."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from adapters.open_store import MEMORY, SQLITE, open_store
from domain.ports import EventStore, SigningKeys, Unavailable
from projections.projection import Projection
from server import follower, shapes
from server.config import Settings
from server.wiring.keys import PERSONAL, personal_keys, present_personal_keys
from server.wiring.start_failures import StartFailed, StoreInUse


@contextmanager
def open_store_to_read(settings: Settings) -> Iterator[EventStore]:
    """Open the store beside whoever writes it; raises `StartFailed`. Where this machine has no
    `personal.keys`, text about people reads as redacted."""
    path = sqlite_file(settings)
    if path is not None and not path.exists():
        raise StartFailed(f"there is no database at {path}; has Doorward run with these settings?")
    try:
        store = open_store(settings.store_url, present_personal_keys(settings))
    except Unavailable as outage:
        raise StartFailed(str(outage)) from None
    try:
        yield store
    finally:
        store.close()


def open_store_to_write(
    settings: Settings,
    schema: Sequence[str],
    inline: Sequence[Projection],
    followed: Sequence[Projection],
) -> EventStore:
    """Return the store with all its tables; raises `StartFailed`."""
    master = None if settings.store_url == MEMORY else personal_keys(settings)
    try:
        store = open_store(settings.store_url, master)
        store.create((*shapes.SCHEMA, *follower.SCHEMA))
        if master is not None:
            _check_master(store, master)
        shapes.adopt(store, inline, followed)
        store.create(schema)
    except Unavailable as outage:
        raise StartFailed(f"{outage} (see DOORWARD_DATABASE_URL)") from None
    return store


def _check_master(store: EventStore, master: SigningKeys) -> None:
    """Refuse to begin with other keys than those that the database needs: what was sealed would be
    lost, one person at a time, without anybody seeing it."""
    with store.read() as rows:
        needed = {str(one) for (one,) in rows.select("SELECT DISTINCT master_id FROM person_key")}
    if missing := sorted(needed - {one.key_id for one in master.ring()}):
        raise StartFailed(
            f"{PERSONAL} in the data folder lacks the key {missing[0]}, which this database needs: "
            "restore that file from where you keep it"
        )


@contextmanager
def only_writer(settings: Settings) -> Iterator[None]:
    """Hold the lock beside a SQLite file for as long as this process writes it."""
    path = sqlite_file(settings)
    if path is None or not path.parent.is_dir():
        yield
        return
    with path.with_name(f"{path.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StoreInUse(f"another Doorward already writes {path}") from None
        yield


def sqlite_file(settings: Settings) -> Path | None:
    """Return the file of the database, None where it is no file."""
    url = settings.store_url
    if not settings.on_sqlite or url == MEMORY:
        return None
    return Path(url.removeprefix(SQLITE))
