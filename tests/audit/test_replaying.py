"""Replay of decisions: a history in which everything happens follows from the rules, on every database; and
an event that somebody puts into the log past the rules is named by its position."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from adapters.open_store import MEMORY, open_store
from adapters.system import new_id
from domain.access_request import (
    AccessExtended,
    Action,
    CancelRequest,
    DecisionTaken,
    Provisioned,
    RequestApproved,
    RequestDenied,
    RequestRouted,
    RequestSubmitted,
    StageStarted,
    Verdict,
    request_stream,
)
from domain.envelope import Envelope
from domain.events import EVENT_TYPES, Event
from domain.person import PutPerson
from domain.policy import DAY, Evidence, PolicyPublished, policy_stream
from domain.ports import EventStore
from domain.values import Actor, RequestId, StreamId, Via
from server.audit.replay import NOT_REPLAYED, Mismatch, Replayed, replay_decisions
from server.audit.replay.rebuilding import COMMANDS
from server.audit.replay.replaying import FORGOTTEN, NO_CAUSE
from server.audit.replay.runs import CONSEQUENCES
from server.command_bus import CommandBus, CommandContext
from server.handlers import HANDLERS
from server.operations import OPERATIONS
from server.reactions import REACTIONS
from server.wiring import INLINE, SCHEMA, System
from tests import seeds
from tests.audit.every_event import (
    DORA,
    EVE,
    LEDGER,
    OWNER,
    POSTER,
    History,
    begin,
    everything,
)
from tests.bus.test_state_machine import Requests
from tests.inbox.visitor import Visitor
from tests.seeds import ALICE, BOB, CAROL, READER, WRITER
from tests.two_stages import TICKET, WISH, prepare
from tests.web import web_of

SHOWN_AGAIN = "which refresh token was shown again is not recorded"
UNNAMED = "who reported that it failed is not recorded"


def replay(store: EventStore) -> Replayed:
    return replay_decisions(store, lambda: open_store(MEMORY), INLINE, lambda _done, _of: None)


def test_every_topic_is_replayed_or_says_why_not() -> None:
    tables = [[one.TOPIC for one in COMMANDS], [one.TOPIC for one in CONSEQUENCES], NOT_REPLAYED]
    topics = [topic for table in tables for topic in table]
    assert sorted(topics) == sorted(EVENT_TYPES)
    assert [one for one in NOT_REPLAYED if one.startswith("access_request.")] == []
    assert all(NOT_REPLAYED.values())


def test_a_history_in_which_everything_happens_follows_from_the_rules(
    store: EventStore, bus: CommandBus
) -> None:
    history = everything(bus)
    log = store.events_after(0, 10_000)
    assert {one.envelope.event.TOPIC for one in log} == set(EVENT_TYPES)
    heard: list[tuple[int, int]] = []
    found = replay_decisions(store, lambda: open_store(MEMORY), INLINE, lambda *p: heard.append(p))
    assert (found.mismatch, found.skipped) == (None, {SHOWN_AGAIN: 1})
    assert found.events == store.head() == len(log)
    assert heard[-1] == (len(log), len(log))
    reactions = {
        (one.envelope.causation_id, one.envelope.stream)
        for one in log
        if one.envelope.causation_id
    }
    assert len(reactions) > 10
    # One more: the review that objected cancelled and revoked in one stream.
    assert found.decisions + 1 == history.commands + len(reactions) + 1


def test_whatever_people_do_follows_from_the_rules() -> None:
    class Replaying(Requests):
        open_database = staticmethod(lambda: open_store(MEMORY))

        def teardown(self) -> None:
            found = replay(self.store)
            super().teardown()
            assert found.mismatch is None, found
            assert found.skipped.keys() <= {UNNAMED}

    run_state_machine_as_test(
        Replaying,
        settings=settings(
            max_examples=3,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.anyio
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_comes_through_the_doors_of_the_server_follows_from_the_rules(
    system: System,
) -> None:
    """Each door reads the clock more than once."""
    prepare(system)
    async with web_of(system) as web:
        wire = await web.wire()
        await wire.ask("submit_access_request", **WISH, custom_fields=TICKET)
        (submitted,) = web.events(RequestSubmitted)
        path = f"/requests/{submitted.request_id}"
        await (await Visitor(web, "bob").sign_in(path)).done(path, "approve")
        await (await Visitor(web, "carol").sign_in(path)).done(path, "approve")
        admin = await Visitor(web, "admin").sign_in(path)
        await admin.done(path, "report", result="done")
        assert len(web.events(Provisioned)) == 1
    found = replay(system.store)
    assert (found.mismatch, found.skipped) == (None, {})


@dataclass
class Forger:
    """A history of two requests, and somebody who can write into its log."""

    store: EventStore
    history: History
    waiting: RequestId
    granted: RequestId

    def last(self, kind: type) -> Any:
        log = self.store.events_after(0, 10_000)
        return [one.envelope.event for one in log if isinstance(one.envelope.event, kind)][-1]

    def append(self, *events: Event, stream: StreamId | None = None) -> int:
        """Append as one command would; return the position of the first."""
        where = stream or request_stream(events[0].request_id)  # type: ignore[union-attr]
        version = len(self.store.stream(where))
        envelopes = [
            Envelope(
                new_id(), where, version + at, self.history.now, Actor(Via.WEB), "c", None, one
            )
            for at, one in enumerate(events, start=1)
        ]
        with self.store.write() as transaction:
            return transaction.append(envelopes)[0].position

    def decision(self, **changes: Any) -> DecisionTaken:
        """Return the decision that bob would take on what waits."""
        event = DecisionTaken(
            self.waiting,
            seeds.CRM,
            "d-forged",
            "d",
            (WRITER,),
            0,
            "manager",
            Verdict.APPROVE,
            BOB,
            None,
            Evidence.SESSION,
            None,
            None,
            None,
        )
        return replace(event, **changes)


@pytest.fixture
def forger() -> Iterator[Forger]:
    memory = open_store(MEMORY)
    memory.create(SCHEMA)
    bus = CommandBus(memory, HANDLERS, INLINE, new_id, reactions=REACTIONS)
    bus.start()
    history = begin(bus)
    granted = history.submit(READER, access_seconds=DAY)
    history.decide_by_machine(granted)
    history.report(granted, Action.GRANT)
    waiting = history.submit(WRITER)
    yield Forger(memory, history, waiting, granted)
    bus.close()
    memory.close()


def self_approved(forger: Forger) -> int:
    return forger.append(forger.decision(decided_by=ALICE))


def approved_by_nobody_who_may(forger: Forger) -> int:
    return forger.append(forger.decision(decided_by=DORA))


def approved_without_a_decision(forger: Forger) -> int:
    approved = replace(forger.last(RequestApproved), request_id=forger.waiting, items=(WRITER,))
    return forger.append(approved)


def approved_past_the_second_stage(forger: Forger) -> int:
    approved = replace(forger.last(RequestApproved), request_id=forger.waiting, items=(WRITER,))
    return forger.append(forger.decision(), approved) + 1


def decided_with_nothing_coming_of_it(forger: Forger) -> int:
    return forger.append(forger.decision())


def denied_without_a_reason(forger: Forger) -> int:
    decided = forger.decision(verdict=Verdict.DENY)
    denied = RequestDenied(forger.waiting, seeds.CRM, (WRITER,), by_manager=True, reason=None)
    return forger.append(decided, denied)


def lasts_longer_than_was_approved(forger: Forger) -> int:
    held = forger.last(Provisioned)
    later = replace(held, expires_at=held.expires_at + timedelta(days=365), report_id="f-x")
    return forger.append(later)


def extended_by_no_request(forger: Forger) -> int:
    return forger.append(
        AccessExtended(forger.granted, seeds.CRM, READER, RequestId("r-none"), None)
    )


def forged_submission(forger: Forger, **route: Any) -> tuple[RequestSubmitted, RequestRouted]:
    """Return how alice would have asked to own the CRM."""
    submitted, routed = forger.last(RequestSubmitted), forger.last(RequestRouted)
    request = RequestId("r-forged")
    item = replace(submitted.permissions[0], permission_id=OWNER, label="Owner")
    way = replace(routed.routes[0], items=(OWNER,), **route)
    return (
        replace(submitted, request_id=request, permissions=(item,)),
        replace(routed, request_id=request, routes=(way,)),
    )


def approved_by_a_rule_that_is_not_for_her(forger: Forger) -> int:
    asked = forged_submission(forger, approved_by="short")
    approved = forger.last(RequestApproved)
    approved = replace(approved, request_id=asked[0].request_id, items=(OWNER,))
    return forger.append(*asked, approved) + 1


def other_approvers_than_the_directory_names(forger: Forger) -> int:
    asked = forged_submission(forger)
    started = replace(forger.last(StageStarted), approvers=(DORA,), items=(OWNER,))
    return forger.append(*asked, replace(started, request_id=asked[0].request_id)) + 2


def a_policy_out_of_its_turn(forger: Forger) -> int:
    policy = forger.last(PolicyPublished).policy
    event = PolicyPublished(replace(policy, maximum_open=9, version=7))
    return forger.append(event, stream=policy_stream(policy.policy_id))


def into_the_stream_of_another(forger: Forger) -> int:
    return forger.append(forger.decision(), stream=request_stream(forger.granted))


def held_before_it_was_asked_for(forger: Forger) -> int:
    held = replace(forger.last(Provisioned), request_id=RequestId("r-none"))
    return forger.append(held)


@pytest.mark.parametrize(
    ("forge", "word"),
    [
        (self_approved, "self_approval"),
        (approved_by_nobody_who_may, "not_an_approver"),
        (approved_without_a_decision, NO_CAUSE),
        (approved_past_the_second_stage, "access_request.stage_approved"),
        (decided_with_nothing_coming_of_it, "recorded nothing"),
        (denied_without_a_reason, "input_missing"),
        (lasts_longer_than_was_approved, "nothing_under_way"),
        (extended_by_no_request, NO_CAUSE),
        (approved_by_a_rule_that_is_not_for_her, "routes[0].approved_by: recorded short"),
        (other_approvers_than_the_directory_names, "stage_started.approvers"),
        (a_policy_out_of_its_turn, "version: recorded 7, the rules say 2"),
        (into_the_stream_of_another, "it would follow version"),
        (held_before_it_was_asked_for, "not_found"),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_what_the_rules_would_not_give_is_named_by_its_position(
    forger: Forger, forge: Callable[[Forger], int], word: str
) -> None:
    assert replay(forger.store).mismatch is None
    before = forger.store.head()
    position = forge(forger)
    forger.history.do(PutPerson(DORA, seeds.person(DORA, manager=BOB)))
    found = replay(forger.store)
    assert isinstance(found.mismatch, Mismatch)
    told = "\n".join(found.mismatch.lines)
    assert word in told
    assert found.mismatch.position == position, told
    assert found.events == before


def late(history: History, command: Any, delay: timedelta) -> None:
    """Execute a command that read the clock after its recording did."""
    context = CommandContext(Actor(Via.WEB), history.now, new_id())
    moved = replace(command, now=history.now + delay)
    history.bus.call_blocking(lambda work: work.execute(moved, context))


def test_a_moment_that_is_not_that_of_the_recording_is_named(forger: Forger) -> None:
    """A command and its recording read the clock once, together: no event is a little early or late."""
    wish = seeds.submission("r-late", permission_ids=(OWNER,), access_seconds=3_600)
    late(forger.history, replace(wish, length_given=True), timedelta(microseconds=1))
    found = replay(forger.store).mismatch
    assert found is not None
    assert "access_request.routed.pending_until" in found.why[0]


@pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)
def test_what_rested_on_somebody_who_was_forgotten_is_no_mismatch(empty_system: System) -> None:
    system = empty_system
    history = begin(system.bus)
    form = {"app_id": LEDGER, "access_seconds": 8 * 3_600, "answers": (("Ticket", "T-1"),)}
    by_rule = history.submit(POSTER, requester=EVE, target=EVE, **form)
    history.do(CancelRequest(by_rule, EVE, "Thanks", history.now), Actor(Via.WEB, EVE))
    at_desk = history.submit(POSTER, requester=CAROL, target=CAROL, **form)
    history.decide(at_desk, DORA, Verdict.DENY, reason="Not now")
    whole = replay(system.store)
    assert (whole.mismatch, whole.skipped) == (None, {})
    for one in (EVE, DORA):
        history.do(PutPerson(one, seeds.person(one, disabled=True)))
        body = json.dumps({"person": one}).encode()
        OPERATIONS["people forget"](system, body, lambda _progress: None)
    history.submit(POSTER, requester=CAROL, target=CAROL, **form)
    found = replay(system.store)
    assert found.mismatch is None
    # Eve's attribute, and that the policy named Dora by her user name.
    assert found.skipped[FORGOTTEN] == 2
    assert found.decisions > whole.decisions
    copy = open_store(system.settings.store_url)
    unread = replay(copy)
    copy.close()
    assert unread.mismatch is None
    assert unread.skipped.keys() == {FORGOTTEN}


def test_a_forgery_about_somebody_who_was_forgotten_is_still_one(forger: Forger) -> None:
    history = forger.history
    request = history.submit(OWNER, requester=CAROL, target=CAROL)
    history.decide(request, BOB, Verdict.DENY, reason="No")
    history.do(PutPerson(DORA, seeds.person(DORA, disabled=True)))
    with forger.store.write() as transaction:
        transaction.forget(DORA)
    position = forger.append(forger.decision(decided_by=DORA))
    found = replay(forger.store).mismatch
    assert found is not None
    assert found.position == position
