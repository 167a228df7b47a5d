"""Roles given and taken by an operator, and what files, SCIM and identity providers make of that."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from domain.access_request import RequestRouted
from domain.errors import (
    AdministratorsOnly,
    LastAdministrator,
    NothingThere,
    OwnRole,
    StaleVersion,
)
from domain.person import GrantRole, PersonChanged, PutPerson, RevokeRole, Role, RolesDescribed
from domain.values import Actor, PersonId, Via
from projections.inbox import requests_waiting_for
from projections.memberships import holders_of
from projections.people import PersonRow, person_by_id
from server.__main__ import main
from server.audit.looking_back.lists import Then
from server.command_bus import CommandContext, UnitOfWork
from server.config import Settings
from server.operations import OPERATIONS
from server.people.roles import RoleWish, change_role, roles_of
from server.wiring import INLINE, System, open_system
from tests import seeds
from tests.conftest import table_rows
from tests.seeds import ALICE, BOB, CAROL
from tests.times import NOW


def operate(system: System, operation: str, /, **wish: object) -> dict[str, Any]:
    return OPERATIONS[operation](system, json.dumps(wish).encode(), lambda _progress: None)


def bring_in(system: System, *people: dict[str, Any], dry_run: bool = False) -> dict[str, Any]:
    content = json.dumps({"people": people})
    return operate(system, "people import", content=content, dry_run=dry_run)


def person(system: System, person_id: PersonId) -> PersonRow:
    found = system.reads.blocking(lambda rows: person_by_id(rows, person_id))
    assert found is not None
    return found


def administrators(system: System) -> tuple[PersonId, ...]:
    return system.reads.blocking(lambda rows: holders_of(rows, Role.ADMINISTRATOR))


def test_an_operator_gives_and_takes_a_role_by_user_name_or_id(system: System) -> None:
    given = operate(system, "people role grant", person="alice", role="auditor")
    assert given == {
        "username": "alice",
        "roles": ["auditor", "employee"],
        "changed": True,
        "version": 2,
    }
    again = operate(system, "people role grant", person=ALICE, role="auditor")
    assert (again["changed"], again["version"]) == (False, 2)
    taken = operate(system, "people role revoke", person=ALICE, role="auditor", expected_version=2)
    assert (taken["roles"], taken["version"]) == (["employee"], 3)
    with pytest.raises(StaleVersion):
        operate(system, "people role grant", person="alice", role="auditor", expected_version=2)
    with pytest.raises(NothingThere, match="There is no person nobody"):
        operate(system, "people role grant", person="nobody", role="auditor")


def test_history_says_who_gave_and_took_which_role_when(system: System) -> None:
    operate(system, "people role grant", person="bob", role="administrator")
    by_bob = CommandContext(Actor(Via.WEB, BOB), NOW, system.new_id())
    wish = RoleWish("alice", Role.AUDITOR, held=True)
    system.bus.call_blocking(lambda work: change_role(work, wish, by_bob))
    operate(system, "people role revoke", person="alice", role="auditor")
    taken, given = roles_of(system.store, "alice").changes
    assert (given.role, given.held, given.by, given.at) == (Role.AUDITOR, True, BOB, NOW)
    assert (taken.held, taken.by, taken.via) == (False, None, Via.CLI)
    listed = operate(system, "people role list", person="alice")
    assert [(one["held"], one["by"]) for one in listed["changes"]] == [(False, None), (True, BOB)]


def test_a_preview_changes_nothing(system: System) -> None:
    head = system.store.head()
    wish = RoleWish("alice", Role.AUDITOR, held=True)
    context = CommandContext(Actor(Via.CLI), NOW, system.new_id())
    done = system.bus.call_blocking(lambda work: change_role(work, wish, context, dry_run=True))
    assert (done.changed, system.store.head()) == (True, head)


def test_the_last_administrator_keeps_the_role_and_who_is_disabled_is_none(
    system: System,
) -> None:
    for name in ("alice", "bob"):
        operate(system, "people role grant", person=name, role="administrator")
    assert administrators(system) == (ALICE, BOB)
    bring_in(system, {"username": "bob", "disabled": True})
    with pytest.raises(LastAdministrator):
        operate(system, "people role revoke", person="alice", role="administrator")
    bring_in(system, {"username": "bob", "disabled": False})
    operate(system, "people role revoke", person="alice", role="administrator")
    assert administrators(system) == (BOB,)


def test_a_file_does_not_undo_what_was_decided_by_hand_and_says_so(system: System) -> None:
    operate(system, "people role grant", person="alice", role="auditor")
    operate(system, "people role revoke", person="bob", role="approver")
    head = system.store.head()
    alice = {"username": "alice", "roles": ["employee"]}
    bob = {"username": "bob", "roles": ["employee", "approver"]}
    for dry_run in (True, False):
        done = bring_in(system, alice, bob, dry_run=dry_run)
        assert (done["changed"], done["roles_kept"]) == (0, 2)
    assert system.store.head() == head
    done = bring_in(system, {**alice, "roles": ["employee", "approver"]})
    assert (done["changed"], done["roles_kept"]) == (1, 1)
    assert person(system, ALICE).roles == (Role.APPROVER, Role.AUDITOR, Role.EMPLOYEE)
    assert "roles_kept" not in bring_in(system, {"username": "carol", "roles": ["employee"]})


def test_the_last_event_of_the_directory_says_all_roles(system: System) -> None:
    """Whoever reads only that, such as an approval system, reads the truth."""
    operate(system, "people role grant", person="alice", role="auditor")
    bring_in(system, {"username": "alice", "given_name": "Alicia"})
    event = list(system.store.events_after(0, 10_000))[-1].envelope.event
    assert isinstance(event, PersonChanged)
    assert event.record.roles == (Role.AUDITOR, Role.EMPLOYEE)


def test_the_past_shows_the_roles_of_then(system: System) -> None:
    before = system.store.head()
    operate(system, "people role grant", person="alice", role="auditor")
    between = system.store.head()
    operate(system, "people role release", person="alice", role="auditor")
    after = system.store.head()

    def roles_at(position: int) -> tuple[Role, ...]:
        then = Then(system.store, system.scratch, position)
        return next(one.roles for one in then.people() if one.person_id == ALICE)

    assert [roles_at(one) for one in (before, between, after)] == [
        (Role.EMPLOYEE,),
        (Role.AUDITOR, Role.EMPLOYEE),
        (Role.EMPLOYEE,),
    ]


def test_read_models_rebuilt_from_the_log_hold_the_same_roles(system: System) -> None:
    operate(system, "people role grant", person="alice", role="administrator")
    operate(system, "people role grant", person="bob", role="administrator")
    operate(system, "people role revoke", person="alice", role="administrator")
    for role, wish in (("auditor", "grant"), ("approver", "grant"), ("employee", "revoke")):
        operate(system, f"people role {wish}", person="alice", role=role)
        operate(system, f"people role {wish}", person="carol", role=role)
    bring_in(system, {"username": "alice", "roles": ["employee", "approver"]})
    for role in ("auditor", "approver", "employee"):
        operate(system, "people role release", person="alice", role=role)
    operate(system, "feature on", name="cancel_access_request")
    operate(system, "feature off", name="get_access_request")
    chosen = [one for one in INLINE if one.name in {"people", "memberships", "features"}]
    tables = tuple(table for one in chosen for table in one.tables)
    live = table_rows(system.store, tables)
    assert live["feature_switches"]
    log = system.store.events_after(0, 10_000)
    with system.store.write() as work:
        for one in chosen:
            one.clear(work.rows)
            for recorded in log:
                one.apply(work.rows, recorded)
    assert table_rows(system.store, tables) == live


def test_requests_that_wait_for_administrators_follow_the_role(system: System) -> None:
    """Carol has no manager, so that administrators decide in his place."""
    operate(system, "people role grant", person="alice", role="administrator")
    wish = seeds.submission(
        "r-1", requester=CAROL, target=CAROL, app_id=seeds.WIKI, permission_ids=()
    )
    system.bus.call_blocking(lambda work: work.execute(wish, seeds.CONTEXT))
    assert any(
        isinstance(one.envelope.event, RequestRouted)
        for one in system.store.events_after(0, 10_000)
    )

    def waits_for(who: PersonId) -> bool:
        return system.reads.blocking(lambda rows: bool(requests_waiting_for(rows, who)))

    assert (waits_for(ALICE), waits_for(BOB)) == (True, False)
    operate(system, "people role grant", person="bob", role="administrator")
    operate(system, "people role revoke", person="alice", role="administrator")
    assert (waits_for(ALICE), waits_for(BOB)) == (False, True)


def test_requests_that_wait_for_administrators_follow_a_release(system: System) -> None:
    for name in ("alice", "bob"):
        operate(system, "people role grant", person=name, role="administrator")
    wish = seeds.submission(
        "r-1", requester=CAROL, target=CAROL, app_id=seeds.WIKI, permission_ids=()
    )
    system.bus.call_blocking(lambda work: work.execute(wish, seeds.CONTEXT))

    def waits_for(who: PersonId) -> bool:
        return system.reads.blocking(lambda rows: bool(requests_waiting_for(rows, who)))

    assert (waits_for(ALICE), waits_for(BOB)) == (True, True)
    operate(system, "people role release", person="alice", role="administrator")
    assert (waits_for(ALICE), waits_for(BOB)) == (False, True)
    operate(system, "people role revoke", person="alice", role="administrator")
    operate(system, "people role grant", person="carol", role="administrator")
    operate(system, "people role revoke", person="carol", role="administrator")
    bring_in(system, {"username": "alice", "roles": ["employee", "administrator"]})
    operate(system, "people role release", person="alice", role="administrator")
    assert (waits_for(ALICE), administrators(system)) == (True, (ALICE, BOB))


def test_a_role_that_is_released_follows_the_files_again(system: System) -> None:
    operate(system, "people role grant", person="alice", role="auditor")
    operate(system, "people role revoke", person="bob", role="approver")
    given = operate(system, "people role release", person="alice", role="auditor")
    assert given == {"username": "alice", "roles": ["employee"], "changed": True, "version": 3}
    again = operate(system, "people role release", person="alice", role="auditor")
    assert (again["changed"], again["version"]) == (False, 3)
    back = operate(system, "people role release", person=BOB, role="approver", expected_version=2)
    assert back["roles"] == ["approver", "employee"]
    done = bring_in(system, {"username": "alice", "roles": ["employee", "auditor"]})
    assert (done["changed"], done.get("roles_kept")) == (1, None)
    assert person(system, ALICE).roles == (Role.AUDITOR, Role.EMPLOYEE)
    with pytest.raises(NothingThere, match="There is no person nobody"):
        operate(system, "people role release", person="nobody", role="auditor")


def test_what_a_file_said_while_a_decision_by_hand_stood_counts_after_it(system: System) -> None:
    operate(system, "people role grant", person="alice", role="approver")
    operate(system, "people role revoke", person="alice", role="auditor")
    said = {"username": "alice", "roles": ["employee", "auditor"]}
    for dry_run in (True, False):
        operate(system, "people role grant", person="alice", role="auditor")
        operate(system, "people role revoke", person="alice", role="auditor")
        done = bring_in(system, said, dry_run=dry_run)
        assert (done["changed"], done["roles_kept"]) == (1, 1)
    assert bring_in(system, said)["changed"] == 0
    assert person(system, ALICE).roles == (Role.APPROVER, Role.EMPLOYEE)
    listed = operate(system, "people role list", person="alice")
    assert (listed["by_hand"], listed["directory"]) == (
        ["approver", "auditor"],
        ["auditor", "employee"],
    )
    for role in ("approver", "auditor"):
        operate(system, "people role release", person="alice", role=role)
    assert person(system, ALICE).roles == (Role.AUDITOR, Role.EMPLOYEE)
    listed = operate(system, "people role list", person="alice")
    assert listed["by_hand"] == []
    newest = listed["changes"][0]
    assert (newest["role"], newest["held"], newest["by"]) == ("auditor", None, None)


def test_the_command_line_says_what_was_decided_by_hand_and_what_the_directory_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_system(Settings(data_dir=tmp_path / "data", nats_url="off")) as system:
        seeds.seed_system(system)
    monkeypatch.setenv("DOORWARD_DATA_DIR", str(tmp_path / "data"))
    assert main(["people", "role", "grant", "alice", "auditor"]) == 0
    capsys.readouterr()
    assert main(["people", "role", "list", "alice"]) == 0
    first, second, _ = capsys.readouterr().out.splitlines()
    assert first == "alice  auditor, employee"
    assert second == "decided by hand: auditor; the directory says: employee"
    assert main(["people", "role", "release", "alice", "auditor", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["roles"] == ["employee"]
    assert main(["people", "role", "list", "alice"]) == 0
    first, newest, _ = capsys.readouterr().out.splitlines()
    assert first == "alice  employee"
    assert newest.endswith("auditor released by an operator")


def test_a_file_that_says_nothing_of_roles_is_no_word_of_the_directory(system: System) -> None:
    operate(system, "people role grant", person="alice", role="auditor")
    done = bring_in(system, {"username": "alice", "given_name": "Alicia"})
    assert (done["changed"], done.get("roles_kept")) == (1, None)
    kinds = {type(one.envelope.event) for one in system.store.events_after(0, 10_000)}
    assert RolesDescribed not in kinds
    released = operate(system, "people role release", person="alice", role="auditor")
    assert released["roles"] == ["employee"]


def test_the_last_administrator_is_not_released_into_nothing(system: System) -> None:
    operate(system, "people role grant", person="alice", role="administrator")
    with pytest.raises(LastAdministrator):
        operate(system, "people role release", person="alice", role="administrator")
    bring_in(system, {"username": "alice", "roles": ["employee", "administrator"]})
    operate(system, "people role release", person="alice", role="administrator")
    assert administrators(system) == (ALICE,)
    assert person(system, ALICE).roles == (Role.ADMINISTRATOR, Role.EMPLOYEE)


def test_nobody_releases_a_role_to_have_it_back_himself(system: System) -> None:
    operate(system, "people role grant", person="bob", role="administrator")
    operate(system, "people role revoke", person="bob", role="approver")
    by_bob = CommandContext(Actor(Via.MCP, BOB), NOW, system.new_id())
    wish = RoleWish("bob", Role.APPROVER, held=None)
    with pytest.raises(OwnRole):
        system.bus.call_blocking(lambda work: change_role(work, wish, by_bob))


def test_who_lost_the_role_a_moment_ago_gives_none(system: System) -> None:
    commands = (
        GrantRole(BOB, Role.ADMINISTRATOR),
        GrantRole(CAROL, Role.ADMINISTRATOR, BOB),
        RevokeRole(BOB, Role.ADMINISTRATOR, CAROL),
    )
    for command in commands:
        system.bus.call_blocking(
            partial(UnitOfWork.execute, command=command, context=seeds.CONTEXT)
        )
    by_bob = CommandContext(Actor(Via.MCP, BOB), NOW, system.new_id())
    wish = RoleWish("bob", Role.ADMINISTRATOR, held=True)
    with pytest.raises(AdministratorsOnly):
        system.bus.call_blocking(lambda work: change_role(work, wish, by_bob))


def test_a_person_put_by_another_door_keeps_his_roles(system: System) -> None:
    operate(system, "people role grant", person="alice", role="auditor")
    again = PutPerson(ALICE, replace(seeds.person(ALICE), groups=("sales", "emea")))
    system.bus.call_blocking(lambda work: work.execute(again, seeds.CONTEXT))
    assert person(system, ALICE).roles == (Role.AUDITOR, Role.EMPLOYEE)
