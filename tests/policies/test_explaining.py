"""What the policies do for somebody, said by the rules that decide and with nothing appended."""

from __future__ import annotations

import json
from typing import Any

import pytest

from domain.errors import NothingThere
from projections.catalog.queries import app_by_id, listed_permissions, permission_counts
from server.catalog.entries import BadCatalog
from server.command_line.policies import explained
from server.operations import OPERATIONS
from server.operations.catalog import catalog_import
from server.operations.operation import BadWish
from server.wiring import System
from tests.seeds import CRM, READER, WRITER

POLICY = {
    "id": "crm",
    "form": {"properties": {"ticket": {"pattern": "^T-"}}, "required": ["ticket"]},
    "approval": [
        {"name": "manager", "by": ["manager"]},
        {"name": "owners", "needed": 2, "by": ["owner", "person:bob", "integration:jira"]},
    ],
    "pre_approved": [{"rule": "short", "groups": ["sales"], "longest": "1 hour"}],
}
APP = {"id": CRM, "name": "Sales CRM", "audience": "sales", "policy": "crm", "owners": ["carol"]}
PERMISSIONS = [
    {"id": READER, "app_id": CRM, "label": "Reader"},
    {"id": WRITER, "app_id": CRM, "label": "Writer"},
]
CATALOG = {"policies": [POLICY], "apps": [APP], "permissions": PERMISSIONS}


def run(system: System, operation: str, **wish: Any) -> dict[str, Any]:
    """Run an operation as an operator does."""
    return OPERATIONS[operation](system, json.dumps(wish).encode(), lambda _progress: None)


def bring_in(system: System, **changes: Any) -> dict[str, Any]:
    """Import the catalog of these tests."""
    content = json.dumps({**CATALOG, **changes}).encode()
    return catalog_import(system, content, lambda _progress: None)


@pytest.fixture
def crm(system: System) -> System:
    bring_in(system)
    return system


def test_each_stage_names_those_who_may_decide_at_this_moment(crm: System) -> None:
    head = crm.store.head()
    found = run(crm, "policy explain", person="alice", items=[READER], length="7 days")
    (route,) = found["routes"]
    manager, owners = route["stages"]
    assert (manager["kind"], manager["may_decide_now"]) == ("manager", ["bob"])
    assert (owners["needed"], owners["may_decide_now"]) == (2, ["bob", "carol"])
    assert owners["approvers"] == ["owner", "person:bob", "integration:jira"]
    assert route["policy"] == {"id": "crm", "version": 1}
    assert route["granted_by"] == ["administrators"]
    assert found["items"][0]["form"]["required"] == ["ticket"]
    assert crm.store.head() == head


def test_a_rule_that_approves_without_asking_is_named(crm: System) -> None:
    found = run(crm, "policy explain", person="alice", items=[READER], length="1 hour")
    (route,) = found["routes"]
    assert (route["approved_by_rule"], route["stages"]) == ("short", [])


def test_a_refusal_says_which_rule_stands_in_the_way(crm: System) -> None:
    found = run(crm, "policy explain", person="carol", items=[READER])
    assert found["refused"]["code"] == "unknown_app"
    found = run(crm, "policy explain", person="alice", requester="carol", items=[READER])
    assert found["refused"]["code"] == "on_behalf_not_allowed"


def test_a_file_that_is_not_imported_is_explained_as_if_it_were(crm: System) -> None:
    open_to_all = {**POLICY, "approval": []}
    file = json.dumps({**CATALOG, "policies": [open_to_all]})
    found = run(crm, "policy explain", person="alice", items=[READER, WRITER], file=file)
    (route,) = found["routes"]
    assert (route["items"], route["stages"]) == ([READER, WRITER], [])
    assert len(run(crm, "policy explain", person="alice", items=[READER])["routes"][0]["stages"])


def test_a_retired_policy_gives_way_to_the_default_one(crm: System) -> None:
    assert run(crm, "policy retire", policy_id="crm") == {"retired": "crm"}
    assert run(crm, "policy list") == {"policies": []}
    found = run(crm, "policy explain", person="alice", items=[READER])
    assert found["items"][0]["policy"] == {"id": "default", "version": 0}


def test_a_policy_imported_again_changes_nothing_and_a_changed_one_is_the_next_version(
    crm: System,
) -> None:
    assert bring_in(crm)["unchanged"] == 4
    changed = {**POLICY, "maximum_open": 3}
    assert bring_in(crm, policies=[changed])["changed"] == 1
    assert run(crm, "policy list")["policies"][0]["version"] == 2
    assert run(crm, "policy show", policy_id="crm")["policy"]["maximum_open"] == 3


def test_a_catalog_that_names_no_such_policy_is_refused_whole(crm: System) -> None:
    head = crm.store.head()
    with pytest.raises(BadCatalog, match="crm names the policy none; there is none such"):
        bring_in(crm, apps=[{**APP, "policy": "none"}])
    assert crm.store.head() == head


def test_nobody_of_that_name_is_told_so(crm: System) -> None:
    with pytest.raises(NothingThere):
        run(crm, "policy explain", person="nobody", items=[READER])


def test_a_refusal_comes_first_and_in_words_for_whoever_makes_policies(crm: System) -> None:
    closed = {"id": "closed", "requestable_by": ["board"]}
    secret = {**PERMISSIONS[1], "policy": "closed"}
    bring_in(crm, policies=[POLICY, closed], permissions=[PERMISSIONS[0], secret])
    found = run(crm, "policy explain", person="alice", items=[WRITER])
    assert found["refused"]["why"] == (
        "Policy closed lets only board request this; this person is in none of them."
    )
    assert explained(found).splitlines()[0].startswith("Refused (unknown_permission): Policy clos")
    bring_in(crm, apps=[{**APP, "audience": "board"}])
    found = run(crm, "policy explain", person="alice", items=[READER])
    assert found["refused"]["why"] == f"{CRM} is for the group board; this person is not in it."


def test_what_is_not_in_the_catalog_is_explained_by_nothing(crm: System) -> None:
    for items in (["nope"], [READER, "nope"]):
        with pytest.raises(NothingThere, match="permission nope; doorward catalog export"):
            run(crm, "policy explain", person="alice", items=items)
    with pytest.raises(NothingThere, match="policy nope"):
        run(crm, "policy retire", policy_id="nope")
    with pytest.raises(BadWish, match="length: 'dance' is no length of time"):
        run(crm, "policy explain", person="alice", items=[READER], length="dance")


def test_what_a_policy_does_not_let_a_person_request_is_neither_found_nor_counted(
    crm: System,
) -> None:
    closed = {"id": "closed", "requestable_by": ["board"]}
    secret = {**PERMISSIONS[1], "policy": "closed"}
    bring_in(crm, policies=[POLICY, closed], permissions=[PERMISSIONS[0], secret])
    found = run(crm, "policy explain", person="alice", items=[WRITER])
    assert found["refused"]["code"] == "unknown_permission"
    with crm.store.read() as rows:
        mine = listed_permissions(rows, ("sales",), app_id=CRM)
        assert [one.permission_id for one in mine.items] == [READER]
        assert app_by_id(rows, ("sales",), CRM) is not None
        assert permission_counts(rows, ("sales",), (CRM,)) == {CRM: 1}
        board = listed_permissions(rows, ("sales", "board"), app_id=CRM)
        assert board.total == 2
