"""A person never sees, counts, completes or spells what he may not request: random catalogs, audiences and
policies, judged by a model of the rule and by the words that stand in hidden records alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.open_store import MEMORY, open_store
from adapters.system import new_id
from domain.catalog import EVERYONE
from projections.catalog.queries import (
    app_by_id,
    apps_found,
    categories,
    listed_apps,
    listed_permissions,
    permission_counts,
    permissions_found,
)
from projections.catalog.search.analysis import stem
from server.command_bus import CommandBus
from server.handlers import HANDLERS
from server.wiring import INLINE, SCHEMA
from tests.catalog.shelf import Command, Shelf, app, ids, open_to, permission

WORDS = ("alpha", "bravo", "charlie", "delta", "echoes", "foxtrot", "golfing", "hotels")
GROUPS = ("g1", "g2", "g3")
_policies = st.sampled_from(["", "p1", "p2", "missing"])


@dataclass(frozen=True)
class Described:
    """A record: whose it is, its words, and what decides who sees it."""

    item_id: str
    words: tuple[str, ...]
    audience: str
    policy: str


@dataclass(frozen=True)
class World:
    """A catalog with policies (the groups of each; none: everybody)."""

    apps: dict[str, Described]
    permissions: dict[str, Described]
    policies: dict[str, tuple[str, ...]]

    def commands(self) -> Iterator[Command]:
        for key, groups in self.policies.items():
            yield open_to(key, *groups)
        for one in self.apps.values():
            name, *rest = one.words
            yield app(
                one.item_id,
                name,
                " ".join(rest),
                audience=one.audience,
                policy=one.policy,
                categories=(f"only-{one.item_id}",),
            )
        for one in self.permissions.values():
            label, *rest = one.words
            yield permission(one.item_id, label, " ".join(rest), policy=one.policy)

    def opens(self, app_id: str, policy: str, groups: tuple[str, ...]) -> bool:
        of_app = self.apps[app_id]
        in_force = next((p for p in (policy, of_app.policy) if p in self.policies), "")
        allowed = self.policies.get(in_force, ())
        seen = of_app.audience == EVERYONE or of_app.audience in groups
        return seen and (not allowed or bool(set(allowed) & set(groups)))

    def permissions_of(self, groups: tuple[str, ...]) -> set[str]:
        return {
            key
            for key, one in self.permissions.items()
            if self.opens(key.partition(":")[0], one.policy, groups)
        }

    def apps_of(self, groups: tuple[str, ...]) -> set[str]:
        parts = {key.partition(":")[0] for key in self.permissions_of(groups)}
        return parts | {key for key in self.apps if self.opens(key, "", groups)}


@st.composite
def worlds(draw: st.DrawFn) -> World:
    some_words = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(tuple)
    audiences = st.sampled_from([EVERYONE, *GROUPS])
    names = [f"a{at}" for at in range(draw(st.integers(1, 4)))]
    apps = {
        key: Described(key, draw(some_words), draw(audiences), draw(_policies)) for key in names
    }
    keys = [f"{draw(st.sampled_from(names))}:{at}" for at in range(draw(st.integers(0, 6)))]
    permissions = {key: Described(key, draw(some_words), "", draw(_policies)) for key in keys}
    of_groups = st.lists(st.sampled_from(GROUPS), max_size=2, unique=True).map(tuple)
    return World(apps, permissions, {"p1": draw(of_groups), "p2": draw(of_groups)})


@contextmanager
def shelved(world: World) -> Iterator[Shelf]:
    store = open_store(MEMORY)
    store.create(SCHEMA)
    bus = CommandBus(store, HANDLERS, INLINE, new_id)
    bus.start()
    try:
        shelf = Shelf(bus, store)
        shelf.put(*world.commands())
        yield shelf
    finally:
        bus.close()
        store.close()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    worlds(),
    st.lists(st.sampled_from(GROUPS), max_size=2, unique=True).map(tuple),
    st.lists(st.sampled_from([*WORDS, "alfa", "fox", "golf", "hotle"]), min_size=1, max_size=3),
)
def test_a_person_finds_and_counts_what_he_may_request_and_nothing_else(
    world: World, groups: tuple[str, ...], asked: list[str]
) -> None:
    apps, permissions = world.apps_of(groups), world.permissions_of(groups)
    visible = {stem(word) for key in permissions for word in world.permissions[key].words}
    # A permission is found by what its app is called and does, and so shows it.
    shown = apps | {key.partition(":")[0] for key in permissions}
    visible |= {stem(word) for key in shown for word in world.apps[key].words}
    with shelved(world) as shelf, shelf.store.read() as rows:
        for found in (
            shelf.apps(" ".join(asked), groups=groups),
            shelf.permissions(" ".join(asked), groups=groups),
            shelf.apps(*asked, groups=groups),
        ):
            assert set(ids(found)) <= apps | permissions
            assert set(found.corrected.values()) <= visible
            assert all(set(one.parts) <= permissions for one in found.hits)
            assert all(
                one.terms <= visible | {f"only-{key}" for key in apps} for one in found.hits
            )
        by_name = shelf.apps(" ".join(WORDS), groups=groups)
        named = {key for key in apps if set(world.apps[key].words) & set(WORDS)}
        assert set(ids(by_name)) == named | {key.partition(":")[0] for key in permissions}
        assert apps_found(rows, groups, by_name, 1, 50).total == len(by_name.hits)
        every = shelf.permissions(" ".join(WORDS), groups=groups)
        assert set(ids(every)) == permissions
        page = permissions_found(rows, groups, every, 1, 50)
        assert {one.record.permission_id for one in page.items} == permissions
        listed = listed_apps(rows, groups, size=50)
        assert ({one.app_id for one in listed.items}, listed.total) == (apps, len(apps))
        assert {key for key in world.apps if app_by_id(rows, groups, key)} == apps
        assert categories(rows, groups) == tuple(sorted(f"only-{key}" for key in apps))
        counts = permission_counts(rows, groups, sorted(world.apps))
        for key in world.apps:
            of_app = {one for one in permissions if one.startswith(f"{key}:")}
            part = listed_permissions(rows, groups, app_id=key, size=50)
            assert {one.permission_id for one in part.items} == of_app
            assert part.total == len(of_app) == counts.get(key, 0)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(worlds(), st.sampled_from(["zebras", "zebra", "zebars", "zeb", "zebras alpha"]))
def test_a_word_of_a_hidden_record_is_as_unknown_as_any(world: World, asked: str) -> None:
    """What a search says of itself must not tell that a hidden record holds a word."""
    hidden = Described("secret", ("zebras",), "nobody", "")
    with_secret = World({**world.apps, "secret": hidden}, world.permissions, world.policies)
    with shelved(world) as open_one, shelved(with_secret) as secret_one:
        for groups in ((), ("g1",)):
            plain, other = (one.apps(asked, groups=groups) for one in (open_one, secret_one))
            assert (ids(plain), plain.unmatched) == (ids(other), other.unmatched)
            assert (plain.corrected, plain.match) == (other.corrected, other.match)
