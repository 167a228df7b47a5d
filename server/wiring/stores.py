"""The store that the settings name, for whoever writes it and for those who only read."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from adapters import person_keys
from adapters.open_store import MEMORY, SQLITE, open_store
from domain.ports import EventStore, SigningKeys, Unavailable
from projections.projection import Projection
from server import follower, shapes
from server.config import Settings
from server.failures import StartFailed, StoreInUse
from server.scratch import Scratch
from server.wiring.key_rings import SCHEMA as KEY_RINGS
from server.wiring.key_rings import accept_rings, check_rings
from server.wiring.keys import PERSONAL, data_folder, personal_keys, present_personal_keys
from server.wiring.scratch import open_scratch

IN_MEMORY = 1_000_000
"""Events whose read models may be in memory: somewhat less than a gigabyte."""
OWN_SCHEMA = person_keys.SCHEMA
"""Of tables that every store makes by itself and that hold what no event holds."""


@contextmanager
def open_store_to_read(settings: Settings) -> Iterator[EventStore]:
    """Open the store beside whoever writes it; raises `StartFailed`. Where this machine has no
    `personal.keys`, text about people reads as redacted."""
    path = sqlite_file(settings)
    if path is not None and not path.exists():
        raise StartFailed(f"there is no database at {path}; has Doorward run with these settings?")
    with _open(settings.store_url, present_personal_keys(settings)) as store:
        yield store


@contextmanager
def open_store_to_copy(settings: Settings, url: str) -> Iterator[EventStore]:
    """Open a store by its URL, beside whoever writes it; raises `StartFailed`."""
    path = _file_of(url)
    if path is not None and not path.exists():
        raise StartFailed(f"there is no database at {path}")
    master = present_personal_keys(settings)
    with _open(url, master) as store:
        if master is not None:
            _check_master(store, master)
        yield store


@contextmanager
def open_store_to_fill(
    settings: Settings, url: str, schema: Sequence[str]
) -> Iterator[EventStore]:
    """Open a store by its URL, alone, with these tables: an empty one, one hopes. A file that was not
    there is its owner's alone, and goes again if the block fails. Raises `StartFailed`."""
    path = _file_of(url)
    # A file that nobody knows yet needs no lock beside it.
    shared = path if path == sqlite_file(settings) or (path and path.exists()) else None
    with _alone(shared), _new_file(path), _open(url, present_personal_keys(settings)) as store:
        store.create((*shapes.SCHEMA, *follower.SCHEMA, *schema))
        yield store


def url_of(file: Path) -> str:
    """Return the URL of a SQLite file."""
    return f"{SQLITE}{file.absolute()}"


def store_of_settings(settings: Settings) -> str:
    """Return the URL of the store that the settings name, whose folder is made if absent; raises
    `StartFailed`."""
    data_folder(settings)
    return settings.store_url


def scratch_for(store: EventStore) -> Scratch:
    """Return what opens an empty store for this one's read models: in memory, unless they are large."""
    if store.head() <= IN_MEMORY:
        return open_scratch
    from adapters.sqlite_store import TemporaryStore  # noqa: PLC0415 - PostgreSQL seldom needs it

    return TemporaryStore


@contextmanager
def _open(url: str, master: SigningKeys | None) -> Iterator[EventStore]:
    try:
        store = open_store(url, master)
    except Unavailable as outage:
        raise StartFailed(str(outage)) from None
    try:
        yield store
    finally:
        store.close()


@contextmanager
def _new_file(path: Path | None) -> Iterator[None]:
    """Make a file that is not there, for its owner alone; remove it if the block fails."""
    if path is None or path.exists():
        yield
        return
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        yield
    except BaseException:
        for beside in ("", "-wal", "-shm"):
            path.with_name(path.name + beside).unlink(missing_ok=True)
        raise


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
        # Beside a file, working the rows out elsewhere would only be a detour.
        scratch = None if settings.on_sqlite else scratch_for(store)
        shapes.adopt(store, inline, followed, scratch)
        store.create(schema)
        if master is not None:
            check_rings(store, settings)
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
            f"{PERSONAL} lacks the key {missing[0]}, which this database needs: bring that file from the "
            "first server, or from where you keep it"
        )


def accept_keys(settings: Settings) -> int:
    """Let the database be used with the keys that are here, whichever it was used with before; return how
    many it forgets. Raises `StartFailed`."""
    with only_writer(settings), _open(settings.store_url, None) as store:
        store.create(KEY_RINGS)
        return accept_rings(store)


@contextmanager
def only_writer(settings: Settings) -> Iterator[None]:
    """Hold the lock beside a SQLite file for as long as this process writes it. The data folder is made
    first: without a folder there would be no lock to hold."""
    data_folder(settings)
    with _alone(sqlite_file(settings)):
        yield


@contextmanager
def _alone(path: Path | None) -> Iterator[None]:
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
    return _file_of(settings.store_url)


def _file_of(url: str) -> Path | None:
    if not url.startswith(SQLITE) or url == MEMORY:
        return None
    return Path(url.removeprefix(SQLITE))
