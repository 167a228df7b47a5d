"""A database that an earlier version wrote: its read models are made anew, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from adapters.open_store import open_store
from projections import catalog, people
from projections.catalog.queries import listed_apps
from server import shapes
from server.config import Settings
from server.operations.read_models import catch_up
from server.wiring import FOLLOWED, INLINE, SCHEMA, open_system
from tests import seeds
from tests.conftest import table_rows

TABLES = tuple(table for one in (*INLINE, *FOLLOWED) for table in one.tables)


@pytest.fixture
def settings(durable_url: str, tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", database_url=durable_url, nats_url="off")


def test_tables_of_another_shape_are_filled_from_the_log(settings: Settings) -> None:
    with open_system(settings) as system:
        seeds.seed_system(system)
        before, head = table_rows(system.store, TABLES), system.store.head()
        with system.store.write() as transaction:
            for table in ("app", "person"):
                transaction.rows.execute(f"DROP TABLE {table}")
                transaction.rows.execute(f"CREATE TABLE {table} (something_else TEXT)")
            transaction.rows.execute(
                "UPDATE read_model_shape SET digest = 'older' WHERE projection IN (?, ?)",
                (catalog.PROJECTION.name, people.PROJECTION.name),
            )
        sessions = table_rows(system.store, ("local_account",))
    with open_system(settings) as system:
        catch_up(system)
        assert table_rows(system.store, TABLES) == before
        assert table_rows(system.store, ("local_account",)) == sessions
        assert system.store.head() == head
        with system.store.read() as rows:
            assert listed_apps(rows, ("sales",)).total == 3


def test_a_database_from_before_shapes_were_known_is_made_anew_as_a_whole(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with open_system(settings) as system:
        seeds.seed_system(system)
        before = table_rows(system.store, TABLES)
        with system.store.write() as transaction:
            transaction.rows.execute("DROP TABLE read_model_shape")
    with open_system(settings) as system:
        assert "read models not known here yet, as after a restore, are made" in caplog.text
        assert "another shape" not in caplog.text
        catch_up(system)
        assert table_rows(system.store, TABLES) == before


def test_a_read_model_that_is_new_is_filled_and_one_that_is_as_it_was_is_left_alone(
    durable_url: str,
) -> None:
    store = open_store(durable_url)
    store.create((*SCHEMA,))
    assert len(shapes.adopt(store, INLINE, FOLLOWED)) == len((*INLINE, *FOLLOWED))
    assert shapes.adopt(store, INLINE, FOLLOWED) == ()
    wider = replace(
        people.PROJECTION,
        schema=(*people.PROJECTION.schema, "CREATE INDEX IF NOT EXISTS x ON person (person_id)"),
    )
    assert shapes.adopt(store, [wider], ()) == (people.PROJECTION.name,)
    store.close()
