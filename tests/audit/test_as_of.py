"""What was so at a past moment is exactly what the live read models said at that moment."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.open_store import MEMORY, open_store
from domain.access_request import CancelRequest
from domain.events import EVENT_TYPES
from domain.person import PutPerson
from domain.ports import EventStore, Rows
from domain.values import AppId, Personal, RequestId
from projections import catalog, consents, holdings, people
from projections import policies as policies_model
from projections.access_requests import items_of, request_by_id
from projections.catalog.rows import apps_by_id, permissions_by_id
from projections.consents import consents_of
from projections.holdings import held_items
from projections.people import people_like
from projections.policies import policies
from projections.projection import Projection
from server.audit.looking_back.aggregates import DECIDERS, aggregate_at
from server.audit.looking_back.candidates import (
    APPS,
    ASKED_FOR,
    CONSENTS,
    HELD,
    PEOPLE,
    PERMISSIONS,
    POLICIES,
    topics,
)
from server.audit.looking_back.lists import Holding, Narrowing, OpenRequest, Then
from server.audit.looking_back.moments import (
    MOST_DELAYED,
    BadMoment,
    moment_of,
    parse_time,
    position_at,
)
from server.command_bus import UnitOfWork
from server.command_line.audit_as_of import UnknownThen, add_as_of, add_why
from server.config import Settings
from server.operations import OPERATIONS
from server.wiring import SCHEMA, System, open_system
from server.wiring.scratch import open_scratch
from tests import seeds
from tests.audit.eventful import Eventful
from tests.audit.test_export import envelopes
from tests.bus.test_state_machine import ADMIN
from tests.contracts.test_event_store import append, envelope
from tests.seeds import ALICE, BOB, CAROL, CRM
from tests.times import NOW


@dataclass(frozen=True)
class Answers:
    """What all lists say."""

    holdings: tuple[Holding, ...]
    requests: tuple[OpenRequest, ...]
    consents: tuple[Any, ...]
    policies: tuple[Any, ...]
    people: tuple[Any, ...]
    apps: tuple[Any, ...]
    permissions: tuple[Any, ...]
    aggregates: tuple[Any, ...]


def keys(rows: Rows, sql: str) -> list[Any]:
    return sorted(key for (key,) in rows.select(sql))


def live(store: EventStore, streams: list[str]) -> Answers:
    """Ask the live read models."""
    with store.read() as rows:
        app_of = {
            request_id: AppId(str(app_id))
            for request_id, app_id in rows.select("SELECT request_id, app_id FROM access_request")
        }
        apps = apps_by_id(rows, keys(rows, "SELECT app_id FROM app"))
        permissions = permissions_by_id(rows, keys(rows, "SELECT permission_id FROM permission"))
        found = [
            request_by_id(rows, key)
            for key in keys(rows, "SELECT DISTINCT request_id FROM open_item")
        ]
        requests = [OpenRequest(one, items_of(rows, [one.request_id])[one.request_id])
                    for one in found if one]  # fmt: skip
        requests.sort(
            key=lambda one: (one.request.requested_at, one.request.request_id), reverse=True
        )
        return Answers(
            tuple(
                Holding(target, app_of[one.request_id], one)
                for target in keys(rows, "SELECT DISTINCT target FROM held_item")
                for one in held_items(rows, target)
            ),
            tuple(requests),
            consents_of(rows, None, size=1_000).items,
            policies(rows),
            people_like(rows, {}, 0, 1_000)[1],
            tuple(apps[one] for one in sorted(apps)),
            tuple(permissions[one] for one in sorted(permissions)),
            tuple(aggregate_at(store, one, store.head()) for one in streams),
        )


def then(store: EventStore, position: int, streams: list[str]) -> Answers:
    """Look back."""
    back = Then(store, open_scratch, position)
    return Answers(
        back.holdings(),
        back.requests(),
        back.consents(),
        back.policies(),
        back.people(),
        back.apps(),
        back.permissions(),
        tuple(aggregate_at(store, one, position) for one in streams),
    )


STREAMS = ("person-p-carol", "policy-other", "consent-c-p-alice-editor", "app-wiki")
STEPS, MANY_STEPS, EVERY = 400, 2_500, 50
SEEN = topics(
    *HELD.more,
    *ASKED_FOR.more,
    *ASKED_FOR.ended,
    *CONSENTS.more,
    *CONSENTS.ended,
    *APPS.whole,
    *APPS.ended,
    *PERMISSIONS.ended,
    *POLICIES.ended,
)


def look_back_at_all(store: EventStore, seed: int, steps: int) -> None:
    """Let much happen, ask the live read models meanwhile, and look back at each time in the end."""
    eventful, said, numbers = Eventful(store, seed), dict[int, Any](), count()

    def listen() -> None:
        if next(numbers) % EVERY == 0:
            streams = [*STREAMS, *(f"access_request-{one}" for one in newest(store))]
            said[store.head()] = streams, live(store, streams)

    eventful.happen(steps, listen)
    for position, (streams, answers) in said.items():
        assert then(store, position, streams) == answers, position


def test_whatever_happens_looking_back_says_what_was_said_then(store: EventStore) -> None:
    look_back_at_all(store, 1, STEPS)


@pytest.mark.parametrize("seed", [1, 2])
def test_and_so_it_does_after_all_that_can_happen(seed: int) -> None:
    store = open_store(MEMORY)
    store.create(SCHEMA)
    look_back_at_all(store, seed, MANY_STEPS)
    assert {one.envelope.event.TOPIC for one in store.events_after(0, 10**6)} >= SEEN
    store.close()


def newest(store: EventStore) -> list[Any]:
    with store.read() as rows:
        sql = "SELECT request_id FROM access_request ORDER BY updated_at DESC, request_id LIMIT 3"
        return [one for (one,) in rows.select(sql)]


def test_nothing_that_a_read_model_follows_is_left_out() -> None:
    def followed(model: Projection) -> set[str]:
        return {kind.TOPIC for kind in model.handlers}

    asked_for = topics(*ASKED_FOR.whole, *ASKED_FOR.more)
    assert followed(holdings.PROJECTION) == asked_for | topics(*HELD.more)
    assert followed(consents.PROJECTION) == CONSENTS.topics
    assert followed(policies_model.PROJECTION) == POLICIES.topics
    assert followed(people.PROJECTION) == PEOPLE.topics
    assert followed(catalog.PROJECTION) == APPS.topics | PERMISSIONS.topics


def test_every_aggregate_has_one_decider_that_looks_back() -> None:
    assert {topic.partition(".")[0] for topic in EVENT_TYPES} == DECIDERS.keys()


def test_the_state_of_every_kind_of_aggregate_is_json() -> None:
    store = open_store(MEMORY)
    store.create([])
    written = list(envelopes())
    append(store, *written)
    for stream in {one.stream for one in written}:
        found = aggregate_at(store, stream, len(written))
        assert found is not None
        read_back = json.loads(json.dumps(found))
        assert (read_back["stream"], read_back["kind"]) == (stream, found["kind"])
    store.close()


MINUTES = st.integers(0, 300)
DELAYS = st.integers(0, MOST_DELAYED // timedelta(minutes=1))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(MINUTES, DELAYS), max_size=40), st.integers(-90, 400))
def test_a_time_means_the_last_event_recorded_by_then_whatever_came_in_late(
    events: list[tuple[int, int]], asked: int
) -> None:
    store = open_store(MEMORY)
    store.create([])
    times = [NOW + timedelta(minutes=at - delay) for at, delay in sorted(events)]
    if times:
        append(
            store,
            *(
                replace(envelope("a", version), recorded_at=at)
                for version, at in enumerate(times, start=1)
            ),
        )
    moment = NOW + timedelta(minutes=asked)
    by_then = [position for position, at in enumerate(times, start=1) if at <= moment]
    assert position_at(store, moment, store.head()) == max(by_then, default=0)
    store.close()


def test_a_long_log_is_gone_back_over_page_by_page() -> None:
    store = open_store(MEMORY)
    store.create([])
    late = NOW + timedelta(minutes=5)
    append(
        store,
        envelope("a", 1),
        *(replace(envelope("b", one), recorded_at=late) for one in range(1, 2_500)),
    )
    assert position_at(store, NOW, store.head()) == 1
    assert position_at(store, late, store.head()) == 2_500
    assert position_at(store, NOW - timedelta(seconds=1), store.head()) == 0
    store.close()


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("2026-11-23T09:00:00Z", datetime(2026, 11, 23, 9, tzinfo=UTC)),
        ("2026-11-23t09:00z", datetime(2026, 11, 23, 9, tzinfo=UTC)),
        ("2026-11-23T10:30:00.25+01:30", datetime(2026, 11, 23, 9, 0, 0, 250_000, tzinfo=UTC)),
        ("2026-11-23", datetime(2026, 11, 23, 23, 59, 59, 999_999, tzinfo=UTC)),
    ],
)
def test_a_time_is_rfc_3339_or_a_date_and_a_date_is_its_end(text: str, means: datetime) -> None:
    assert parse_time(text) == means


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "-1", "1.5", "yesterday", "2026-11-23T09:00:00", "2026-13-01", "2026-02-30",
        "0000-01-01", "2026-W01-1", "20261123T090000Z", "2026-11-23T25:00:00Z",
        "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "٢٠٢٦-11-23", "1" * 19,
        "1; DROP TABLE event_log", "2026-11-23T09:00:00Z\n",
    ],
)  # fmt: skip
def test_what_is_no_moment_is_refused_in_one_line(text: str) -> None:
    store = open_store(MEMORY)
    store.create([])
    with pytest.raises(BadMoment, match="is no moment: a time is RFC 3339"):
        moment_of(store, text)
    store.close()


def test_absurd_times_are_before_all_or_behind_all() -> None:
    store = open_store(MEMORY)
    store.create([])
    assert moment_of(store, "9999-12-31").position == 0
    append(store, envelope("a", 1))
    assert moment_of(store, "9999-12-31T23:59:59.999999Z").position == 1
    assert moment_of(store, "9999-12-31").position == 1
    assert moment_of(store, "0001-01-01").position == 0
    assert moment_of(store, "0").recorded_at is None
    assert moment_of(store, "1").recorded_at == NOW
    with pytest.raises(BadMoment, match="there is no position 2: the log ends at 1"):
        moment_of(store, "2")
    store.close()


@contextmanager
def opened_system(url: str, folder: Path) -> Iterator[System]:
    """Open a system that the command line can be run beside, with people and a catalog."""
    with open_system(Settings(data_dir=folder, database_url=url, nats_url="off")) as opened:
        seeds.seed(opened.bus)
        yield opened


@pytest.fixture
def durable(durable_url: str, tmp_path: Path) -> Iterator[System]:
    """Such a system on each database that outlives a process."""
    with opened_system(durable_url, tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    """Such a system on SQLite."""
    with opened_system(f"sqlite:///{tmp_path / 'doorward.db'}", tmp_path / "data") as opened:
        yield opened


def run(system: System, *words: str) -> int:
    """Run a command as the command line does."""
    parser = argparse.ArgumentParser()
    actions = parser.add_subparsers()
    add_as_of(actions)
    add_why(actions)
    asked = parser.parse_args(words)
    code: int = asked.run(system.settings, asked)
    return code


def do(system: System, *commands: object, now: datetime = NOW) -> None:
    """Execute commands, at a moment."""
    context = replace(seeds.CONTEXT, now=now)

    def do_all(work: UnitOfWork) -> None:
        for command in commands:
            work.execute(command, context)

    system.bus.call_blocking(do_all)


def listed(system: System, capsys: pytest.CaptureFixture[str], *words: str) -> list[Any]:
    assert run(system, "as-of", *words, "--json") == 0
    items: list[Any] = json.loads(capsys.readouterr().out)["items"]
    return items


def test_lists_are_narrowed_and_read_well(
    durable: System, capsys: pytest.CaptureFixture[str]
) -> None:
    head = str(durable.store.head())
    do(durable, seeds.submission("r-1"), seeds.submission("r-2", requester=CAROL, target=CAROL,
       app_id=seeds.WIKI, permission_ids=()))  # fmt: skip
    now = str(durable.store.head())
    assert listed(durable, capsys, head, "requests") == []
    both = listed(durable, capsys, now, "requests")
    assert {one["request_id"] for one in both} == {"r-1", "r-2"}
    for words in (("--person", "carol"), ("--person", CAROL), ("--app", "wiki")):
        (mine,) = listed(durable, capsys, now, "requests", *words)
        assert mine["request_id"] == "r-2"
    for words in (("--person", "nobody"), ("--app", "nothing"), ("--person", "' OR 1 = 1")):
        assert listed(durable, capsys, now, "requests", *words) == []
    assert [one["app_id"] for one in listed(durable, capsys, now, "apps", "--app", CRM)] == [CRM]
    vault = listed(durable, capsys, now, "permissions", "--app", "vault")
    assert {one["permission_id"] for one in vault} == {"vault:opener", "vault:keeper"}
    (bob,) = listed(durable, capsys, now, "people", "--person", "bob")
    assert bob["person_id"] == BOB
    run(durable, "as-of", now, "requests", "--person", "alice")
    first, titles, only = capsys.readouterr().out.splitlines()
    assert first == f"as of event {int(now):,} (2026-11-23T09:00:00Z)"
    assert titles.split()[:2] == ["REQUEST", "ASKED"]
    assert only.split()[0] == "r-1"
    assert only.endswith("PENDING_MANAGER_APPROVAL  bob")


def test_nothing_found_is_said_and_is_no_failure(
    system: System, capsys: pytest.CaptureFixture[str]
) -> None:
    for what in ("holdings", "requests", "consents", "policies", "people", "apps", "permissions"):
        assert run(system, "as-of", "0", what) == 0
        said = capsys.readouterr().out
        assert said == f"as of before the first event\nno {what}\n"
    assert run(system, "as-of", "2027-01-01", "holdings", "--person", "Mallory") == 0
    assert capsys.readouterr().out.endswith("nobody was known then as Mallory\n")


def test_a_person_is_named_as_he_was_called_then(
    system: System, capsys: pytest.CaptureFixture[str]
) -> None:
    before = str(system.store.head())
    married = replace(seeds.person(CAROL), username=Personal(CAROL, "caroline"))
    do(system, PutPerson(CAROL, married))
    after = str(system.store.head())
    assert listed(system, capsys, before, "people", "--person", "caroline") == []
    assert listed(system, capsys, after, "people", "--person", "carol") == []
    (then_,) = listed(system, capsys, before, "people", "--person", "carol")
    (now_,) = listed(system, capsys, after, "people", "--person", "caroline")
    assert (then_["username"], now_["username"]) == ("carol", "caroline")


def test_any_stream_tells_its_state(system: System, capsys: pytest.CaptureFixture[str]) -> None:
    do(system, seeds.submission("r-1"))
    head = system.store.head()
    assert run(system, "as-of", str(head), "stream", "access_request-r-1", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["kind"], told["position"], told["as_of"]["position"]) == ("Request", head, head)
    assert told["state"]["items"][0]["status"] == "PENDING_MANAGER_APPROVAL"
    assert told["state"]["submission"]["justification"] == "Quarter-end report"
    run(system, "as-of", str(head), "stream", "person-p-alice")
    alice = json.loads(capsys.readouterr().out)
    assert (alice["version"], alice["state"]["record"]["username"]) == (1, "alice")
    unknown = ("access_request-r-9", "person-", "nothing", "", "x-y", "person-p-alice' --")
    for stream in unknown:
        with pytest.raises(UnknownThen, match="no stream is called"):
            run(system, "as-of", str(head), "stream", stream)
    with pytest.raises(UnknownThen, match="as of before the first event no stream is called"):
        run(system, "as-of", "0", "stream", "person-p-alice")


def test_hostile_moments_are_refused_whatever_is_asked(system: System) -> None:
    for moment in ("-5", "99999999", "soon", "2026-11-23T09:00:00"):
        for what in (("holdings",), ("stream", "person-p-alice")):
            with pytest.raises(BadMoment):
                run(system, "as-of", moment, *what)
        with pytest.raises(BadMoment):
            run(system, "why", "r-1", f"--as-of={moment}")


def test_a_person_who_was_forgotten_since_reads_as_forgotten_at_every_moment(
    durable: System, capsys: pytest.CaptureFixture[str]
) -> None:
    wish = seeds.submission(
        "r-1", requester=CAROL, target=CAROL, app_id=seeds.WIKI, permission_ids=()
    )
    do(durable, wish)
    asked = str(durable.store.head())
    do(durable, CancelRequest(RequestId("r-1"), CAROL, "No need", NOW))
    do(durable, PutPerson(CAROL, seeds.person(CAROL, disabled=True)))
    before = str(durable.store.head())
    OPERATIONS["people forget"](durable, b'{"person": "carol"}', lambda _progress: None)
    after = str(durable.store.head())
    (request,) = listed(durable, capsys, asked, "requests", "--person", CAROL)
    assert request["justification"] == "[forgotten]"
    assert request["requester_username"] == "[forgotten]"
    (then_,) = listed(durable, capsys, before, "people", "--person", CAROL)
    assert (then_["username"], then_["given_name"]) == ("[forgotten]", "[forgotten]")
    assert listed(durable, capsys, after, "people", "--person", CAROL) == []
    run(durable, "as-of", after, "stream", "person-p-carol", "--json")
    assert json.loads(capsys.readouterr().out)["state"] == {
        "record": None,
        "forgotten": True,
        "granted": [],
        "withheld": [],
        "described": [],
    }
    run(durable, "as-of", before, "stream", "person-p-carol", "--json")
    assert "carol" not in capsys.readouterr().out.replace("p-carol", "")


def test_the_narrowing_of_a_list_equals_the_part_of_the_whole(system: System) -> None:
    do(
        system,
        seeds.submission("r-1"),
        seeds.submission("r-2", requester=BOB, app_id=seeds.WIKI, permission_ids=()),
    )
    back = Then(system.store, open_scratch, system.store.head())
    whole = back.requests()
    for person in (ALICE, BOB, CAROL, ADMIN):
        part = [one for one in whole if person in (one.request.requester, one.request.target)]
        assert list(back.requests(Narrowing(person=person))) == part
