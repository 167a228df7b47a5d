"""A store carried to another database and back: the log byte by byte, everything that no event holds, and
read models that are what the log says."""

from __future__ import annotations

import json
import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.open_store import open_store
from domain.ports import EventStore
from projections.people import person_by_id
from server.__main__ import main
from server.audit.comparing import compare
from server.audit.verifying import verify
from server.config import Settings
from server.operations.read_models import catch_up
from server.storing import copying
from server.storing.copying import copy_store
from server.storing.kept import derived_tables, kept_tables
from server.wiring import FOLLOWED, INLINE, SCHEMA, System, open_system
from server.wiring.keys import KEY_FILES
from server.wiring.stores import OWN_SCHEMA
from tests import seeds
from tests.conftest import table_rows
from tests.seeds import ALICE, CONTEXT, submission

KEPT = kept_tables((*SCHEMA, *OWN_SCHEMA), (*INLINE, *FOLLOWED))
DERIVED = derived_tables((*INLINE, *FOLLOWED))
CARRIED = ("event_log", "log_head", *(table.name for table in KEPT))
READ_MODELS = tuple(table for one in (*INLINE, *FOLLOWED) for table in one.tables)

Doorward = Callable[..., str]


@pytest.fixture
def settings(durable_url: str, tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", database_url=durable_url, nats_url="off")


@pytest.fixture
def running(settings: Settings) -> Iterator[System]:
    """A server's system, with something in every table that is kept."""
    with open_system(settings) as system:
        seeds.seed_system(system)
        system.bus.call_blocking(lambda work: work.execute(submission("r-1"), CONTEXT))
        catch_up(system)
        with system.store.write() as transaction:
            for statement in (*SCHEMA, *OWN_SCHEMA):
                fill(transaction.rows, statement)
        yield system


def fill(rows: Any, statement: str) -> None:
    """Put a row into a table that is kept, if it has none."""
    for table in KEPT:
        if statement.startswith(f"CREATE TABLE IF NOT EXISTS {table.name} "):
            values = [1 if f"{column} BIGINT" in statement else None for column in table.columns]
            texts = [f"{column} of {table.name}" for column in table.columns]
            row = [
                text if value is None else value for value, text in zip(values, texts, strict=True)
            ]
            if not rows.select(f"SELECT 1 FROM {table.name}"):
                rows.bulk.load(table.name, table.columns, [row])


@pytest.fixture
def doorward(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Doorward:
    """Runs the command line with the settings; returns what it says, of an error the error."""
    monkeypatch.setenv("DOORWARD_NATS_URL", "off")

    def run(
        *arguments: str, folder: Path = settings.data_dir, url: str = "", code: int = 0
    ) -> str:
        monkeypatch.setenv("DOORWARD_DATA_DIR", str(folder))
        monkeypatch.setenv("DOORWARD_DATABASE_URL", url or settings.store_url)
        assert main(["store", *arguments]) == code
        said = capsys.readouterr()
        return said.err if code else said.out

    return run


def rows_of(url: str) -> dict[str, list[Any]]:
    store = open_store(url)
    try:
        return table_rows(store, CARRIED)
    finally:
        store.close()


def test_a_store_goes_to_the_other_database_and_back_while_the_server_runs(
    running: System,
    settings: Settings,
    doorward: Doorward,
    new_postgres_database: Callable[[], str],
    tmp_path: Path,
) -> None:
    postgres, file = new_postgres_database(), tmp_path / "back.db"
    there = json.loads(doorward("copy", settings.store_url, postgres, "--json"))
    assert there["events"] == running.store.head()
    assert there["head"] == f"{there['events']}:{running.store.chain_head()[1].hex()}"
    assert set(there["tables"]) == {table.name for table in KEPT}
    assert min(there["tables"].values()) >= 1
    assert (there["read_models_made"], there["keys_included"]) == (True, False)
    back = doorward("copy", postgres, f"sqlite:///{file}")
    assert "verified: the chain, and every row of every table" in back
    assert "personal.keys, signing.keys, checkpoint.keys) are not in it" in back
    before = table_rows(running.store, CARRIED)
    assert rows_of(postgres) == rows_of(f"sqlite:///{file}") == before
    for url in (postgres, f"sqlite:///{file}"):
        same_read_models(running, settings, url)


def same_read_models(running: System, settings: Settings, url: str) -> None:
    copied = Settings(data_dir=settings.data_dir, database_url=url, nats_url="off")
    with open_system(copied) as system:
        catch_up(system)
        assert table_rows(system.store, READ_MODELS) == table_rows(running.store, READ_MODELS)
        assert compare(system.store, system.scratch, INLINE, FOLLOWED, lambda *_: None) == ()
        assert verify(system.store, {}, lambda *_: None).broken is None
        with system.store.read() as rows:
            alice = person_by_id(rows, ALICE)
        assert alice is not None
        assert alice.email == "alice@example.com"
        # The copy is a store like any other.
        system.bus.call_blocking(lambda work: work.execute(submission("r-2"), CONTEXT))


def test_a_backup_is_one_private_file_and_is_restored_into_an_empty_store(
    running: System, doorward: Doorward, tmp_path: Path
) -> None:
    file, folder = tmp_path / "kept" / "backup.db", tmp_path / "new"
    file.parent.mkdir()
    events = running.store.head()
    assert f"events: {events}\n" in doorward("backup", str(file))
    assert [one.name for one in file.parent.iterdir()] == ["backup.db"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "is there already" in doorward("backup", str(file), code=1)
    said = doorward("restore", str(file), code=1)
    assert "already" in said
    url = f"sqlite:///{folder / 'doorward.db'}"
    said = doorward("restore", str(file), folder=folder, url=url)
    assert "read models: made at the first start, by personal.keys, which is not here" in said
    assert rows_of(url) == table_rows(running.store, CARRIED)
    for name in KEY_FILES:
        # The database remembers its keys: with others it would not be opened.
        shutil.copy(running.settings.data_dir / name, folder / name)
    same_read_models(running, Settings(data_dir=folder), url)


def test_a_store_that_holds_anything_is_not_written_to(
    running: System, doorward: Doorward, new_postgres_database: Callable[[], str], tmp_path: Path
) -> None:
    postgres = new_postgres_database()
    store = open_store(postgres)
    store.create(SCHEMA)
    with store.write() as transaction:
        transaction.rows.execute(
            "INSERT INTO publisher_hint (stream, position, sequence) VALUES ('S', 1, 1)"
        )
    source = running.settings.store_url
    said = doorward("copy", source, postgres, code=1)
    assert "it holds something already: rows in publisher_hint" in said
    assert store.head() == 0
    store.close()
    absent = f"sqlite:///{tmp_path / 'absent.db'}"
    assert "there is no database at" in doorward("copy", absent, postgres, code=1)
    assert not (tmp_path / "absent.db").exists()


@pytest.mark.parametrize("durable_url", ["sqlite"], indirect=True)
def test_of_a_log_that_was_tampered_with_there_is_no_copy(
    running: System, doorward: Doorward, tmp_path: Path
) -> None:
    with sqlite3.connect(running.settings.store_url.removeprefix("sqlite:///")) as owner:
        owner.execute("DROP TRIGGER event_log_no_update")
        owner.execute("UPDATE event_log SET topic = 'person.changed' WHERE position = 2")
    said = doorward("backup", str(tmp_path / "backup.db"), code=1)
    assert "the log is not whole at position 2: its content, its place" in said
    assert list(tmp_path.glob("backup*")) == []


@pytest.mark.parametrize("durable_url", ["sqlite"], indirect=True)
def test_a_copy_that_does_not_verify_is_told(
    running: System, durable_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    destination = open_store(f"sqlite:///{tmp_path / 'copy.db'}")
    destination.create(SCHEMA)
    monkeypatch.setattr(copying, "_verify", spoilt(copying._verify))
    with pytest.raises(copying.NotTheSame, match="table scim_token differs"):
        copy_store(running.store, destination, KEPT, DERIVED, lambda *_: None)
    destination.close()


def spoilt(check: Callable[..., None]) -> Callable[..., None]:
    """Let a row be lost between copying and checking."""

    def lose(destination: EventStore, *others: Any) -> None:
        with destination.write() as transaction:
            assert transaction.rows.execute("DELETE FROM scim_token")
        check(destination, *others)

    return lose


def test_every_table_is_the_logs_a_read_models_or_carried(durable_url: str) -> None:
    store = open_store(durable_url)
    store.create(SCHEMA)
    found = (
        "SELECT name FROM sqlite_master WHERE type = 'table'"
        if durable_url.startswith("sqlite")
        else "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
    )
    with store.read() as rows:
        there = {str(name) for (name,) in rows.select(found)}
    store.close()
    postings = {name for name in there if name.startswith(("posting_", "posted_"))}
    derived, kept = {one.name for one in DERIVED}, {one.name for one in KEPT}
    assert there - postings == {"event_log", "log_head"} | derived | kept
    assert not derived & kept
    assert {"local_account", "person_key", "webhook_secret", "checkpoint"} <= kept
