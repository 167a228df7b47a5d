"""Read models rebuilt beside those that are read: commands and queries go on, what is wrong is mended and
told, and nothing is left of a rebuild that is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest

from domain.access_request import CancelRequest, RequestSubmitted
from domain.bulk import Column
from domain.envelope import Recorded
from domain.ports import EventStore, Rows
from domain.values import RequestId
from projections import approver_references, catalog, people
from projections.access_requests import request_by_id
from projections.catalog.queries import listed_apps
from projections.projection import Projection
from server.command_bus import CommandBus, UnitOfWork
from server.config import Settings
from server.follower import position_of
from server.operations.read_models import NoSuchReadModel, catch_up, rebuild_all
from server.rebuilding import beside, differences, groups
from server.rebuilding.mending import NeverRight, rebuild_beside
from server.wiring import FOLLOWED, INLINE, System, open_system, stores
from tests import seeds
from tests.conftest import table_rows
from tests.seeds import ALICE, CONTEXT, submission
from tests.times import NOW

TABLES = tuple(table for one in (*INLINE, *FOLLOWED) for table in one.tables)
Answer = TypeVar("Answer")


@pytest.fixture
def database_url(durable_url: str) -> str:
    """The databases on which somebody writes while others read."""
    return durable_url


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A short log is taken in many steps."""
    monkeypatch.setattr(groups, "AT_ONCE", 3)
    monkeypatch.setattr(beside, "AT_ONCE", 3)
    monkeypatch.setattr(differences, "LOOKED_UP", 2)


@pytest.fixture
def busy(system: System) -> System:
    """A system where something has been asked for, and taken back."""
    for name in ("r-1", "r-2"):
        ask(system.bus, name)
        cancel(system.bus, name)
    catch_up(system)
    return system


def cancel(bus: CommandBus, name: str) -> None:
    wish = CancelRequest(RequestId(name), ALICE, "No", NOW)
    bus.call_blocking(lambda work: work.execute(wish, CONTEXT))


def ask(bus: CommandBus, name: str) -> None:
    bus.call_blocking(lambda work: work.execute(submission(name), CONTEXT))


def quiet(_progress: Mapping[str, int]) -> None:
    """Hear progress and say nothing."""


def rebuild(
    system: System, *names: str, report: Callable[[Mapping[str, int]], None] = quiet
) -> dict[str, Any]:
    return rebuild_all(system, json.dumps(names).encode(), report)


def change(system: System, *statements: str) -> None:
    """Change rows behind the back of everything."""
    with system.store.write() as transaction:
        for statement in statements:
            assert transaction.rows.execute(statement)


def test_a_rebuild_of_what_is_right_writes_nothing(busy: System) -> None:
    before = table_rows(busy.store, TABLES)
    heard: list[Mapping[str, int]] = []
    done = rebuild(busy, report=heard.append)
    assert table_rows(busy.store, TABLES) == before
    head = busy.store.head()
    assert (done["position"], done["rows_mended"]) == (head, {})
    assert done["read_models"] == [one.name for one in (*INLINE, *FOLLOWED)]
    assert done["events_per_second"] > 0
    assert heard[-1] == {"done": head, "total": head}
    assert len(heard) > 2


def test_a_long_log_is_worked_out_in_a_file_that_goes_again(
    busy: System, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(stores, "IN_MEMORY", 3)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    seen: list[list[str]] = []
    change(busy, "UPDATE person SET email = ''")
    done = rebuild(busy, report=lambda _: seen.append(files(tmp_path)))
    assert done["rows_mended"] == {"people": 4}
    assert any(seen)
    assert files(tmp_path) == []


def files(folder: Path) -> list[str]:
    return [str(one) for one in folder.glob("doorward-*/scratch.db")]


def test_commands_are_taken_and_queries_are_right_meanwhile(busy: System) -> None:
    numbers = count(3)

    def report(_progress: Mapping[str, int]) -> None:
        name = f"r-{next(numbers)}"
        ask(busy.bus, name)
        with busy.store.read() as rows:
            assert request_by_id(rows, RequestId(name)) is not None
        cancel(busy.bus, name)

    done = rebuild(busy, report=report)
    assert next(numbers) > 6
    assert (done["position"] < busy.store.head(), done["rows_mended"]) == (True, {})
    assert rebuild(busy)["rows_mended"] == {}


WRONG = {
    "UPDATE person SET email = 'mallory@example.com'": ("people", 4),
    "UPDATE access_request_item SET access_seconds = 1": ("access_requests", 2),
    "DELETE FROM request_history": ("request_history", None),
    "INSERT INTO asked_person (person_id, request_id) VALUES ('p-mallory', 'r-1')": ("inbox", 1),
    "UPDATE app SET name = 'Spoilt' WHERE app_id = 'wiki'": ("catalog", 1),
}


@pytest.mark.parametrize("few", [10_000, 1], ids=["row by row", "as a whole"])
def test_what_is_wrong_is_mended_and_told(
    busy: System, few: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(differences, "MOST_KEYS", few)
    before = table_rows(busy.store, TABLES)
    change(busy, *WRONG)
    mended = rebuild(busy)["rows_mended"]
    assert set(mended) == {read_model for read_model, _ in WRONG.values()}
    for read_model, rows in WRONG.values():
        assert rows in (None, mended[read_model])
        assert f"read model {read_model}: {mended[read_model]} rows" in caplog.text
    assert table_rows(busy.store, TABLES) == before
    with busy.store.read() as found:
        assert listed_apps(found, (), named="wiki").items[0].name == "Wiki"


@dataclass
class Crowded:
    """The bus of a crowd: other commands always come first."""

    bus: CommandBus
    names: Iterator[str]

    def call_blocking(self, job: Callable[[UnitOfWork], Answer]) -> Answer:
        name = next(self.names)
        ask(self.bus, name)
        cancel(self.bus, name)
        return self.bus.call_blocking(job)


def test_what_comes_between_comparing_and_mending_is_in_what_is_mended(busy: System) -> None:
    change(busy, "UPDATE person SET email = ''", "DELETE FROM request_history")
    crowded = cast("CommandBus", Crowded(busy.bus, (f"late-{n}" for n in count())))
    done = rebuild_beside(busy.store, crowded, busy.scratch, INLINE, FOLLOWED, lambda *_: None)
    assert done.mended["people"] == 4
    assert rebuild(busy)["rows_mended"] == {}


def test_only_the_read_models_that_are_named_are_rebuilt(busy: System) -> None:
    change(busy, "UPDATE person SET email = ''", "DELETE FROM request_history")
    assert rebuild(busy, "request_history", "catalog")["read_models"] == [
        "request_history",
        "catalog",
    ]
    assert rebuild(busy)["rows_mended"] == {"people": 4}
    with pytest.raises(NoSuchReadModel, match="no read model 'pepole'; people, "):
        rebuild(busy, "pepole")


def test_a_rebuild_begins_the_search_anew(busy: System) -> None:
    change(busy, "DELETE FROM search_document")
    rebuild(busy, catalog.PROJECTION.name)
    with busy.store.read() as rows:
        assert len(rows.select("SELECT number FROM search_document")) == 7
        assert position_of(rows, catalog.PROJECTION) == busy.store.head()


def test_a_read_model_that_the_log_does_not_decide_is_a_fault(busy: System) -> None:
    numbers = count()

    def anything(rows: Rows, _recorded: Recorded, event: RequestSubmitted) -> None:
        rows.execute(
            "INSERT INTO approver_reference (request_id, kind, name) VALUES (?, 'x', ?)",
            (event.request_id, str(next(numbers))),
        )

    odd: Projection = replace(
        approver_references.PROJECTION, handlers={RequestSubmitted: anything}
    )
    crowded = cast("CommandBus", Crowded(busy.bus, (f"late-{n}" for n in count())))
    arguments = (busy.store, crowded, busy.scratch, (odd,), (), lambda *_: None)
    with pytest.raises(NeverRight, match="approver_references: table approver_reference: rows"):
        rebuild_beside(*arguments)


KILLED = """
import os, signal, sys
from pathlib import Path
from server.config import Settings
from server.operations.read_models import rebuild_all
from server.rebuilding import groups
from server.wiring import open_system

groups.AT_ONCE = 3
settings = Settings(data_dir=Path(sys.argv[1]), database_url=sys.argv[2], nats_url="off")
with open_system(settings) as system:
    rebuild_all(system, b"", lambda progress: os.kill(os.getpid(), signal.SIGKILL))
"""


def test_a_rebuild_that_is_killed_leaves_everything_as_it_was(
    durable_url: str, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path / "data", database_url=durable_url, nats_url="off")
    with open_system(settings) as system:
        seeds.seed_system(system)
        ask(system.bus, "r-1")
        catch_up(system)
        change(system, "UPDATE person SET email = ''")
        before, tables = table_rows(system.store, TABLES), all_tables(system.store)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(settings.data_dir), durable_url],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    with open_system(settings) as system:
        assert table_rows(system.store, TABLES) == before
        assert all_tables(system.store) == tables
        assert rebuild(system)["rows_mended"] == {people.PROJECTION.name: 4}


def all_tables(store: EventStore) -> set[Column]:
    """Return the names of all tables that there are."""
    sqlite = "SELECT name FROM sqlite_master WHERE type = 'table'"
    postgres = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
    with store.read() as rows:
        on_sqlite = type(rows).__name__ == "SQLiteRows"
        return {name for (name,) in rows.select(sqlite if on_sqlite else postgres)}
