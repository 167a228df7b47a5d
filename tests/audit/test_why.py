"""Why a request went as it did is told from the log alone, each fact as it stood when it counted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.access_request import (
    Action,
    CancelRequest,
    Decide,
    LetTimePass,
    Reassign,
    ReportFulfilment,
    Result,
    Verdict,
)
from domain.catalog import PermissionRecord, PutApp, PutPermission
from domain.consent import GiveConsent, RevokeConsent
from domain.person import PutPerson, Role
from domain.policy import Evidence, PublishPolicy
from domain.review import CompleteReview, Judgement
from domain.values import Actor, Client, ClientId, ConsentId, Personal, RequestId, Via
from server.audit.why.dossier import dossier
from server.audit.why.telling import told
from server.catalog.file import parse_catalog
from server.command_line.audit_as_of import UnknownThen
from server.operations import OPERATIONS
from server.wiring import System
from tests import seeds, two_stages
from tests.audit.test_as_of import opened_system, run
from tests.seeds import ALICE, BOB, CAROL, READER, WRITER
from tests.times import NOW
from tests.two_stages import ADMIN

CONSENT = ConsentId("c-1")
CLIENT = Client(ClientId("https://client.example/id"), "Assistant")
R1 = RequestId("r-1")
BY_ALICE = Actor(Via.MCP, ALICE, CLIENT, CONSENT)
LATER = NOW + timedelta(hours=1)


def prepared(system: System) -> System:
    """Bring in a policy of two stages, an app under it, and an administrator."""
    catalog = parse_catalog(json.dumps(two_stages.CATALOG).encode())
    administrator = seeds.person(ADMIN, roles=(Role.EMPLOYEE, Role.ADMINISTRATOR))
    for command in (
        PutPerson(ADMIN, administrator),
        *map(PublishPolicy, catalog.policies.values()),
        *(PutApp(key, one) for key, one in catalog.apps.items()),
        *(PutPermission(key, one) for key, one in catalog.permissions.items()),
    ):
        do(system, command, Actor(Via.CLI))
    return system


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    with opened_system(f"sqlite:///{tmp_path / 'doorward.db'}", tmp_path / "data") as opened:
        yield prepared(opened)


@pytest.fixture
def durable(durable_url: str, tmp_path: Path) -> Iterator[System]:
    """The same on each database that outlives a process."""
    with opened_system(durable_url, tmp_path / "data") as opened:
        yield prepared(opened)


def do(system: System, command: object, actor: Actor, now: datetime = NOW) -> None:
    context = replace(seeds.CONTEXT, actor=actor, now=now)
    system.bus.call_blocking(lambda work: work.execute(command, context))


def file(system: System, **changes: Any) -> None:
    """Let alice consent to a client, and ask through it."""
    scopes = ("doorward:user:write",)
    resource, origin = "https://access.example/mcp/user", "http://127.0.0.1"
    do(system, GiveConsent(CONSENT, ALICE, CLIENT, resource, origin, scopes, "d1"), BY_ALICE)
    wish: dict[str, Any] = {
        "permission_ids": (READER, WRITER),
        "access_seconds": 7 * 86_400,
        "length_given": True,
        "answers": {"ticket": "T-1"},
    }
    do(system, seeds.submission(R1, **{**wish, **changes}), BY_ALICE)


def decide(system: System, by: Any, decision_id: str, **changes: Any) -> None:
    given: dict[str, Any] = {
        "verdict": Verdict.APPROVE,
        "evidence": Evidence.SESSION,
        "reason": "Fine",
    }
    decision = Decide(R1, decision_id, "d", now=LATER, decided_by=by, **(given | changes))
    do(system, decision, Actor(Via.WEB, by), LATER)


def grant(system: System, item: str) -> None:
    report = ReportFulfilment(
        R1, f"done-{item}", "d", Action.GRANT, Result.DONE, LATER, ADMIN, items=(item,)
    )
    do(system, report, Actor(Via.WEB, ADMIN), LATER)


def why(system: System, position: int | None = None) -> Any:
    found = dossier(system.store, R1, system.store.head() if position is None else position)
    # What it says is JSON, and the same when it is read back.
    assert found is None or json.loads(json.dumps(found)) == found
    return found


def change_everything(system: System) -> None:
    """Let directory, policy and consent be others than they were."""
    admin = Actor(Via.CLI)
    do(system, PutPerson(ALICE, seeds.person(ALICE, manager=CAROL, groups=("sales",))), admin)
    married = replace(seeds.person(BOB), username=Personal(BOB, "robert"))
    do(system, PutPerson(BOB, married), admin)
    policy = parse_catalog(json.dumps(two_stages.CATALOG).encode()).policies["crm"]
    do(system, PublishPolicy(replace(policy, maximum_open=1)), admin)
    do(system, RevokeConsent(CONSENT), BY_ALICE, LATER)


def test_an_approved_request_tells_every_ground_as_it_stood(system: System) -> None:
    file(system)
    decide(system, BOB, "d-1", evidence=Evidence.USER_TOKEN, proof="eyJ.signed")
    change_everything(system)
    decide(system, CAROL, "d-2", items=(READER,), access_seconds=86_400, deny_rest=True)
    grant(system, READER)
    found = why(system)
    filed, through = found["filed"], found["through"]
    assert filed["requester"] == filed["target"] == {"person_id": ALICE, "username": "alice"}
    assert [one["label"] for one in filed["permissions"]] == ["Reader", "Writer"]
    assert (filed["access_length"], filed["emergency"]) == ("7 days", False)
    assert [one["response"] for one in filed["answers"]] == ["T-1"]
    assert through["client"] == {"client_id": CLIENT.client_id, "name": "Assistant"}
    assert through["consent"]["stood"]
    assert through["consent"]["scopes"] == ["doorward:user:write"]
    assert through["consent"]["revoked_at"] == "2026-11-23T10:00:00Z"
    directory = found["directory"]
    assert (directory["requester"]["version"], directory["requester"]["manager"]) == (1, BOB)
    assert directory["target"]["groups"] == directory["target_groups"] == ["sales"]
    assert (directory["manager"]["person_id"], directory["manager"]["username"]) == (BOB, "bob")
    (policy,) = found["policies"]
    assert (policy["policy_id"], policy["version"], policy["built_in"]) == ("crm", 1, False)
    assert policy["document"]["maximum_open"] == 100
    assert [one["name"] for one in policy["document"]["approval"]] == ["manager", "owners"]
    assert found["outcome"]["status"] == "PROVISIONED"
    assert [one["status"] for one in found["outcome"]["items"]] == ["PROVISIONED", "DENIED"]


def test_each_decision_says_who_by_which_rule_and_how_that_is_known(system: System) -> None:
    file(system)
    decide(system, BOB, "d-1", evidence=Evidence.USER_TOKEN, proof="eyJ.signed")
    decide(system, CAROL, "d-2", items=(READER,), access_seconds=86_400, deny_rest=True)
    first, *_rest = decisions = why(system)["decisions"]
    assert first["decided"] == "approve"
    assert first["by"] == {"person_id": BOB, "username": "bob"}
    assert (first["evidence"], first["proof"], first["reason"]) == (
        "user-token",
        "eyJ.signed",
        "Fine",
    )
    assert first["rules"] == [
        {
            "items": [READER, WRITER],
            "policy_id": "crm",
            "version": 1,
            "kind": "stage",
            "name": "manager",
            "says": "1 of manager; known at least by: asserted",
        }
    ]
    said = [(one["decided"], one["stage"], one["items"]) for one in decisions]
    assert ("approve", "owners", [READER]) in said
    assert ("deny", "owners", [WRITER]) in said
    assert ("approved", None, [READER]) in said
    assert ("denied", None, [WRITER]) in said
    shortened = [one["shortened_to"] for one in decisions if one["shortened_to"]]
    assert shortened == ["1 day"]
    approved = next(one for one in decisions if one["decided"] == "approved")
    assert approved["rules"][0]["kind"] == "all stages"
    assert approved["rules"][0]["says"] == "manager: 1 of manager; owners: 1 of owner"


def test_a_decision_over_items_of_two_policies_names_the_rules_of_both(system: System) -> None:
    policy = parse_catalog(json.dumps(two_stages.CATALOG).encode()).policies["crm"]
    do(system, PublishPolicy(replace(policy, policy_id="other")), Actor(Via.CLI))
    writer = PermissionRecord(seeds.CRM, "Writer", "", policy="other")
    do(system, PutPermission(WRITER, writer), Actor(Via.CLI))
    file(system)
    decide(system, BOB, "d-1")
    found = why(system)
    (taken,) = found["decisions"]
    assert [(one["policy_id"], one["items"]) for one in taken["rules"]] == [
        ("crm", [READER]),
        ("other", [WRITER]),
    ]
    assert [one["policy_id"] for one in found["policies"]] == ["crm", "other"]


def test_stages_tell_whom_they_waited_for(system: System) -> None:
    file(system, permission_ids=(READER,))
    do(system, Reassign(R1, ADMIN, (CAROL,), "On holiday", NOW), Actor(Via.WEB, ADMIN))
    decide(system, CAROL, "d-1")
    found = why(system)
    manager = found["stages"][0]
    assert manager["approvers"] == [{"person_id": BOB, "username": "bob"}]
    assert manager["needed"] == 1
    assert manager["passed"] == [{"at": "2026-11-23T10:00:00Z", "items": [READER]}]
    (change,) = manager["changes"]
    assert change["approvers"] == [{"person_id": CAROL, "username": "carol"}]
    assert (change["by"]["username"], change["reason"]) == ("admin", "On holiday")
    owners = found["stages"][1]
    assert (owners["name"], owners["passed"], owners["changes"]) == ("owners", [], [])
    # Carol has had her say: administrators take her place.
    assert owners["approvers"] == [{"person_id": ADMIN, "username": "admin"}]
    assert owners["administrators_added"]


def test_who_granted_is_told(system: System) -> None:
    file(system, permission_ids=(READER,), access_seconds=3_600)
    grant(system, READER)
    found = why(system)
    (approved,) = found["decisions"]
    assert approved["rules"] == [
        {
            "items": [READER],
            "policy_id": "crm",
            "version": 1,
            "kind": "approves without asking",
            "name": "short",
            "says": "nobody has to be asked",
        }
    ]
    assert found["routes"][0]["approved_by_rule"] == "short"
    order, done = found["fulfilment"]
    assert order["assignees"] == [{"person_id": ADMIN, "username": "admin"}]
    assert (order["attempt"], order["integration"]) == (1, None)
    assert done["by"] == {"person_id": ADMIN, "username": "admin"}
    assert done["expires_at"] == "2026-11-23T11:00:00Z"


def test_an_emergency_tells_who_judged_it(system: System) -> None:
    file(system, permission_ids=(READER,), access_seconds=3_600, emergency=True)
    judged = CompleteReview(R1, ADMIN, Judgement.OBJECTED, "No fire")
    do(system, judged, Actor(Via.WEB, ADMIN), LATER)
    found = why(system)
    assert found["review"] == {
        "reviewers": [{"person_id": ADMIN, "username": "admin"}],
        "due_at": "2026-11-25T09:00:00Z",
        "judgement": "objected",
    }
    review = next(one for one in found["decisions"] if one["event"] == "review.completed")
    assert (review["decided"], review["by"]["username"]) == ("emergency objected", "admin")
    assert review["reason"] == "No fire"
    assert found["decisions"][0]["rules"][0]["name"] == "break-glass"


def test_the_end_by_time_and_by_withdrawal_is_told(system: System) -> None:
    file(system, permission_ids=(READER,))
    do(system, CancelRequest(R1, ALICE, "No need", LATER), BY_ALICE, LATER)
    (withdrawn,) = why(system)["decisions"]
    assert (withdrawn["decided"], withdrawn["reason"], withdrawn["rules"]) == (
        "withdrawn", "No need", [],
    )  # fmt: skip
    other = RequestId("r-2")
    wish = seeds.submission(other, app_id=seeds.WIKI, permission_ids=())
    do(system, wish, BY_ALICE)
    late = NOW + timedelta(days=15)
    do(system, LetTimePass(other, late), Actor(Via.TIMER), late)
    found = dossier(system.store, other, system.store.head())
    assert found is not None
    lapsed = found["decisions"][-1]
    assert (lapsed["decided"], lapsed["by"]) == ("lapsed", None)
    assert lapsed["rules"][0]["says"] == "lapses after 14 days without an answer"
    (policy,) = found["policies"]
    assert (policy["policy_id"], policy["built_in"]) == ("default", True)
    assert policy["document"]["default_access_length"] == "30 days"


def test_as_of_a_moment_nothing_later_is_known(system: System) -> None:
    file(system)
    filed = system.store.head()
    before = json.dumps(why(system))
    decide(system, BOB, "d-1")
    change_everything(system)
    assert json.dumps(why(system, filed)) == before
    assert why(system, filed)["decisions"] == []
    assert why(system, 0) is None


def test_who_was_forgotten_reads_as_forgotten_and_nothing_fails(system: System) -> None:
    file(system, permission_ids=(READER,))
    decide(system, BOB, "d-1", verdict=Verdict.DENY, reason="Ask bob tomorrow")
    for person, boss in ((ALICE, BOB), (BOB, None)):
        left = replace(seeds.person(person, manager=boss), disabled=True)
        do(system, PutPerson(person, left), Actor(Via.CLI))
        body = json.dumps({"person": person}).encode()
        OPERATIONS["people forget"](system, body, lambda _progress: None)
    found = why(system)
    text = "\n".join(told(found))
    assert found["filed"]["requester"] == {"person_id": ALICE, "username": "[forgotten]"}
    assert found["filed"]["justification"] == "[forgotten]"
    assert found["filed"]["answers"][0]["response"] == "[forgotten]"
    assert found["directory"]["manager"]["name"] == "[forgotten]"
    assert found["decisions"][0]["reason"] == "[forgotten]"
    for gone in ("alice", "bob", "Quarter-end", "tomorrow", "T-1"):
        assert gone not in (text + json.dumps(found)).replace(ALICE, "").replace(BOB, "")


def test_the_command_line_tells_it_and_refuses_what_is_unknown(
    durable: System, capsys: pytest.CaptureFixture[str]
) -> None:
    file(durable)
    filed = durable.store.head()
    decide(durable, BOB, "d-1", proof="eyJ.signed")
    decide(durable, CAROL, "d-2")
    grant(durable, READER)
    assert run(durable, "why", R1) == 0
    text = capsys.readouterr().out
    for words in (
        "request r-1: ",
        "Reader, Writer, in Sales CRM, for 7 days",
        "mcp, Assistant (https://client.example/id)",
        "under consent c-1 of 2026-11-23T09:00:00Z",
        "requester: alice (p-alice), version 1: sales; employee",
        "by bob (p-bob) (web), evidence session, proof eyJ.signed, because: Fine",
        "rule: stage manager of policy crm version 1: 1 of manager",
        "by admin (p-admin) (web), until 2026-11-30T10:00:00Z",
        "policy crm version 1, published at ",
    ):
        assert words in text
    assert run(durable, "why", R1, "--as-of", str(filed), "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["as_of"] == {"position": filed, "recorded_at": "2026-11-23T09:00:00Z"}
    assert found["outcome"]["status"] == "PENDING_MANAGER_APPROVAL"
    assert list(found) == [
        "as_of", "request_id", "filed", "through", "directory", "policies", "routes", "stages",
        "decisions", "fulfilment", "review", "outcome",
    ]  # fmt: skip
    for request in ("r-9", "", "access_request-r-1", "p-alice", "' OR 1 = 1 --", "x" * 5_000):
        with pytest.raises(UnknownThen, match="no request has the id"):
            run(durable, "why", request)
    with pytest.raises(UnknownThen, match="as of before the first event no request"):
        run(durable, "why", R1, "--as-of", "0")


def test_a_request_that_only_began_is_told_too(system: System) -> None:
    """Of a person with no manager: administrators decide in his place."""
    do(system, PutPerson(ALICE, seeds.person(ALICE, groups=("sales",))), Actor(Via.CLI))
    file(system)
    found = why(system)
    assert found["directory"]["manager"] is None
    assert found["stages"][0]["administrators_added"]
    assert found["stages"][0]["approvers"] == [{"person_id": ADMIN, "username": "admin"}]
    assert "manager: none" in "\n".join(told(found))
