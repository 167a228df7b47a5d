"""Policies tried on the requests of the past: which would have gone another way, each judged by the facts of its
own moment, and nothing written."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.open_store import MEMORY, open_store
from adapters.system import new_id
from domain.access_request import SubmitRequest
from domain.person import ForgetPerson, PutPerson
from domain.values import REDACTED, Actor, Via
from server.catalog.entries import BadCatalog
from server.catalog.file import parse_catalog
from server.command_bus import CommandContext
from server.command_line.policy_simulation import add_simulate
from server.operations.catalog import catalog_import
from server.simulation.simulating import Refusal, Simulated, simulate
from server.simulation.telling import lines
from server.simulation.ways import Kind
from server.wiring import INLINE, System
from tests import seeds
from tests.seeds import ALICE, BOB, CAROL, CRM, READER, WRITER

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR, DAY = 3_600, 86_400
IN_MEMORY = pytest.mark.parametrize("database_url", ["memory"], indirect=True)
"""The trial itself is in memory always; what it reads is the log, on whichever database."""
BESIDE = pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)
MANAGER, OWNERS = {"name": "manager", "by": ["manager"]}, {"name": "owners", "by": ["owner"]}
POLICY: dict[str, Any] = {
    "id": "crm",
    "approval": [MANAGER, OWNERS],
    "access_lengths": ["1 hour", "7 days"],
    "default_access_length": "7 days",
    "pre_approved": [{"rule": "short", "groups": ["sales"], "longest": "1 hour"}],
}
APP = {"id": CRM, "name": "CRM", "policy": "crm", "owners": ["carol"]}
PERMISSIONS = [{"id": one, "app_id": CRM, "label": one} for one in (READER, WRITER)]


def file(*policies: dict[str, Any]) -> bytes:
    """Return a catalog file."""
    catalog = {"policies": policies, "apps": [APP], "permissions": PERMISSIONS}
    return json.dumps(catalog).encode()


def ask(system: System, request: str, age: timedelta, **changes: Any) -> None:
    """Let somebody ask for something, that long ago."""
    then = NOW - age
    wish = seeds.submission(request, now=then, **changes)
    assert isinstance(wish, SubmitRequest)
    context = CommandContext(Actor(Via.MCP, wish.requester), then, new_id())
    system.bus.call_blocking(lambda work: work.execute(wish, context))


def do(system: System, command: object) -> None:
    """Do what a directory would."""
    system.bus.call_blocking(lambda work: work.execute(command, seeds.CONTEXT))


@pytest.fixture
def asked(system: System) -> System:
    """Alice asked to write long ago, for a week; lately to read, for an hour; carol, as usual."""
    catalog_import(system, file(POLICY), lambda _progress: None)
    week = {"access_seconds": 7 * DAY, "length_given": True}
    ask(system, "r-old", timedelta(days=40), permission_ids=(WRITER,), **week)
    hour = {"access_seconds": HOUR, "length_given": True}
    ask(system, "r-short", timedelta(days=2), **hour)
    ask(system, "r-usual", timedelta(days=1), requester=CAROL, target=CAROL)
    return system


def tried(system: System, *, days: int = 30, **changes: Any) -> Simulated:
    """Return what would have come of the policy with these changes."""
    policies = parse_catalog(file({**POLICY, **changes})).policies.values()
    since = NOW - timedelta(days=days)
    return simulate(
        system.store, lambda: open_store(MEMORY), INLINE, policies, since, lambda _done, _of: None
    )


def kinds(found: Simulated) -> dict[str, tuple[Kind, ...]]:
    return {one.request_id: one.kinds for one in found.changed}


@IN_MEMORY
def test_the_policies_that_were_in_force_change_nothing(asked: System) -> None:
    head = asked.store.head()
    found = tried(asked)
    assert (found.requests, found.changed) == (2, ())
    assert tried(asked, days=365).requests == 3
    assert asked.store.head() == head


@IN_MEMORY
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"pre_approved": []}, {"r-short": (Kind.APPROVAL,)}),
        ({"approval": []}, {"r-usual": (Kind.APPROVAL,)}),
        ({"approval": [MANAGER]}, {"r-usual": (Kind.STAGES,)}),
        ({"approval": [{**MANAGER, "by": ["person:bob"]}, OWNERS]}, {"r-usual": (Kind.STAGES,)}),
        ({"default_access_length": "1 hour"}, {"r-usual": (Kind.LENGTH,)}),
        ({"requestable_by": ["sales"]}, {"r-usual": (Kind.REFUSED,)}),
        (
            {"provisioning": {"assignees": ["person:bob"]}},
            {"r-short": (Kind.PROVISIONING,), "r-usual": (Kind.PROVISIONING,)},
        ),
        (
            {"access_lengths": ["2 days"], "default_access_length": "2 days"},
            {"r-usual": (Kind.LENGTH,)},
        ),
        ({"form": {"properties": {"why": {}}, "required": ["why"]}}, {}),
    ],
)
def test_each_request_that_would_have_gone_another_way_is_told(
    asked: System, changes: dict[str, Any], expected: dict[str, tuple[Kind, ...]]
) -> None:
    assert kinds(tried(asked, **changes)) == expected


@IN_MEMORY
def test_a_line_says_how_it_was_and_how_it_would_have_been(asked: System) -> None:
    days: dict[str, Any] = {"access_lengths": ["2 days"], "default_access_length": "2 days"}
    told = list(lines(tried(asked, approval=[OWNERS], pre_approved=[], **days)))
    assert told[0] == "2 requests, 2 would have gone another way"
    assert told[1].strip().startswith("1 would have been approved")
    short, usual = told[-2:]
    assert f"alice  crm  {READER}: was approved at once by the rule short" in short
    assert short.endswith("would be owners: 1 of owner (carol)")
    assert "carol  crm" in usual
    assert "was manager: 1 of manager (nobody), then owners: 1 of owner (nobody), 7 days" in usual
    assert usual.endswith("would be owners: 1 of owner (nobody), 2 days")


@IN_MEMORY
def test_the_facts_are_those_of_the_moment(asked: System) -> None:
    """Alice had the manager bob then, and carol was there."""
    do(asked, PutPerson(ALICE, seeds.person(ALICE, manager=CAROL)))
    do(asked, PutPerson(CAROL, seeds.person(CAROL, disabled=True)))
    (short,) = tried(asked, pre_approved=[]).changed
    assert not isinstance(short.would_be, Refusal)
    way = short.would_be[READER]
    assert way.stages == ("manager: 1 of manager (bob)", "owners: 1 of owner (carol)")


@IN_MEMORY
def test_two_that_exclude_each_other_are_refused_where_both_are_asked_for(asked: System) -> None:
    apart = [{"id": "apart", "items": [READER, WRITER]}]
    found = tried(asked, conflicts=apart)
    # Alice had asked to write, long before.
    assert kinds(found) == {"r-short": (Kind.REFUSED,)}
    (short,) = found.changed
    assert getattr(short.would_be, "code", "") == "conflict_of_duties"
    # What was supposed for one request is gone for the next, and for the next trial.
    assert kinds(tried(asked)) == {}


@IN_MEMORY
def test_a_rotation_that_another_policy_had_then_cannot_be_tried(asked: System) -> None:
    rota = {"name": "desk", "members": ["bob"], "starts": "2026-01-05T09:00:00Z"}
    other = {"id": "other", "on_call": [rota]}
    catalog_import(asked, file(POLICY, other), lambda _progress: None)
    ask(asked, "r-last", timedelta(hours=-1), permission_ids=(WRITER,), requester=BOB, target=BOB)
    found = tried(asked, on_call=[rota])
    assert kinds(found) == {"r-last": (Kind.UNPUBLISHABLE,)}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_was_forgotten_is_not_named(asked: System) -> None:
    do(asked, PutPerson(CAROL, seeds.person(CAROL, disabled=True)))
    do(asked, ForgetPerson(CAROL))
    (usual,) = tried(asked, approval=[]).changed
    assert (usual.requester, usual.target) == (REDACTED, REDACTED)


@pytest.fixture
def command(asked: System, tmp_path: Path) -> Callable[..., int]:
    """Runs the command with a file, beside the system that is open."""

    def run(content: bytes, *more: str) -> int:
        path = tmp_path / "policies.json"
        path.write_bytes(content)
        parser = argparse.ArgumentParser()
        add_simulate(parser.add_subparsers())
        given = parser.parse_args(["simulate", str(path), *more])
        code: int = given.run(asked.settings, given)
        return code

    return run


@BESIDE
def test_the_command_prints_json_of_a_stable_shape(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str], asked: System
) -> None:
    head = asked.store.head()
    closed = {**POLICY, "requestable_by": ["sales"], "pre_approved": []}
    assert command(file(closed), "--days", "10", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told.keys() == {"since", "until", "requests", "changed", "counts", "changes"}
    assert (told["requests"], told["changed"]) == (2, 2)
    assert told["counts"] == {
        "refused": 1,
        "approval": 1,
        "stages": 0,
        "length": 0,
        "provisioning": 0,
        "unpublishable": 0,
    }
    short, usual = told["changes"]
    assert short["would_be"][READER] == {
        "policy": "crm",
        "version": 2,
        "approved_by": None,
        "stages": ["manager: 1 of manager (bob)", "owners: 1 of owner (carol)"],
        "length": "1 hour",
        "provisioning": "hand of administrators",
    }
    assert short["was"][READER]["approved_by"] == "short"
    assert (usual["would_be"], usual["refused"]["code"]) == (None, "unknown_permission")
    assert (usual["requester"], usual["app_id"], usual["items"]) == ("carol", CRM, [READER])
    assert asked.store.head() == head


@BESIDE
def test_the_command_prints_lines(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(file(POLICY)) == 0
    assert capsys.readouterr().out == "2 requests, 0 would have gone another way\n"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_bad_file_is_told_as_everywhere(command: Callable[..., int]) -> None:
    with pytest.raises(BadCatalog, match="not a catalog file"):
        command(b"{")
    with pytest.raises(BadCatalog, match="names nobody"):
        command(file({**POLICY, "approval": [{"name": "a", "by": []}]}))
    with pytest.raises(SystemExit):
        command(file(POLICY), "--days", "-1")
