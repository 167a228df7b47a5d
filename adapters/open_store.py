"""An event store from its URL: ``sqlite:///relative/or//absolute/file.db``, ``sqlite:///:memory:``
or ``postgresql://user:password@host/database``. A password never reaches a message. What knows a
database is loaded for its URL alone: a server uses one of the two, and needs half the memory."""

from __future__ import annotations

from pathlib import Path

from domain.ports import EventStore, SigningKeys, Unavailable

SQLITE = "sqlite:///"
MEMORY = "sqlite:///:memory:"
POSTGRES = ("postgresql://", "postgres://")


def open_store(url: str, master: SigningKeys | None = None) -> EventStore:
    """Return the store behind a URL; raises `Unavailable` where there is none to be had.

    `master` wraps the keys that seal text about people. Without it none is sealed, and what is sealed
    reads as `REDACTED`; a store in memory seals nothing.
    """
    if url.startswith(SQLITE):
        from adapters.sqlite_store import SQLiteStore  # noqa: PLC0415 - see the module's text

        return SQLiteStore(None) if url == MEMORY else SQLiteStore(str(_file(url)), master)
    if url.startswith(POSTGRES):
        from adapters.postgres_store import PostgresStore  # noqa: PLC0415 - see the module's text

        _probe(url)
        return PostgresStore(url, master)
    msg = "the database URL must begin with sqlite:/// or postgresql://"
    raise Unavailable(msg)


def _file(url: str) -> Path:
    path = Path(url.removeprefix(SQLITE))
    if not path.parent.is_dir():
        msg = f"SQLite: there is no folder {path.parent}"
        raise Unavailable(msg)
    return path


def _probe(url: str) -> None:
    """Connect once, so that a wrong URL fails here with its reason and not as a time-out."""
    import psycopg  # noqa: PLC0415 - see the module's text

    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.ProgrammingError:
        # What libpq says of a URL that it cannot read quotes it, password and all.
        raise Unavailable("PostgreSQL: the database URL is malformed") from None
    except psycopg.Error as fault:
        msg = f"PostgreSQL: {str(fault).strip()}"
        raise Unavailable(msg) from None
