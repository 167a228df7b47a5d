"""Any text at all may be searched for: no error on any store, and on both the same answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from adapters.open_store import MEMORY, open_store
from adapters.system import new_id
from server.command_bus import CommandBus
from server.handlers import HANDLERS
from server.wiring import INLINE, SCHEMA
from tests.catalog.shelf import Shelf, ids
from tests.catalog.test_searching import OFFICE


@pytest.fixture(scope="module")
def both(postgres_server: str) -> Iterator[tuple[Shelf, Shelf]]:
    """The same catalog on SQLite and on PostgreSQL."""
    buses: list[CommandBus] = []
    shelves: list[Shelf] = []
    for url in (MEMORY, postgres_server):
        store = open_store(url)
        store.create(SCHEMA)
        bus = CommandBus(store, HANDLERS, INLINE, new_id)
        bus.start()
        buses.append(bus)
        shelves.append(Shelf(bus, store))
        shelves[-1].put(*OFFICE)
    yield shelves[0], shelves[1]
    for bus, shelf in zip(buses, shelves, strict=True):
        bus.close()
        shelf.store.close()


OPERATORS = [
    '"',
    "'",
    "*",
    ":",
    "(",
    ")",
    "-",
    "NEAR",
    "AND",
    "OR",
    "NOT",
    "&",
    "|",
    "!",
    "<->",
    "^",
]
PIECES = st.one_of(
    st.text(max_size=12),
    st.sampled_from(OPERATORS),
    st.sampled_from(
        ["salesforce", "payroll", "s3", "saleforce", "reports", "\x00", "\ud800", "\u202e"]
    ),
    st.characters().map(lambda one: one * 30),
)
QUERIES = st.lists(PIECES, max_size=12).map(" ".join) | st.lists(PIECES, max_size=8).map("".join)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(QUERIES)
@example("a" * 100_000)
@example("%s ? :name {terms} \\ \x00")
@example("terms:salesforce* NEAR(payroll)")
@example("\ufb03 \xdf \u0130 \u0131 \u017f \u1e9e \u01c5")
@example("\xe9 e\u0301 \u0301")
@example("\uff21\uff37\uff33 \uff41\uff44\uff4d\uff49\uff4e")
@example("\U0001f600 \U0001f3f3\ufe0f\u200d\U0001f308 \u202egnitset\u202c")
@example(
    "\u0e01\u0e49\u0e33 \u0939\u093f\u0928\u094d\u0926\u0940 \ufdfa \u05e2\u05d1\u05e8\u05d9\u05ea \u0627\u0644\u0639\u0631\u0628\u064a\u0629"
)
def test_any_text_is_searched_for_and_both_stores_agree(
    both: tuple[Shelf, Shelf], query: str
) -> None:
    sqlite, postgres = both
    for search in (Shelf.apps, Shelf.permissions):
        one, other = search(sqlite, query), search(postgres, query)
        assert ids(one) == ids(other)
        assert one == other


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(max_size=30), st.text(max_size=30))
def test_any_text_may_be_a_category_or_an_app(
    both: tuple[Shelf, Shelf], category: str, app_id: str
) -> None:
    for shelf in both:
        assert shelf.apps("salesforce", category=f"x{category}").hits == ()
        assert shelf.permissions("salesforce", app_id=f"x{app_id}").hits == ()
