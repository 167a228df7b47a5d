"""A history in which every kind of event that there is happens at least once, command by command."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from domain.access_request import (
    Action,
    CallOffRemoval,
    CancelRequest,
    CommentOnRequest,
    Decide,
    LetTimePass,
    NoteRefusedDecision,
    Reassign,
    ReportFulfilment,
    Result,
    RevokeAccess,
    Verdict,
    request_of_stream,
)
from domain.catalog import AppRecord, PutApp, PutPermission, RetireApp, RetirePermission
from domain.consent import GiveConsent, RevokeConsent
from domain.feature import DisableFeature, EnableFeature
from domain.group import GroupId, GroupRecord, PutGroup, RemoveGroup
from domain.integration import (
    AddIntegration,
    ChangeIntegration,
    IntegrationRecord,
    RemoveIntegration,
    Right,
)
from domain.person import (
    ForgetPerson,
    GrantRole,
    LinkIdentity,
    PutPerson,
    ReleaseRole,
    RevokeRole,
    Role,
)
from domain.policy import DAY, HOUR, Evidence, PublishPolicy, RetirePolicy
from domain.resource_server import AddResourceServer, RemoveResourceServer, RotateSecret
from domain.review import CompleteReview, Judgement, RemindReviewers
from domain.token_family import (
    EndFamily,
    EndReason,
    OpenFamily,
    RedeemCode,
    RotateRefreshToken,
)
from domain.values import (
    Actor,
    AppId,
    Client,
    ClientId,
    ConsentId,
    FamilyId,
    PermissionId,
    Personal,
    PersonId,
    RequestId,
    Via,
)
from domain.webhook import (
    AddWebhook,
    ChangeWebhook,
    DisableWebhook,
    PauseWebhook,
    RedeliverWebhook,
    RemoveWebhook,
    ReplayWebhook,
    ResumeWebhook,
    RotateWebhookSecret,
    WebhookRecord,
)
from projections.timers import due_by
from server.catalog.file import parse_catalog
from server.command_bus import CommandBus, CommandContext, Executed
from tests import seeds
from tests.seeds import ALICE, BOB, CAROL, CRM, READER, WRITER
from tests.times import NOW

ADMIN, DORA, EVE = PersonId("p-admin"), PersonId("p-dora"), PersonId("p-eve")
LEDGER, POSTER, OWNER = AppId("ledger"), PermissionId("l:poster"), PermissionId("crm:owner")
TIMER = Actor(Via.TIMER)
POLICIES: list[dict[str, Any]] = [
    {
        "id": "strict",
        "approval": [
            {"name": "manager", "by": ["manager"]},
            {"name": "owners", "by": ["owner", "administrators"], "needed": 2},
        ],
        "access_lengths": ["1 hour", "1 day", "unlimited"],
        "default_access_length": "1 day",
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
        "access_lengths": ["1 hour", "1 day", "unlimited"],
        "default_access_length": "1 day",
        "pre_approved": [{"rule": "short", "longest": "1 hour"}],
        "provisioning": {"integration": "directory", "attempts": 2, "answer_within": "1 hour"},
        "on_behalf": "anyone",
    },
    {
        "id": "named",
        "approval": [{"name": "desk", "by": ["person:dora", "on_call:desk"]}],
        "access_lengths": ["8 hours"],
        "default_access_length": "8 hours",
        "form": {
            "properties": {"ticket": {"title": "Ticket", "pattern": "^T-"}},
            "required": ["ticket"],
        },
        "pre_approved": [{"rule": "accountants", "attributes": {"department": "Accounts"}}],
        "on_call": [
            {"name": "desk", "members": ["dora", "bob"], "starts": "2026-01-05T09:00:00Z"}
        ],
        "conflicts": [{"id": "four-eyes", "items": ["l:poster", "crm:owner"]}],
    },
]
CATALOG = {
    "policies": POLICIES,
    "apps": [
        {"id": CRM, "name": "CRM", "policy": "strict", "owners": ["carol", "bob"]},
        {"id": LEDGER, "name": "Ledger", "policy": "named"},
    ],
    "permissions": [
        {"id": READER, "app_id": CRM, "label": "Reader", "policy": "machine"},
        {"id": WRITER, "app_id": CRM, "label": "Writer"},
        {"id": OWNER, "app_id": CRM, "label": "Owner"},
        {"id": POSTER, "app_id": LEDGER, "label": "Poster"},
    ],
}


@dataclass
class History:
    """Does what people, integrations and time do, one command after the other."""

    bus: CommandBus
    now: datetime = NOW
    commands: int = 0
    drawn: int = 0

    def new_id(self, kind: str) -> str:
        """Return an id that no other has."""
        self.drawn += 1
        return f"{kind}-{self.drawn}"

    def do(self, command: object, actor: Actor = seeds.CONTEXT.actor) -> Executed:
        """Execute a command that changes something."""
        self.commands += 1
        context = CommandContext(actor, self.now, self.new_id("correlation"))
        done = self.bus.call_blocking(lambda work: work.execute(command, context))
        assert done.changed, command
        return done

    def wait(self, **length: float) -> None:
        """Let time pass, and do what is due."""
        self.now += timedelta(**length)
        while True:
            due = self.bus.call_blocking(lambda work: due_by(work.rows, self.now, 100))
            for one in due:
                kind = RemindReviewers if one.review else LetTimePass
                self.do(kind(one.request_id, self.now), TIMER)
            if not due:
                return

    def submit(self, *permissions: PermissionId, **changes: Any) -> RequestId:
        """Let somebody ask; alice, if nobody else is named."""
        wish = {"permission_ids": permissions, "now": self.now, "length_given": True}
        command = seeds.submission(self.new_id("r"), **{"access_seconds": HOUR, **wish, **changes})
        return request_of_stream(self.do(command, Actor(Via.MCP, command.requester)).stream)

    def decide(
        self, request: RequestId, by: PersonId, verdict: Verdict = Verdict.APPROVE, **more: Any
    ) -> None:
        """Let a person decide in his inbox."""
        command = Decide(request, self.new_id("d"), "d", verdict, self.now, by)
        changed = replace(command, evidence=Evidence.SESSION, **more)
        self.do(changed, Actor(Via.WEB, by))

    def decide_by_machine(self, request: RequestId, by: PersonId | None = None) -> None:
        """Let an integration decide, or bring a person's decision."""
        name = self.new_id("d")
        command = Decide(request, name, "d", Verdict.APPROVE, self.now, by, submitted_by="auto")
        self.do(command, Actor(Via.NATS, by, service="auto"))

    def report(
        self,
        request: RequestId,
        action: Action,
        result: Result = Result.DONE,
        by: PersonId | None = None,
        **more: Any,
    ) -> None:
        """Let a person or the integration say how it went."""
        command = ReportFulfilment(
            request,
            self.new_id("f"),
            "d",
            action,
            result,
            self.now,
            reported_by=by,
            submitted_by=None if by else "directory",
            reason="It says so",
        )
        actor = Actor(Via.WEB, by) if by else Actor(Via.NATS, service="directory")
        self.do(replace(command, **more), actor)


def begin(bus: CommandBus) -> History:
    """Bring people, integrations and the catalog in."""
    history = History(bus)
    catalog = parse_catalog(json.dumps(CATALOG).encode())
    record = IntegrationRecord((Right.DECIDE,), nkey="U" + "A" * 55)
    department = (("department", Personal(EVE, "Accounts")),)
    for command in (
        PutPerson(ALICE, seeds.person(ALICE, manager=BOB, groups=("sales",))),
        PutPerson(BOB, seeds.person(BOB, manager=CAROL)),
        PutPerson(CAROL, seeds.person(CAROL, manager=BOB)),
        PutPerson(DORA, seeds.person(DORA)),
        PutPerson(EVE, replace(seeds.person(EVE, manager=BOB), attributes=department)),
        PutPerson(ADMIN, seeds.person(ADMIN, roles=(Role.EMPLOYEE, Role.ADMINISTRATOR))),
        AddIntegration("auto", record),
        AddIntegration("directory", replace(record, rights=(Right.FULFIL,))),
        *(PublishPolicy(one) for one in catalog.policies.values() if one.on_call),
        *(PublishPolicy(one) for one in catalog.policies.values() if not one.on_call),
        *(PutApp(key, app) for key, app in catalog.apps.items()),
        *(PutPermission(key, one) for key, one in catalog.permissions.items()),
    ):
        history.do(command)
    return history


def everything(bus: CommandBus) -> History:
    """Let everything happen."""
    history = begin(bus)
    for part in (
        granted_by_machine,
        decided_by_people,
        answered_by_nobody,
        ended_before_its_time,
        extended,
        emergencies,
        changed_in_the_directory,
        signed_in,
        administered,
    ):
        part(history)
    return history


def granted_by_machine(history: History) -> None:
    """Grant, let it end, fail, hand over to people, let it stand after all."""
    request = history.submit(READER)
    history.report(request, Action.GRANT)
    history.wait(hours=2)
    history.report(request, Action.REMOVE, Result.FAILED)
    history.wait(minutes=2)
    history.report(request, Action.REMOVE, Result.REFUSED)
    history.report(request, Action.REMOVE, by=ADMIN)
    request = history.submit(READER)
    history.report(request, Action.GRANT, Result.FAILED)
    history.wait(minutes=2)
    # The second order is not answered: people take over.
    history.wait(hours=2)
    history.report(request, Action.GRANT, Result.FAILED, ADMIN)
    history.report(request, Action.GRANT, Result.REFUSED, ADMIN)
    request = history.submit(READER, requester=DORA, target=DORA, access_seconds=DAY)
    history.decide_by_machine(request)
    history.report(request, Action.GRANT)
    history.wait(days=1, hours=1)
    stays = CallOffRemoval(request, ADMIN, "She stays", history.now)
    history.do(stays, Actor(Via.WEB, ADMIN))
    request = history.submit(READER, target=CAROL, access_seconds=None)
    history.decide_by_machine(request, BOB)
    history.report(request, Action.GRANT)
    later = history.now + timedelta(hours=5)
    history.submit(READER, requester=ADMIN, target=ADMIN, starts_at=later)
    history.wait(hours=6)


def decided_by_people(history: History) -> None:
    """Approve in part and for less, reassign, comment, refuse, deny one by one and all."""
    request = history.submit(WRITER, OWNER, access_seconds=DAY)
    history.do(CommentOnRequest(request, ALICE, "Please", history.now), Actor(Via.MCP, ALICE))
    note = NoteRefusedDecision(request, "d-none", CAROL, "auto", "not_an_approver")
    history.do(note, Actor(Via.NATS, service="auto"))
    others = Reassign(request, BOB, (CAROL, DORA), "I am away", history.now)
    history.do(others, Actor(Via.WEB, BOB))
    history.decide(request, DORA, items=(WRITER,), deny_rest=True, access_seconds=HOUR)
    history.decide(request, CAROL)
    history.decide(request, ADMIN, reason="Fine")
    history.report(request, Action.GRANT, by=ADMIN)
    history.wait(hours=2)
    history.report(request, Action.REMOVE, by=ADMIN)
    request = history.submit(WRITER, OWNER, requester=EVE, target=EVE)
    nothing: dict[str, Any] = {"verdict": Verdict.DENY, "reason": "Not now"}
    history.decide(request, BOB, items=(OWNER,), deny_rest=True, **nothing)
    poster = {"app_id": LEDGER, "access_seconds": 8 * HOUR, "answers": (("Ticket", "T-1"),)}
    history.submit(POSTER, requester=EVE, target=EVE, **poster)
    request = history.submit(POSTER, requester=CAROL, target=CAROL, **poster)
    history.decide(request, DORA, **nothing)
    request = history.submit(requester=EVE, target=EVE, access_seconds=None)
    history.decide(request, BOB)
    history.decide(request, ADMIN)
    history.decide(request, CAROL)
    history.report(request, Action.GRANT, by=ADMIN)


def answered_by_nobody(history: History) -> None:
    """Remind, ask others, and lapse."""
    history.submit(WRITER)
    history.wait(hours=13)
    history.wait(days=1)
    history.wait(days=3)


def ended_before_its_time(history: History) -> None:
    """Withdraw what waits, what is being granted, and what is there."""
    request = history.submit(WRITER, OWNER)
    some = CancelRequest(request, ALICE, "Too much", history.now, (OWNER,))
    history.do(some, Actor(Via.MCP, ALICE))
    history.decide(request, BOB)
    history.decide(request, CAROL)
    history.decide(request, ADMIN)
    history.report(request, Action.GRANT, by=ADMIN)
    history.do(RevokeAccess(request, ALICE, "Done", history.now), Actor(Via.WEB, ALICE))
    history.report(request, Action.REMOVE, by=ADMIN)
    request = history.submit(READER)
    history.do(CancelRequest(request, ALICE, None, history.now), Actor(Via.WEB, ALICE))
    history.report(request, Action.REMOVE)


def extended(history: History) -> None:
    """Let access last longer, and then for good."""
    request = history.submit(READER, access_seconds=DAY)
    history.decide_by_machine(request)
    history.report(request, Action.GRANT)
    for seconds in (DAY, None):
        history.wait(hours=1)
        longer = history.submit(READER, extends=request, access_seconds=seconds)
        history.decide_by_machine(longer)


def emergencies(history: History) -> None:
    """Break the glass; the reviewer, who takes his time, finds no emergency."""
    request = history.submit(WRITER, OWNER, emergency=True)
    history.report(request, Action.GRANT, by=ADMIN, items=(WRITER,))
    history.wait(minutes=30)
    objection = CompleteReview(request, ADMIN, Judgement.OBJECTED, "There was none")
    history.do(objection, Actor(Via.WEB, ADMIN))
    history.report(request, Action.REMOVE, by=ADMIN)
    request = history.submit(OWNER, emergency=True)
    history.wait(days=3)
    fine = CompleteReview(request, ADMIN, Judgement.JUSTIFIED, "There was one")
    history.do(fine, Actor(Via.WEB, ADMIN))


def changed_in_the_directory(history: History) -> None:
    """Change managers and roles, disable people, let things leave the catalog."""
    history.submit(WRITER, requester=CAROL, target=CAROL)
    history.do(PutPerson(CAROL, seeds.person(CAROL, manager=DORA)))
    history.submit(OWNER, requester=CAROL, target=CAROL)
    catalog = parse_catalog(json.dumps(CATALOG).encode())
    history.do(RetirePermission(OWNER))
    history.do(PutPermission(OWNER, catalog.permissions[OWNER]))
    history.do(PutPermission(OWNER, replace(catalog.permissions[OWNER], label="Own")))
    history.do(PutApp(CRM, replace(catalog.apps[CRM], description="Customers")))
    history.do(PutApp(AppId("old"), AppRecord("Old")))
    history.do(RetireApp(AppId("old")))
    fred = PersonId("p-fred")
    history.do(PutPerson(fred, seeds.person(fred, manager=BOB)))
    request = history.submit(READER, requester=fred, target=fred)
    history.report(request, Action.GRANT)
    history.submit(WRITER, requester=fred, target=fred)
    history.do(PutPerson(fred, seeds.person(fred, disabled=True)))
    history.report(request, Action.REMOVE)
    history.do(ForgetPerson(fred))
    history.do(LinkIdentity(ALICE, "https://id.example", Personal(ALICE, "1")))
    history.submit(WRITER, requester=EVE, target=EVE)
    for command in (
        GrantRole(DORA, Role.ADMINISTRATOR, ADMIN),
        RevokeRole(ADMIN, Role.ADMINISTRATOR, DORA),
        GrantRole(ADMIN, Role.ADMINISTRATOR, DORA),
        GrantRole(EVE, Role.AUDITOR, DORA),
    ):
        history.do(command, Actor(Via.WEB, command.by))
    # The directory says another word, of which the second also changes the rest.
    said = seeds.person(EVE, roles=(Role.EMPLOYEE, Role.AUDITOR))
    history.do(PutPerson(EVE, said))
    history.do(PutPerson(EVE, replace(said, roles=(Role.EMPLOYEE,), groups=("emea",))))
    history.do(PutPerson(EVE, replace(said, groups=("apac",))))
    history.do(ReleaseRole(EVE, Role.AUDITOR, DORA), Actor(Via.WEB, DORA))


def signed_in(history: History) -> None:
    """Consent to clients, and let tokens be rotated and shown again."""
    client, consent = Client(ClientId("c-1"), "Client"), ConsentId("k-1")
    given = GiveConsent(consent, ALICE, client, "https://r", "https://c", ("read",), "digest")
    history.do(given)
    history.do(replace(given, scopes=("read", "write")))
    history.do(replace(given, declined=("write",)))
    history.do(replace(given, scopes=("more",), declined=("read",)))

    def opened(name: str) -> FamilyId:
        family, now = FamilyId(name), history.now
        soon, late = now + timedelta(minutes=1), now + timedelta(days=30)
        history.do(
            OpenFamily(family, consent, ALICE, client, "https://r", ("more",), name, soon, late)
        )
        return family

    def redeemed(name: str) -> FamilyId:
        family, late = opened(name), history.now + timedelta(days=90)
        first, second, now = f"{name}:1", f"{name}:2", history.now
        history.do(RedeemCode(family, "c-1", first, late, now))
        history.do(RotateRefreshToken(family, "c-1", first, second, late, ("more",), now))
        return family

    late = history.now + timedelta(days=1)
    history.do(RedeemCode(redeemed("f-1"), "c-1", "f-1:3", late, history.now))
    family = redeemed("f-2")
    history.now += timedelta(minutes=5)
    again = RotateRefreshToken(family, "c-1", "f-2:1", "f-2:3", late, ("more",), history.now)
    history.do(again)
    history.do(EndFamily(opened("f-3"), EndReason.REVOKED_BY_CLIENT))
    opened("f-4")
    history.do(RevokeConsent(consent))


def administered(history: History) -> None:
    """Add, change and remove groups, integrations, policies, webhooks, resource servers and features."""
    group, record = GroupId("g-1"), GroupRecord("Crew")
    key = IntegrationRecord((Right.DECIDE,), nkey="U" + "B" * 55)
    strict = parse_catalog(json.dumps(CATALOG).encode()).policies["strict"]
    until = history.now + timedelta(days=1)
    for command in (
        PutGroup(group, record),
        PutGroup(group, replace(record, display_name="The crew")),
        RemoveGroup(group),
        AddIntegration("spare", key),
        ChangeIntegration("spare", replace(key, apps=(CRM,))),
        RemoveIntegration("spare"),
        PublishPolicy(replace(strict, maximum_open=3)),
        RetirePolicy("named"),
        AddWebhook("hook", WebhookRecord("https://hook.example/in", ("*",))),
        ChangeWebhook("hook", events=("access_request.*",)),
        RotateWebhookSecret("hook", until),
        PauseWebhook("hook"),
        ResumeWebhook("hook"),
        DisableWebhook("hook", "It is gone"),
        ReplayWebhook("hook", 1),
        RedeliverWebhook("hook", None, 3),
        RemoveWebhook("hook"),
        AddResourceServer("api", "https://r", "d-1"),
        RotateSecret("api", "d-2", history.now),
        RemoveResourceServer("api"),
    ):
        history.do(command)
    by_an_administrator = Actor(Via.MCP, ADMIN)
    history.do(EnableFeature("cancel_access_request", ADMIN), by_an_administrator)
    history.do(DisableFeature("cancel_access_request", ADMIN), by_an_administrator)
