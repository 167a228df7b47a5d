"""Which keys a database has been used with, by their ids. A server with other keys would reject the clients of the
first one, could not open what it has sealed, and would sign checkpoints that nobody trusts; so it does not
start. Of the master keys in `personal.keys` the sealed rows themselves tell (`server.wiring.stores`)."""

from __future__ import annotations

from domain.ports import EventStore
from server.config import Settings
from server.failures import StartFailed
from server.wiring.keys import CHECKPOINTS, SIGNING, key_file

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS key_ring ("
    "file TEXT NOT NULL, key_id TEXT NOT NULL, PRIMARY KEY (file, key_id))",
)
FILES = (SIGNING, CHECKPOINTS)


def check_rings(store: EventStore, settings: Settings) -> None:
    """Note the keys that are used with this database; raises `StartFailed` where it knows one that the file
    has never had."""
    for name in FILES:
        keys = key_file(settings, name)
        present = [one.key_id for one in keys.ring()]
        known = _known(store, name)
        if lacking := sorted(known - {*present, *keys.dropped()}):
            raise StartFailed(
                f"{name} lacks the key {lacking[0]}, which this database has been used with: bring that "
                "file from the first server, or from where you keep it; if it is lost, doorward keys accept"
            )
        if fresh := set(present) - known:
            _note(store, name, fresh)


def accept_rings(store: EventStore) -> int:
    """Forget which keys the database has been used with, so that others may be; return how many."""
    with store.write() as transaction:
        return transaction.rows.execute("DELETE FROM key_ring")


def _known(store: EventStore, name: str) -> set[str]:
    with store.read() as rows:
        found = rows.select("SELECT key_id FROM key_ring WHERE file = ?", (name,))
    return {str(one) for (one,) in found}


def _note(store: EventStore, name: str, key_ids: set[str]) -> None:
    with store.write() as transaction:
        transaction.rows.execute_many(
            "INSERT INTO key_ring (file, key_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
            [(name, one) for one in sorted(key_ids)],
        )
