"""Any sequence of commands, by several people and integrations, while time passes and the process dies
in between: what must never happen has not happened, judged from the log alone and not by the rules
under test."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from adapters.open_store import MEMORY, open_store
from adapters.system import new_id
from domain.access_request import (
    HELD,
    AccessCompleted,
    AccessExtended,
    Action,
    CallOffRemoval,
    CancelRequest,
    CommentOnRequest,
    Decide,
    DecisionTaken,
    Deprovisioned,
    DeprovisioningStarted,
    LetTimePass,
    Provisioned,
    ProvisioningDenied,
    Reassign,
    RemovalCalledOff,
    ReportFulfilment,
    RequestCancelled,
    RequestClosed,
    RequestDenied,
    RequestExpired,
    RequestSubmitted,
    Result,
    RevokeAccess,
    Verdict,
)
from domain.catalog import PutApp, PutPermission, RetirePermission
from domain.envelope import Recorded
from domain.errors import Refused
from domain.integration import AddIntegration, IntegrationRecord, Right
from domain.person import PutPerson, Role
from domain.policy import Evidence, PublishPolicy
from domain.ports import EventStore
from domain.review import CompleteReview, Judgement, RemindReviewers
from domain.values import Actor, PermissionId, PersonId, RequestId, Via
from projections.timers import due_by
from server.catalog.file import parse_catalog
from server.command_bus import CommandBus, CommandContext, UnitOfWork
from server.handlers import HANDLERS
from server.reactions import REACTIONS
from server.wiring import INLINE, SCHEMA
from tests import seeds
from tests.conftest import table_rows
from tests.seeds import ALICE, BOB, CAROL, CRM, READER, WRITER
from tests.times import NOW

ADMIN = PersonId("p-admin")
PEOPLE = st.sampled_from([ALICE, BOB, CAROL, ADMIN])
INTEGRATIONS = st.sampled_from(["auto", "directory"])
HOUR = 3_600
POLICIES = [
    {
        "id": "strict",
        "approval": [
            {"name": "manager", "by": ["manager"]},
            {"name": "owners", "by": ["owner", "administrators"], "needed": 2},
        ],
        "access_lengths": ["1 hour", "1 day"],
        "break_glass": {"groups": ["sales"], "longest": "1 hour", "review_by": ["administrators"]},
        "waiting": {
            "lapse_after": "3 days",
            "remind_every": "12 hours",
            "escalate_after": "1 day",
        },
    },
    {
        "id": "machine",
        "approval": [{"name": "rules", "by": ["integration:auto", "owner"]}],
        "access_lengths": ["1 hour", "unlimited"],
        "pre_approved": [{"rule": "short", "longest": "1 hour"}],
        "provisioning": {"integration": "directory", "attempts": 2, "answer_within": "1 hour"},
        "on_behalf": "anyone",
    },
]
CATALOG = {
    "policies": POLICIES,
    "apps": [
        {
            "id": CRM,
            "name": "CRM",
            "audience": "everyone",
            "policy": "strict",
            "owners": ["carol", "bob"],
        }
    ],
    "permissions": [
        {"id": READER, "app_id": CRM, "label": "Reader", "policy": "machine"},
        {"id": WRITER, "app_id": CRM, "label": "Writer"},
    ],
}
WISHES = st.sampled_from([(READER,), (WRITER,), (READER, WRITER), ()])
LENGTHS = st.sampled_from([HOUR, HOUR, 24 * HOUR, None])
OPEN, CLOSED = "open", "closed"


class Requests(RuleBasedStateMachine):
    """Does anything, and looks at the log."""

    open_database: Callable[[], EventStore]

    def __init__(self) -> None:
        super().__init__()
        self.store = self.open_database()
        self.store.create(SCHEMA)
        self.now = NOW
        self.requests: list[RequestId] = []
        self.decisions: list[Decide] = []
        self._open_bus()
        self.bus.call_blocking(self._prepare)

    def _open_bus(self) -> None:
        self.bus = CommandBus(self.store, HANDLERS, INLINE, new_id, reactions=REACTIONS)
        self.bus.start()

    def _prepare(self, work: UnitOfWork) -> None:
        catalog = parse_catalog(json.dumps(CATALOG).encode())
        record = IntegrationRecord((Right.DECIDE,), nkey="U" + "A" * 55)
        commands: list[object] = [
            PutPerson(ALICE, seeds.person(ALICE, manager=BOB, groups=("sales",))),
            PutPerson(BOB, seeds.person(BOB, manager=CAROL)),
            PutPerson(CAROL, seeds.person(CAROL, manager=BOB)),
            PutPerson(ADMIN, seeds.person(ADMIN, roles=(Role.EMPLOYEE, Role.ADMINISTRATOR))),
            AddIntegration("auto", record),
            AddIntegration("directory", replace(record, rights=(Right.FULFIL,))),
            *map(PublishPolicy, catalog.policies.values()),
            *(PutApp(key, one) for key, one in catalog.apps.items()),
            *(PutPermission(key, one) for key, one in catalog.permissions.items()),
        ]
        for command in commands:
            work.execute(command, seeds.CONTEXT)

    def teardown(self) -> None:
        self.bus.close()
        self.store.close()

    def attempt(self, command: Any, via: Via = Via.WEB) -> bool:
        """Execute; a refusal leaves the log as it was. Return whether anything happened."""
        head = self.store.head()
        context = CommandContext(Actor(via), self.now, new_id())
        try:
            done = self.bus.call_blocking(lambda work: work.execute(command, context))
        except Refused:
            assert self.store.head() == head
            return False
        return bool(done.changed)

    def some(self, data: st.DataObject) -> RequestId:
        return data.draw(st.sampled_from(self.requests))

    @rule(
        asker=PEOPLE,
        other=st.one_of(st.none(), st.none(), PEOPLE),
        wish=WISHES,
        seconds=LENGTHS,
        data=st.data(),
    )
    def submit(
        self,
        asker: PersonId,
        other: PersonId | None,
        wish: tuple[PermissionId, ...],
        seconds: int | None,
        data: st.DataObject,
    ) -> None:
        fresh = RequestId(new_id())
        whom = other or asker
        extends = data.draw(st.sampled_from([None, None, *self.requests[-1:]]))
        starts = data.draw(st.sampled_from([None, None, self.now + timedelta(hours=2)]))
        command = seeds.submission(
            fresh,
            requester=asker,
            target=whom,
            app_id=CRM,
            permission_ids=wish,
            now=self.now,
            access_seconds=seconds,
            length_given=True,
            extends=extends,
            starts_at=starts,
            emergency=data.draw(st.sampled_from([False, False, True])),
        )
        if self.attempt(command, Via.MCP):
            self.requests.append(fresh)

    @precondition(lambda self: self.requests)
    @rule(
        by=st.one_of(PEOPLE, st.none()), through=st.one_of(INTEGRATIONS, st.none()), data=st.data()
    )
    def decide(self, by: PersonId | None, through: str | None, data: st.DataObject) -> None:
        command = Decide(
            request_id=self.some(data),
            decision_id=new_id(),
            digest=new_id(),
            verdict=data.draw(st.sampled_from([Verdict.APPROVE, Verdict.APPROVE, Verdict.DENY])),
            now=self.now,
            decided_by=by,
            submitted_by=through,
            evidence=data.draw(st.sampled_from(list(Evidence))),
            items=data.draw(st.sampled_from([None, None, (READER,), (WRITER,), (CRM,)])),
            deny_rest=data.draw(st.booleans()),
            access_seconds=data.draw(st.sampled_from([None, None, HOUR, 2 * HOUR, 999 * HOUR])),
            reason="Because",
        )
        if self.attempt(command, Via.NATS if through else Via.WEB):
            self.decisions.append(command)

    @precondition(lambda self: self.requests)
    @rule(data=st.data(), often=st.integers(1, 4))
    def somebody_does_what_waits_for_him(self, data: st.DataObject, often: int) -> None:
        for _ in range(often):
            with self.store.read() as rows:
                waiting = rows.select(
                    "SELECT person_id, request_id, item_id, kind FROM inbox "
                    "ORDER BY person_id, request_id, item_id"
                )
            if waiting:
                who, request_id, item, kind = map(str, data.draw(st.sampled_from(waiting)))
                self._do(PersonId(who), RequestId(request_id), item, kind, data)

    def _do(
        self, who: PersonId, request_id: RequestId, item: str, kind: str, data: st.DataObject
    ) -> None:
        if kind == "decision":
            seconds = data.draw(st.sampled_from([None, None, HOUR, 999 * HOUR]))
            decision = Decide(
                request_id,
                new_id(),
                "d",
                Verdict.APPROVE,
                self.now,
                who,
                evidence=Evidence.SESSION,
                items=(item,),
                access_seconds=seconds,
            )
            if self.attempt(decision):
                self.decisions.append(decision)
        elif kind in ("grant", "removal"):
            action = Action.GRANT if kind == "grant" else Action.REMOVE
            report = ReportFulfilment(
                request_id, new_id(), "d", action, Result.DONE, self.now, who, items=(item,)
            )
            self.attempt(report)

    @precondition(lambda self: self.requests)
    @rule(result=st.sampled_from([Result.DONE, Result.DONE, Result.FAILED]))
    def an_integration_does_what_it_was_told(self, result: Result) -> None:
        with self.store.read() as rows:
            told = rows.select(
                "SELECT request_id, item_id, status FROM access_request_item "
                "WHERE waiting_json LIKE ? ORDER BY request_id, item_id",
                ('%"integration directory"%',),
            )
        for request_id, item, status in told:
            removal = "DEPROVISIONING" in str(status) or str(status) in (
                "REVERTING",
                "TIME_BASED_EXPIRED_FAILED",
            )
            action = Action.REMOVE if removal else Action.GRANT
            self.attempt(
                ReportFulfilment(
                    RequestId(str(request_id)),
                    new_id(),
                    "d",
                    action,
                    result,
                    self.now,
                    submitted_by="directory",
                    items=(str(item),),
                    reason="It says so",
                )
            )

    @precondition(lambda self: self.decisions)
    @rule(data=st.data())
    def decide_the_same_again(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(self.decisions))
        head = self.store.head()
        for _ in range(10):
            assert not self.attempt(replace(one, now=self.now))
        assert not self.attempt(replace(one, digest="another content"))
        assert self.store.head() == head

    @precondition(lambda self: self.requests)
    @rule(
        by=st.one_of(PEOPLE, st.none()),
        action=st.sampled_from(Action),
        result=st.sampled_from([Result.DONE, Result.DONE, Result.FAILED, Result.REFUSED]),
        data=st.data(),
    )
    def report(
        self, by: PersonId | None, action: Action, result: Result, data: st.DataObject
    ) -> None:
        command = ReportFulfilment(
            request_id=self.some(data),
            report_id=new_id(),
            digest="d",
            action=action,
            result=result,
            now=self.now,
            reported_by=by,
            submitted_by=None if by else data.draw(INTEGRATIONS),
            reason="So it is",
        )
        self.attempt(command)

    @precondition(lambda self: self.requests)
    @rule(
        by=PEOPLE,
        what=st.sampled_from([CancelRequest, RevokeAccess, CallOffRemoval]),
        data=st.data(),
    )
    def end(self, by: PersonId, what: Any, data: st.DataObject) -> None:
        self.attempt(what(self.some(data), by, "No need", self.now))

    @precondition(lambda self: self.requests)
    @rule(by=PEOPLE, others=st.sets(PEOPLE, max_size=2), data=st.data())
    def talk_and_hand_over(self, by: PersonId, others: set[PersonId], data: st.DataObject) -> None:
        self.attempt(CommentOnRequest(self.some(data), by, "Hello", self.now))
        self.attempt(Reassign(self.some(data), by, tuple(sorted(others)), None, self.now))

    @precondition(lambda self: self.requests)
    @rule(by=PEOPLE, judgement=st.sampled_from(Judgement), data=st.data())
    def review(self, by: PersonId, judgement: Judgement, data: st.DataObject) -> None:
        self.attempt(CompleteReview(self.some(data), by, judgement, "I looked"))

    @rule(hours=st.sampled_from([1, 1, 3, 13, 30, 24 * 20]))
    def let_time_pass(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        self._do_what_is_due()

    @precondition(lambda self: len(self.requests) > 1)
    @rule(
        who=st.sampled_from([ALICE, CAROL]),
        disabled=st.sampled_from([False, False, True]),
        manager=PEOPLE,
    )
    def change_the_directory(self, who: PersonId, disabled: bool, manager: PersonId) -> None:
        boss = None if manager == who else manager
        groups = ("sales",) if who == ALICE else ()
        record = seeds.person(who, manager=boss, groups=groups, disabled=disabled)
        self.attempt(PutPerson(who, record), Via.CLI)

    @precondition(lambda self: len(self.requests) > 2)
    @rule()
    def retire_and_bring_back_a_permission(self) -> None:
        record = parse_catalog(json.dumps(CATALOG).encode()).permissions[WRITER]
        self.attempt(RetirePermission(WRITER), Via.CLI)
        self.attempt(PutPermission(WRITER, record), Via.CLI)

    @rule()
    def die_and_come_back(self) -> None:
        self.bus.close()
        self._open_bus()

    def _do_what_is_due(self) -> None:
        for _ in range(60):
            with self.store.read() as rows:
                due = due_by(rows, self.now, 100)
            changed = [
                self.attempt(
                    RemindReviewers(one.request_id, self.now)
                    if one.review
                    else LetTimePass(one.request_id, self.now),
                    Via.TIMER,
                )
                for one in due
            ]
            if not due:
                return
            assert any(changed), f"due, but nothing to do: {due}"
        raise AssertionError("what is due does not come to an end")

    def log(self) -> list[Recorded]:
        return list(self.store.events_after(0, 100_000))

    def by_request(self) -> dict[str, list[Any]]:
        told: dict[str, list[Any]] = defaultdict(list)
        for one in self.log():
            if one.envelope.stream.startswith("access_request-"):
                told[one.envelope.stream].append(one.envelope.event)
        return told

    @invariant()
    def nobody_decided_for_himself_and_no_decision_widened(self) -> None:
        for events in self.by_request().values():
            submitted = events[0]
            assert isinstance(submitted, RequestSubmitted)
            length: dict[str, int | None] = dict.fromkeys(
                submitted.item_ids, submitted.access_seconds
            )
            for event in events:
                if not isinstance(event, DecisionTaken):
                    continue
                assert event.decided_by not in (submitted.requester, submitted.target)
                for item in event.items:
                    assert item in length
                    if event.access_seconds is not None:
                        before = length[item]
                        assert before is None or event.access_seconds <= before
                        length[item] = event.access_seconds

    @invariant()
    def one_person_counts_once_and_one_decision_too(self) -> None:
        for events in self.by_request().values():
            taken = [one for one in events if isinstance(one, DecisionTaken)]
            votes = Counter(
                (one.decided_by or one.submitted_by, item)
                for one in taken
                if one.verdict is Verdict.APPROVE
                for item in one.items
            )
            assert max(votes.values(), default=1) == 1

    @invariant()
    def no_two_requests_ask_for_or_hold_the_same(self) -> None:
        asking: dict[tuple[str, str, bool], str] = {}
        holding: dict[tuple[str, str], str] = {}
        for one in self.log():
            event = one.envelope.event
            stream = one.envelope.stream
            self._follow(event, stream, asking, holding)

    def _follow(
        self, event: Any, stream: str, asking: dict[Any, str], holding: dict[Any, str]
    ) -> None:
        match event:
            case RequestSubmitted():
                for item in event.item_ids:
                    key = (event.target, item, event.extends is not None)
                    assert key not in asking, "asked for twice"
                    asking[key] = stream
            case RequestDenied() | RequestExpired() | AccessCompleted():
                _forget(asking, stream, event.items)
            case RequestCancelled():
                _forget(asking, stream, event.items)
            case ProvisioningDenied():
                _forget(asking, stream, (event.item_id,))
            case Provisioned():
                _forget(asking, stream, (event.item_id,))
                assert (event.target, event.item_id) not in holding, "held twice"
                holding[event.target, event.item_id] = stream
            case Deprovisioned():
                holding.pop((event.target, event.item_id), None)

    @invariant()
    def what_a_person_holds_is_told_alike_by_both_read_models(self) -> None:
        marks = ", ".join("?" * len(HELD))
        with self.store.read() as rows:
            by_requests = rows.select(
                "SELECT r.target, i.item_id, r.request_id FROM access_request r "
                "JOIN access_request_item i ON i.request_id = r.request_id "
                f"WHERE r.extends IS NULL AND i.status IN ({marks})",
                tuple(sorted(HELD)),
            )
            held = rows.select(
                "SELECT target, item_id, request_id FROM held_item WHERE ending = 0"
            )
            parts = rows.select("SELECT request_id, app_id, status FROM access_request_part")
            requests = rows.select("SELECT request_id, app_id, status FROM access_request")
        assert sorted(by_requests) == sorted(held)
        assert set(parts) == set(requests)

    @invariant()
    def nothing_follows_the_end_of_a_request(self) -> None:
        for events in self.by_request().values():
            closed = [at for at, one in enumerate(events) if isinstance(one, RequestClosed)]
            assert closed in ([], [len(events) - 1])

    @invariant()
    def access_whose_time_is_over_is_being_removed(self) -> None:
        """Judged only when all that is due has been done."""
        with self.store.read() as rows:
            if due_by(rows, self.now, 1):
                return
        for events in self.by_request().values():
            ends: dict[str, datetime | None] = {}
            for event in events:
                match event:
                    case Provisioned() | AccessExtended():
                        ends[event.item_id] = event.expires_at
                    case DeprovisioningStarted():
                        ends.pop(event.item_id, None)
                    case RemovalCalledOff():
                        for item in event.items:
                            ends.pop(item, None)
            assert all(until is None or until > self.now for until in ends.values())

    @invariant()
    def read_models_rebuilt_are_those_that_are_there(self) -> None:
        fresh = open_store(MEMORY)
        fresh.create(SCHEMA)
        tables = tuple(table for one in INLINE for table in one.tables)
        with fresh.write() as transaction:
            for recorded in self.log():
                for projection in INLINE:
                    projection.apply(transaction.rows, recorded)
        assert table_rows(fresh, tables) == table_rows(self.store, tables)
        fresh.close()


def _forget(asking: dict[Any, str], stream: str, items: tuple[str, ...]) -> None:
    for key in [key for key, owner in asking.items() if owner == stream and key[1] in items]:
        del asking[key]


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> Callable[[], EventStore]:
    """Opens an empty database each time."""
    if request.param == "memory":
        return lambda: open_store(MEMORY)
    if request.param == "sqlite":
        folder = request.getfixturevalue("tmp_path")
        return lambda: open_store(f"sqlite:///{folder / new_id()}.db")
    create = request.getfixturevalue("new_postgres_database")
    return lambda: open_store(create())


EXAMPLES = {"memory": 40, "sqlite": 5, "postgres": 5}


def test_no_sequence_of_commands_breaks_an_invariant(
    database: Callable[[], EventStore], request: pytest.FixtureRequest
) -> None:
    class OnThis(Requests):
        open_database = staticmethod(database)

    run_state_machine_as_test(
        OnThis,
        settings=settings(
            max_examples=EXAMPLES[request.node.callspec.params["database"]],
            stateful_step_count=60,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
