"""Weeks in which much happens: people ask, decide, grant, extend, withdraw, revoke and let time pass, by
chance but the same each time. Whoever looks on is told after each step."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import count
from random import Random
from typing import Any

from domain.access_request import (
    Action,
    CallOffRemoval,
    CancelRequest,
    CommentOnRequest,
    Decide,
    LetTimePass,
    Reassign,
    ReportFulfilment,
    Result,
    RevokeAccess,
    Verdict,
)
from domain.catalog import AppRecord, PutApp, PutPermission, RetireApp, RetirePermission
from domain.consent import GiveConsent, RevokeConsent
from domain.errors import Refused
from domain.integration import AddIntegration, IntegrationRecord, Right
from domain.person import PutPerson, Role
from domain.policy import Evidence, PublishPolicy, RetirePolicy
from domain.ports import EventStore
from domain.review import CompleteReview, Judgement, RemindReviewers
from domain.values import Actor, Client, ClientId, ConsentId, PersonId, RequestId, Via
from projections import catalog
from projections.timers import due_by
from server.catalog.file import parse_catalog
from server.command_bus import CommandBus, CommandContext
from server.handlers import HANDLERS
from server.reactions import REACTIONS
from server.wiring import INLINE
from tests import seeds
from tests.bus.test_state_machine import ADMIN, CATALOG, HOUR
from tests.seeds import ALICE, BOB, CAROL, CRM, READER, WIKI, WRITER
from tests.times import NOW

STAFF = tuple(PersonId(f"p-{name}") for name in ("dan", "eve", "finn", "gina", "hugo", "ida"))
PEOPLE = (ALICE, BOB, CAROL, ADMIN, *STAFF)
WISHES = ((READER,), (WRITER,), (READER, WRITER), (READER, WRITER), ())
SCOPES = ("doorward:user:read", "doorward:user:write")


class Eventful:
    """A store with people, policies and a catalog, and what happens in it."""

    def __init__(self, store: EventStore, seed: int) -> None:
        self.store = store
        self.now = NOW
        self.chance = Random(seed)
        numbers = count(1)
        self.new_id: Callable[[], str] = lambda: f"00000000-0000-7000-8000-{next(numbers):012d}"
        self._catalog = parse_catalog(json.dumps(CATALOG).encode())
        models = (*INLINE, catalog.PROJECTION)
        self.bus = CommandBus(store, HANDLERS, models, self.new_id, reactions=REACTIONS)

    def happen(self, steps: int, look_on: Callable[[], None]) -> None:
        """Let as many things happen."""
        self.bus.start()
        try:
            self._begin()
            look_on()
            for _ in range(steps):
                self.chance.choice(HAPPENINGS)(self)
                look_on()
        finally:
            self.bus.close()

    def attempt(self, command: Any) -> None:
        """Do something, or be refused."""
        context = CommandContext(Actor(Via.WEB), self.now, self.new_id())
        with suppress(Refused):
            self.bus.call_blocking(lambda work: work.execute(command, context))

    def _begin(self) -> None:
        record = IntegrationRecord((Right.DECIDE,), nkey="U" + "A" * 55)
        employee, administrator = Role.EMPLOYEE, Role.ADMINISTRATOR
        for command in (
            PutPerson(ALICE, seeds.person(ALICE, manager=BOB, groups=("sales",))),
            PutPerson(BOB, seeds.person(BOB, manager=CAROL)),
            PutPerson(CAROL, seeds.person(CAROL, manager=BOB)),
            PutPerson(ADMIN, seeds.person(ADMIN, roles=(employee, administrator))),
            *(PutPerson(one, seeds.person(one, manager=BOB, groups=("sales",))) for one in STAFF),
            AddIntegration("auto", record),
            AddIntegration("directory", replace(record, rights=(Right.FULFIL,))),
            *map(PublishPolicy, self._catalog.policies.values()),
            *(PutApp(key, one) for key, one in self._catalog.apps.items()),
            *(PutPermission(key, one) for key, one in self._catalog.permissions.items()),
        ):
            self.attempt(command)

    def _one(self, sql: str, *params: str) -> tuple[Any, ...] | None:
        with self.store.read() as rows:
            found = rows.select(sql, params)
        return self.chance.choice(found) if found else None

    def ask(self) -> None:
        asker = self.chance.choice(PEOPLE)
        self.attempt(
            seeds.submission(
                self.new_id(),
                requester=asker,
                target=self.chance.choice((asker, asker, *PEOPLE)),
                app_id=CRM,
                permission_ids=self.chance.choice(WISHES),
                now=self.now,
                access_seconds=self.chance.choice((HOUR, 24 * HOUR, 24 * HOUR, None)),
                length_given=True,
                emergency=self.chance.random() < 0.15,
                starts_at=self.now + timedelta(hours=2) if self.chance.random() < 0.1 else None,
            )
        )

    def ask_for_more_time(self) -> None:
        held = self._one(
            "SELECT target, item_id, request_id FROM held_item "
            "WHERE expires_at IS NOT NULL AND ending = 0 ORDER BY target, item_id"
        )
        if held:
            target, item, request_id = held
            self.attempt(
                seeds.submission(
                    self.new_id(),
                    requester=target,
                    target=target,
                    app_id=CRM,
                    permission_ids=() if item == CRM else (item,),
                    now=self.now,
                    access_seconds=24 * HOUR,
                    length_given=True,
                    extends=RequestId(request_id),
                )
            )

    def do_what_waits(self) -> None:
        waiting = self._one(
            "SELECT person_id, request_id, item_id, kind FROM inbox "
            "ORDER BY person_id, request_id, item_id"
        )
        if waiting is None:
            return
        who, request_id, item, kind = waiting
        if kind == "decision":
            verdict = self.chance.choice((Verdict.APPROVE,) * 5 + (Verdict.DENY,))
            self.attempt(
                Decide(request_id, self.new_id(), "d", verdict, self.now, who,
                       evidence=Evidence.SESSION, items=(item,), reason="So be it")
            )  # fmt: skip
        elif kind in ("grant", "removal"):
            action = Action.GRANT if kind == "grant" else Action.REMOVE
            self._report(request_id, item, action, who, None)
        else:
            judgement = self.chance.choice((Judgement.JUSTIFIED, Judgement.OBJECTED))
            self.attempt(CompleteReview(request_id, who, judgement, "I looked"))

    def let_the_integration_work(self) -> None:
        told = self._one(
            "SELECT request_id, item_id, status FROM access_request_item WHERE waiting_json "
            "LIKE ? ORDER BY request_id, item_id",
            "%integration directory%",
        )
        if told:
            request_id, item, status = told
            grant = status in ("PENDING_PROVISIONING", "PENDING_MANUAL_PROVISIONING")
            action = Action.GRANT if grant else Action.REMOVE
            self._report(request_id, item, action, None, "directory")

    def _report(
        self, request_id: Any, item: Any, action: Action, by: Any, through: str | None
    ) -> None:
        result = self.chance.choice((Result.DONE,) * 5 + (Result.FAILED, Result.REFUSED))
        self.attempt(
            ReportFulfilment(request_id, self.new_id(), "d", action, result, self.now, by,
                             submitted_by=through, items=(item,), reason="So it is")
        )  # fmt: skip

    def let_the_other_integration_decide(self) -> None:
        told = self._one(
            "SELECT request_id, item_id FROM access_request_item WHERE waiting_json "
            "LIKE ? ORDER BY request_id, item_id",
            "%integration auto%",
        )
        if told:
            request_id, item = told
            self.attempt(
                Decide(request_id, self.new_id(), "d", Verdict.APPROVE, self.now, None,
                       submitted_by="auto", evidence=Evidence.ASSERTED, items=(item,))
            )  # fmt: skip

    def end_something(self) -> None:
        found = self._one("SELECT request_id, requester FROM access_request ORDER BY request_id")
        if found:
            request_id, requester = found
            what = self.chance.choice((CancelRequest, RevokeAccess, CommentOnRequest))
            by = self.chance.choice((PersonId(requester), ADMIN))
            self.attempt(what(request_id, by, "No need", self.now))
            self.attempt(Reassign(request_id, by, (BOB, CAROL), None, self.now))

    def call_off(self) -> None:
        found = self._one("SELECT DISTINCT request_id FROM held_item WHERE ending = 1 ORDER BY 1")
        if found:
            self.attempt(CallOffRemoval(RequestId(found[0]), ADMIN, "Keep it", self.now))

    def pass_time(self) -> None:
        self.now += timedelta(hours=self.chance.choice((1, 1, 5, 13, 30, 80)))
        for _ in range(60):
            with self.store.read() as rows:
                due = due_by(rows, self.now, 100)
            for one in due:
                kind = RemindReviewers if one.review else LetTimePass
                self.attempt(kind(one.request_id, self.now))

    def consent(self) -> None:
        who, client = self.chance.choice(PEOPLE), self.chance.choice(("assistant", "editor"))
        consent_id = ConsentId(f"c-{who}-{client}")
        wanted = tuple(sorted(self.chance.sample(SCOPES, self.chance.choice((1, 2)))))
        given = GiveConsent(
            consent_id,
            who,
            Client(ClientId(client), client.title()),
            "https://access.example/mcp/user",
            "http://127.0.0.1",
            wanted,
            declined=tuple(sorted(set(SCOPES) - set(wanted))),
        )
        self.attempt(self.chance.choice((given, given, RevokeConsent(consent_id))))

    def change_what_is_known(self) -> None:
        boss = self.chance.choice((BOB, ADMIN))
        policy = replace(self._catalog.policies["strict"], policy_id="other")
        wiki = AppRecord(self.chance.choice(("Wiki", "Notes")))
        self.attempt(
            self.chance.choice(
                (
                    PutPerson(CAROL, seeds.person(CAROL, manager=boss)),
                    PublishPolicy(replace(policy, maximum_open=self.chance.choice((5, 9)))),
                    RetirePolicy("other"),
                    PutApp(WIKI, wiki),
                    RetireApp(WIKI),
                    RetirePermission(WRITER),
                    *(PutPermission(WRITER, self._catalog.permissions[WRITER]),) * 3,
                )
            )
        )


HAPPENINGS: tuple[Callable[[Eventful], None], ...] = (
    *(Eventful.ask,) * 6,
    *(Eventful.ask_for_more_time,) * 3,
    *(Eventful.do_what_waits,) * 16,
    *(Eventful.let_the_integration_work,) * 8,
    *(Eventful.let_the_other_integration_decide,) * 2,
    Eventful.end_something,
    *(Eventful.call_off,) * 2,
    *(Eventful.pass_time,) * 2,
    *(Eventful.consent,) * 2,
    *(Eventful.change_what_is_known,) * 2,
)
"""Each as often as it stands here."""
