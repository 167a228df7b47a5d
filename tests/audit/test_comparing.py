"""Read models compared with the log: whatever differs is named, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import pytest

from adapters.open_store import MEMORY, open_store
from domain.catalog import AppRecord, PutApp
from domain.person import LinkIdentity, PutPerson
from domain.ports import EventStore
from domain.values import AppId, Personal
from projections.projection import Projection
from server.audit.comparing import compare
from server.operations import OPERATIONS
from server.operations.read_models import catch_up
from server.rebuilding.tables import tables_of
from server.wiring import FOLLOWED, INLINE, SCHEMA, System
from tests.conftest import table_rows
from tests.seeds import ALICE, CAROL, CONTEXT, person, submission

TABLES = tuple(table for one in (*INLINE, *FOLLOWED) for table in one.tables)


@pytest.fixture
def database_url(durable_url: str) -> str:
    """The databases that outlive the process."""
    return durable_url


def execute(system: System, command: object) -> None:
    system.bus.call_blocking(lambda work: work.execute(command, CONTEXT))


def told(
    system: System,
    inline: Sequence[Projection] = INLINE,
    scratch: Callable[[], EventStore] | None = None,
) -> list[str]:
    """Return all that differs, in words."""
    opened = scratch or system.scratch
    found = compare(system.store, opened, inline, FOLLOWED, lambda *_: None)
    return [str(one) for one in found]


def spoil(system: System, *statements: str) -> None:
    with system.store.write() as transaction:
        for statement in statements:
            assert transaction.rows.execute(statement)


def test_what_is_right_differs_in_nothing_and_nothing_is_written(system: System) -> None:
    execute(system, submission("r-1"))
    execute(system, LinkIdentity(ALICE, "https://id.example", Personal(ALICE, "alice-1")))
    before, head = table_rows(system.store, TABLES), system.store.head()
    heard: list[tuple[int, int]] = []
    found = compare(system.store, system.scratch, INLINE, FOLLOWED, lambda *one: heard.append(one))
    assert (found, heard[-1]) == ((), (head, head))
    assert (table_rows(system.store, TABLES), system.store.head()) == (before, head)


def test_what_is_wrong_is_named_by_read_model_table_and_key(system: System) -> None:
    execute(system, submission("r-1"))
    spoil(
        system,
        "UPDATE person SET manager = '' WHERE person_id = 'p-bob'",
        "DELETE FROM access_request_item WHERE request_id = 'r-1'",
        "INSERT INTO asked_person (person_id, request_id) VALUES ('p-mallory', 'r-1')",
        "UPDATE permission SET label = 'Spoilt'",
    )
    assert told(system) == [
        "people: table person: rows 1, the first person_id 'p-bob'",
        "access_requests: table access_request_item: rows 1, the first request_id 'r-1', "
        "item_id 'crm:reader'",
        "inbox: table asked_person: rows 1, the first person_id 'p-mallory', request_id 'r-1'",
        "catalog: table permission: rows 4, the first permission_id 'crm:reader'",
    ]


def test_a_read_model_that_follows_is_compared_where_it_has_come_to(system: System) -> None:
    execute(system, PutApp(AppId("hr"), AppRecord("People")))
    assert told(system) == []
    spoil(system, "UPDATE app SET name = 'Spoilt' WHERE app_id = 'wiki'")
    assert told(system) == ["catalog: table app: rows 1, the first app_id 'wiki'"]
    catch_up(system)
    assert told(system) == ["catalog: table app: rows 1, the first app_id 'wiki'"]


def test_some_read_models_are_compared_alone(system: System) -> None:
    spoil(system, "UPDATE person SET email = ''")
    assert told(system, [one for one in INLINE if one.name == "memberships"]) == []


def test_who_is_forgotten_meanwhile_is_no_difference(system: System) -> None:
    execute(system, submission("r-1"))
    opened: list[int] = []

    def scratch() -> EventStore:
        """Forget carol once there is a place to compare in."""
        if not opened:
            body = json.dumps({"person": "carol"}).encode()
            OPERATIONS["people forget"](system, body, lambda _progress: None)
        opened.append(1)
        return system.scratch()

    execute(system, PutPerson(CAROL, person(CAROL, disabled=True)))
    assert told(system, scratch=scratch) == []
    assert opened


def test_what_a_statement_says_of_its_table_is_what_the_database_says() -> None:
    store = open_store(MEMORY)
    store.create(SCHEMA)
    with store.read() as rows:
        for table in tables_of(SCHEMA):
            info = rows.select(f"SELECT name, pk FROM pragma_table_info('{table.name}')")
            assert table.columns == tuple(name for name, _ in info)
            key = sorted((place, name) for name, place in info if place)
            assert table.key == tuple(name for _, name in key)
            assert table.key
    store.close()
