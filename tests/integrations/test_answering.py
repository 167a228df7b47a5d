"""Commands of integrations, on every database: who may say what, on which evidence, and that a command
has one outcome however often and in whichever way it comes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from joserfc.jwk import OKPKey
from joserfc.jws import serialize_compact

from domain.access_request import (
    DecisionRefused,
    DecisionTaken,
    Provisioned,
    ProvisioningFailed,
    SubmitRequest,
)
from domain.policy import Evidence
from domain.ports import CommandOutcome, InboundCommand, Poison
from domain.values import Actor, PersonId, RequestId, Via
from server.command_bus import CommandContext
from server.integrations.answering import Answering
from server.operations import OPERATIONS
from server.operations.catalog import catalog_import
from server.operations.read_models import catch_up
from server.wiring import System
from tests import seeds

pytestmark = pytest.mark.anyio
KEY = OKPKey.generate_key("Ed25519")
POLICY: dict[str, Any] = {
    "id": "crm",
    "approval": [{"name": "owners", "by": ["owner", "integration:auto"]}],
    "provisioning": {"integration": "directory", "attempts": 1},
}
APP = {"id": "crm", "name": "CRM", "audience": "sales", "policy": "crm", "owners": ["carol"]}
PERMISSIONS = [{"id": f"crm:{one}", "app_id": "crm", "label": one} for one in ("reader", "writer")]


def operate(system: System, operation: str, /, **wish: Any) -> dict[str, Any]:
    return OPERATIONS[operation](system, json.dumps(wish).encode(), lambda _progress: None)


def bring_in(system: System, **policy: Any) -> None:
    catalog = {"policies": [{**POLICY, **policy}], "apps": [APP], "permissions": PERMISSIONS}
    catalog_import(system, json.dumps(catalog).encode(), lambda _progress: None)
    catch_up(system)


@pytest.fixture
def system(system: System) -> System:
    """With integrations that decide, decide signed, and fulfil."""
    for name, rights in (("auto", ["decide"]), ("jira", ["decide"]), ("directory", ["fulfil"])):
        public = str(KEY.as_dict(private=False)["x"]) if name == "jira" else ""
        operate(system, "integration add", name=name, rights=rights, signing_key=public)
    bring_in(system)
    return system


async def asked(system: System, *permissions: str) -> RequestId:
    """Let alice ask to read the CRM."""
    request_id = RequestId(system.new_id())
    wish = seeds.submission(
        request_id, now=system.clock(), permission_ids=permissions or (seeds.READER,)
    )
    assert isinstance(wish, SubmitRequest)
    context = CommandContext(Actor(Via.MCP, seeds.ALICE), system.clock(), system.new_id())
    await system.bus.execute(wish, context)
    return request_id


async def say(
    system: System,
    principal: str,
    body: object,
    *,
    kind: str = "decide",
    request_id: str = "",
    vouched: PersonId | None = None,
) -> CommandOutcome:
    """Bring a command in; `vouched` is whom the identity provider vouches for."""

    async def vouch(_token: str, _nonce: str) -> PersonId | None:
        return vouched

    answer = Answering(system.bus, system.clock, system.new_id, vouch)
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await answer(InboundCommand(Via.NATS, principal, kind, "crm", request_id, raw))


def decision(request_id: str, **more: Any) -> dict[str, Any]:
    return {"decision_id": "d-1", "request_id": request_id, "decision": "approve", **more}


def events(system: System, kind: type) -> list[Any]:
    log = system.store.events_after(0, 10_000)
    return [one.envelope.event for one in log if isinstance(one.envelope.event, kind)]


async def test_an_integration_that_policy_names_decides_by_itself(system: System) -> None:
    request_id = await asked(system)
    outcome = await say(system, "auto", decision(request_id))
    assert (outcome.accepted, outcome.code, outcome.replayed) == (True, "accepted", False)
    (taken,) = events(system, DecisionTaken)
    assert (taken.decided_by, taken.submitted_by) == (None, "auto")
    actor = next(
        one.envelope.actor
        for one in system.store.events_after(0, 10_000)
        if one.envelope.event == taken
    )
    assert (actor.via, actor.subject, actor.service) == (Via.NATS, None, "auto")


@pytest.mark.parametrize("name", ["carol", "p-carol", "carol@example.com"])
async def test_one_that_brings_a_persons_decision_names_both(system: System, name: str) -> None:
    request_id = await asked(system)
    outcome = await say(system, "jira", decision(request_id, decided_by=name))
    assert outcome.accepted, outcome
    (taken,) = events(system, DecisionTaken)
    assert (taken.decided_by, taken.submitted_by) == (seeds.CAROL, "jira")
    assert taken.evidence is Evidence.ASSERTED


async def test_a_decision_sent_ten_times_counts_once_and_has_one_outcome(system: System) -> None:
    request_id = await asked(system)
    outcomes = [await say(system, "auto", decision(request_id)) for _ in range(10)]
    assert [one.replayed for one in outcomes] == [False] + [True] * 9
    assert len({(one.code, one.version) for one in outcomes}) == 1
    assert len(events(system, DecisionTaken)) == 1


async def test_another_content_under_the_same_id_is_told_so(system: System) -> None:
    request_id = await asked(system)
    await say(system, "auto", decision(request_id))
    outcome = await say(system, "auto", decision(request_id, reason="Changed my mind"))
    assert (outcome.accepted, outcome.code) == (False, "idempotency_key_reused")


async def test_ids_are_each_integrations_own(system: System) -> None:
    request_id = await asked(system)
    await say(system, "auto", decision("r-none"))
    outcome = await say(system, "jira", decision(request_id, decided_by="carol"))
    assert outcome.accepted


@pytest.mark.parametrize(
    ("principal", "more", "code"),
    [
        ("jira", {}, "not_an_approver"),
        ("jira", {"decided_by": "bob"}, "not_an_approver"),
        ("jira", {"decided_by": "alice"}, "self_approval"),
        ("jira", {"decided_by": "nobody"}, "unknown_person"),
        ("directory", {"decided_by": "carol"}, "integration_not_allowed"),
        ("stranger", {"decided_by": "carol"}, "integration_not_allowed"),
        ("auto", {"expected_version": 1}, "stale_version"),
        ("auto", {"step": "manager"}, "already_decided"),
        ("auto", {"expires_at": "2020-01-01T00:00:00Z"}, "decision_lapsed"),
        ("auto", {"access_seconds": 10**9}, "would_widen"),
        ("auto", {"items": ["crm:writer"]}, "would_widen"),
        ("auto", {"items": []}, "input_missing"),
        ("auto", {"decision": "deny"}, "input_missing"),
    ],
)
async def test_what_is_refused_is_an_outcome_and_kept_in_the_history(
    system: System, principal: str, more: dict[str, Any], code: str
) -> None:
    request_id = await asked(system)
    outcome = await say(system, principal, decision(request_id, **more))
    assert (outcome.accepted, outcome.code) == (False, code)
    assert outcome.sentence
    assert [one.code for one in events(system, DecisionRefused)] == [code]
    assert events(system, DecisionTaken) == []
    again = await say(system, principal, decision(request_id, **more))
    assert (again.code, again.replayed) == (code, True)
    assert len(events(system, DecisionRefused)) == 1


async def test_a_request_that_is_not_there_is_an_outcome_too(system: System) -> None:
    outcome = await say(system, "auto", decision("r-none"))
    assert (outcome.accepted, outcome.code) == (False, "not_found")
    assert events(system, DecisionRefused) == []


def signed(content: dict[str, Any], key: OKPKey = KEY) -> dict[str, str]:
    header = {"alg": "Ed25519"}
    jws = serialize_compact(header, json.dumps(content).encode(), key, algorithms=["Ed25519"])
    return {"jws": jws}


async def test_a_signed_decision_is_kept_with_its_proof(system: System) -> None:
    bring_in(system, minimum_evidence="integration-signed")
    request_id = await asked(system)
    content = decision(request_id, decided_by="carol")
    weak = await say(system, "jira", {**content, "decision_id": "d-0"})
    assert weak.code == "evidence_too_weak"
    statement = signed(content)
    assert (await say(system, "jira", statement)).accepted
    (taken,) = events(system, DecisionTaken)
    assert taken.evidence is Evidence.INTEGRATION_SIGNED
    assert taken.proof == statement["jws"]


@pytest.mark.parametrize("case", ["other key", "changed", "no key registered"])
async def test_a_signature_that_is_not_the_integrations_is_refused(
    system: System, case: str
) -> None:
    request_id = await asked(system)
    content = decision(request_id, decided_by="carol")
    statement = signed(content, OKPKey.generate_key("Ed25519") if case == "other key" else KEY)
    if case == "changed":
        head, _, tail = statement["jws"].split(".")
        other = signed({**content, "reason": "x"})["jws"].split(".")[1]
        statement = {"jws": f"{head}.{other}.{tail}"}
    principal = "auto" if case == "no key registered" else "jira"
    outcome = await say(system, principal, statement)
    assert (outcome.accepted, outcome.code) == (False, "bad_evidence")
    assert events(system, DecisionTaken) == []


async def test_the_persons_own_provider_vouches_for_a_decision(system: System) -> None:
    bring_in(system, minimum_evidence="user-token")
    request_id = await asked(system)
    content = decision(request_id, decided_by="carol", user_token="header.payload.signature")
    other = await say(system, "jira", {**content, "decision_id": "d-0"}, vouched=seeds.BOB)
    assert (other.accepted, other.code) == (False, "bad_evidence")
    none = await say(system, "jira", {**content, "decision_id": "d-2"})
    assert (none.accepted, none.code) == (False, "bad_evidence")
    good = await say(system, "jira", content, vouched=seeds.CAROL)
    assert good.accepted, good
    (taken,) = events(system, DecisionTaken)
    assert (taken.decided_by, taken.evidence) == (seeds.CAROL, Evidence.USER_TOKEN)
    log = json.dumps([str(one) for one in system.store.events_after(0, 10_000)])
    assert "header.payload.signature" not in log


async def test_a_cloud_event_says_the_same(system: System) -> None:
    request_id = await asked(system)
    data = {"request_id": request_id, "decision": "approve"}
    event = {"specversion": "1.0", "id": "ce-1", "type": "t", "source": "s", "data": data}
    outcome = await say(system, "auto", event)
    assert (outcome.accepted, outcome.command_id) == (True, "ce-1")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[" * 40_000,
        b"[]",
        b"\xff\xfe",
        b'"text"',
        {},
        {"decision_id": "d"},
        {"decision_id": "d", "request_id": "r", "decision": "perhaps"},
        {"decision_id": "d", "request_id": "r", "decision": "approve", "more": 1},
        {"decision_id": "a b", "request_id": "r", "decision": "approve"},
        {"decision_id": "d" * 101, "request_id": "r", "decision": "approve"},
        {"decision_id": "d", "request_id": "r\0", "decision": "approve"},
        {"decision_id": "d", "request_id": "r", "decision": "approve", "items": ["\n"]},
        {"decision_id": "d", "request_id": "r", "decision": "approve", "expires_at": "soon"},
        {
            "decision_id": "d",
            "request_id": "r",
            "decision": "approve",
            "expires_at": "2027-01-01T00:00:00",
        },
        {"jws": 5},
        {"jws": "not.a.jws"},
        {"jws": "e30.W10.e30"},
        {"specversion": "1.0", "id": "x"},
    ],
)
async def test_what_cannot_be_read_is_poison_and_changes_nothing(
    system: System, body: object
) -> None:
    head = system.store.head()
    with pytest.raises(Poison):
        await say(system, "auto", body)
    assert system.store.head() == head


async def test_subject_and_body_must_name_the_same_request(system: System) -> None:
    request_id = await asked(system)
    with pytest.raises(Poison, match="different requests"):
        await say(system, "auto", decision(request_id), request_id="r-other")


async def approved(system: System) -> RequestId:
    request_id = await asked(system)
    assert (await say(system, "auto", decision(request_id))).accepted
    return request_id


def report(request_id: str, result: str = "done", **more: Any) -> dict[str, Any]:
    return {
        "report_id": "f-1",
        "request_id": request_id,
        "action": "grant",
        "result": result,
        **more,
    }


async def test_who_fulfils_reports_and_access_is_there(system: System) -> None:
    request_id = await approved(system)
    for _ in range(3):
        assert (await say(system, "directory", report(request_id), kind="fulfil")).accepted
    (granted,) = events(system, Provisioned)
    assert (granted.submitted_by, granted.reported_by) == ("directory", None)


async def test_a_failure_is_handed_to_people_when_attempts_are_used_up(system: System) -> None:
    request_id = await approved(system)
    failed = report(request_id, "failed", reason="The directory is down")
    assert (await say(system, "directory", failed, kind="fulfil")).accepted
    (event,) = events(system, ProvisioningFailed)
    assert event.retry_at is None


@pytest.mark.parametrize(
    ("principal", "more", "code"),
    [
        ("auto", {}, "integration_not_allowed"),
        ("directory", {"action": "remove"}, "nothing_under_way"),
        ("directory", {"items": ["crm:writer"]}, "nothing_under_way"),
        ("directory", {"expected_version": 1}, "stale_version"),
    ],
)
async def test_a_report_that_does_not_fit_is_refused(
    system: System, principal: str, more: dict[str, Any], code: str
) -> None:
    request_id = await approved(system)
    outcome = await say(system, principal, report(request_id, **more), kind="fulfil")
    assert (outcome.accepted, outcome.code) == (False, code)
    assert events(system, Provisioned) == []


async def test_a_removed_integration_decides_no_more(system: System) -> None:
    request_id = await asked(system)
    operate(system, "integration remove", name="jira")
    outcome = await say(system, "jira", decision(request_id, decided_by="carol"))
    assert (outcome.accepted, outcome.code) == (False, "integration_not_allowed")
