"""The index follows the catalog: what changes there changes what is found, and a rebuild beside gives
what following gave, while the old index answers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.open_store import MEMORY, open_store
from adapters.system import new_id
from domain.catalog import RetireApp, RetirePermission
from domain.ports import EventStore
from domain.values import AppId, PermissionId
from projections import catalog
from projections.catalog.queries import permission_counts
from projections.catalog.search import generations, indexing
from projections.catalog.search.generations import SearchUnavailable, live_generation
from server.command_bus import CommandBus
from server.handlers import HANDLERS
from server.rebuild import rebuild
from server.wiring import INLINE, SCHEMA
from tests.catalog.shelf import Command, Shelf, app, ids, open_to, permission

CRM = app("crm", "Orbit", "Customers.")
READER, WRITER = permission("crm:r", "Orbit / Reader"), permission("crm:w", "Orbit / Writer")


@pytest.fixture
def crm(shelf: Shelf) -> Shelf:
    shelf.put(CRM, READER, WRITER, app("wiki", "Pages"))
    return shelf


def test_a_renamed_app_is_found_by_its_new_name_and_so_are_its_permissions(crm: Shelf) -> None:
    crm.put(app("crm", "Comet", "Customers."))
    assert ids(crm.apps("orbit")) == ["crm"]
    assert ids(crm.apps("comet")) == ["crm"]
    assert set(ids(crm.permissions("comet"))) == {"crm:r", "crm:w"}
    crm.put(permission("crm:r", "Comet / Reader"), permission("crm:w", "Comet / Writer"))
    assert ids(crm.apps("orbit")) == []


def test_a_permission_moves_to_another_app(crm: Shelf) -> None:
    moved = permission("crm:r", "Reader").record
    to = type(moved)(AppId("wiki"), "Reader")
    crm.put(type(READER)(READER.permission_id, to))
    assert ids(crm.permissions("orbit")) == ["crm:w"]
    assert ids(crm.permissions("pages reader"))[0] == "crm:r"
    with crm.store.read() as rows:
        assert permission_counts(rows, (), ("crm", "wiki")) == {"crm": 1, "wiki": 1}


def test_what_is_retired_is_gone_and_what_comes_back_is_there(crm: Shelf) -> None:
    crm.put(RetirePermission(PermissionId("crm:r")))
    assert ids(crm.permissions("orbit")) == ["crm:w"]
    crm.put(RetireApp(AppId("crm")))
    assert ids(crm.permissions("orbit")) == ids(crm.apps("orbit")) == []
    crm.put(CRM)
    assert ids(crm.permissions("orbit")) == ["crm:w"]


def test_an_apps_new_audience_hides_it_and_its_permissions(crm: Shelf) -> None:
    crm.put(app("crm", "Orbit", "Customers.", audience="sales"))
    assert ids(crm.apps("orbit")) == ids(crm.permissions("orbit")) == []
    assert ids(crm.apps("orbit", groups=("sales",))) == ["crm"]
    assert len(ids(crm.permissions("orbit", groups=("sales",)))) == 2


def test_a_policy_that_changes_is_heard_at_once_without_a_new_index(crm: Shelf) -> None:
    crm.put(open_to("closed", "board"), permission("crm:r", "Orbit / Reader", policy="closed"))
    assert ids(crm.permissions("orbit")) == ["crm:w"]
    assert len(ids(crm.permissions("orbit", groups=("board",)))) == 2
    crm.put(open_to("closed"))
    assert len(ids(crm.permissions("orbit"))) == 2


def test_an_app_is_seen_for_the_sake_of_a_permission_that_is_open_to_more(shelf: Shelf) -> None:
    shelf.put(
        open_to("none", "nobody"),
        open_to("all"),
        app("vault", "Vault", policy="none"),
        permission("vault:look", "Look", policy="all"),
    )
    assert ids(shelf.apps("vault")) == ["vault"]
    shelf.put(RetirePermission(PermissionId("vault:look")))
    assert ids(shelf.apps("vault")) == []


def content(store: EventStore) -> dict[str, Any]:
    """What the live index holds, whatever its numbers are."""
    with store.read() as rows:
        live = live_generation(rows)
        asked = {
            "documents": "collection, item_id, app_id, label, description, marks "
            "FROM search_document",
            "terms": "collection, term, documents FROM search_term",
            "totals": "collection, field, total FROM search_total "
            "WHERE total <> 0 AND field <> 'places' AND generation = ?",
            "tally": "app_id, SUM(permissions) FROM search_tally",
        }
        return {
            name: sorted(
                rows.select(
                    f"SELECT {sql}"
                    + ("" if "WHERE" in sql else " WHERE generation = ?")
                    + (" GROUP BY app_id" if name == "tally" else ""),
                    (live,),
                )
            )
            for name, sql in asked.items()
        }


def rebuilt(shelf: Shelf) -> None:
    shelf.bus.call_blocking(
        lambda work: rebuild(work, INLINE, (catalog.PROJECTION,), lambda *_: None)
    )


def test_an_index_is_built_beside_the_one_that_answers(crm: Shelf) -> None:
    before = content(crm.store)
    rebuilt(crm)
    with crm.store.read() as rows:
        old = live_generation(rows)
        states = rows.select("SELECT generation, state FROM search_generation ORDER BY 1")
    assert states == [(0, "live"), (1, "building")]
    assert ids(crm.apps("orbit")) == ["crm"]
    crm.put(app("new", "Newcomer"))
    with crm.store.read() as rows:
        assert live_generation(rows) != old
        assert rows.select("SELECT COUNT(*) FROM search_generation") == [(1,)]
        gone = rows.select("SELECT COUNT(*) FROM search_document WHERE generation = ?", (old,))
        assert gone == [(0,)]
    assert ids(crm.apps("newcomer")) == ["new"]
    crm.put(RetireApp(AppId("new")))
    assert content(crm.store) == before


def test_a_build_that_is_begun_again_begins_from_the_start(crm: Shelf) -> None:
    rebuilt(crm)
    rebuilt(crm)
    crm.put()
    assert ids(crm.apps("orbit")) == ["crm"]


def test_an_index_of_another_analyser_is_not_searched_and_is_built_anew(
    crm: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generations, "VERSION", "next")
    with pytest.raises(SearchUnavailable, match="being built"):
        crm.apps("orbit")
    crm.put()
    assert ids(crm.apps("orbit")) == ["crm"]


def test_an_apps_many_permissions_are_indexed_in_steps(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.fill([CRM, *(permission(f"crm:{at}", f"Role {at}") for at in range(1_200))])
    steps: list[int] = []
    real = indexing.index_some

    def counted(*given: Any) -> int:
        steps.append(real(*given))
        return steps[-1]

    monkeypatch.setattr(generations, "index_some", counted)
    shelf.put(app("crm", "Comet"))
    assert max(steps) == 200
    assert sum(steps) == 1_201
    assert len(ids(shelf.permissions("comet"))) == 300


_NAMES = st.sampled_from(["Red", "Green tea", "BlueSky", "red-ish", "グリーン", "Tea Ä"])
_APPS = st.sampled_from(["a", "b", "c"])
_KEYS = st.sampled_from(["a:1", "a:2", "b:1", "c:1", "c:2"])
_POLICIES = st.sampled_from(["", "p"])
COMMANDS = st.one_of(
    st.builds(
        app, _APPS, _NAMES, _NAMES, audience=st.sampled_from(["everyone", "g"]), policy=_POLICIES
    ),
    st.builds(permission, _KEYS, _NAMES, _NAMES, policy=_POLICIES),
    st.builds(RetireApp, _APPS.map(AppId)),
    st.builds(RetirePermission, _KEYS.map(PermissionId)),
    st.builds(open_to, st.just("p"), st.sampled_from(["g", "h"])),
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.lists(COMMANDS, max_size=4), max_size=6))
def test_following_in_any_steps_gives_what_building_at_once_gives(
    batches: list[list[Command]],
) -> None:
    store = open_store(MEMORY)
    store.create(SCHEMA)
    bus = CommandBus(store, HANDLERS, INLINE, new_id)
    bus.start()
    try:
        shelf = Shelf(bus, store)
        shelf.put()
        for batch in batches:
            shelf.put(*batch)
        followed = content(store)
        answers = [
            (ids(shelf.apps(word, groups=("g",))), ids(shelf.permissions(word)))
            for word in ("red", "tea", "blue")
        ]
        rebuilt(shelf)
        shelf.put()
        assert content(store) == followed
        assert answers == [
            (ids(shelf.apps(word, groups=("g",))), ids(shelf.permissions(word)))
            for word in ("red", "tea", "blue")
        ]
    finally:
        bus.close()
        store.close()
