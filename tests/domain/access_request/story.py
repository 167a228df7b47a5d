"""The life of one request, told: each command is decided by the real decider, each event goes through the
codec, is folded, and is told in one line that holds all that it says."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.access_request import (
    DECIDER,
    AccessCompleted,
    AccessExtended,
    AccessRevoked,
    Action,
    ActionFacts,
    Approvers,
    ApproversChanged,
    ApproversReminded,
    CallOffRemoval,
    CancelRequest,
    CommentAdded,
    CommentOnRequest,
    Decide,
    DecisionTaken,
    Deprovisioned,
    DeprovisioningFailed,
    DeprovisioningStarted,
    HeldAccess,
    KnownApp,
    KnownPermission,
    KnownPerson,
    LetTimePass,
    Provisioned,
    ProvisioningDenied,
    ProvisioningFailed,
    ProvisioningStarted,
    Reassign,
    RemovalCalledOff,
    ReportFulfilment,
    Request,
    RequestApproved,
    RequestCancelled,
    RequestClosed,
    RequestDenied,
    RequestEscalated,
    RequestExpired,
    RequestRouted,
    RequestSubmitted,
    Result,
    ReviseApprovers,
    RevokeAccess,
    StageApproved,
    StageStarted,
    SubmissionFacts,
    SubmitRequest,
    Verdict,
    person_ref,
)
from domain.catalog import AppRecord, PermissionRecord
from domain.errors import Refused
from domain.person import PersonRecord, Role
from domain.policy import (
    DAY,
    DEFAULT,
    HOUR,
    ApproverKind,
    ApproverRef,
    Conflict,
    Evidence,
    Policy,
    Provisioning,
    Stage,
    StageKind,
)
from domain.values import AppId, PermissionId, PersonId, RequestId
from tests.seeds import ALICE, BOB, CAROL, person
from tests.spec import stored_and_read
from tests.times import NOW

REQUEST = RequestId("r-1")
CRM = AppId("crm")
READ, WRITE = PermissionId("crm:read"), PermissionId("crm:write")
ADMIN, DORA, EVE = PersonId("p-admin"), PersonId("p-dora"), PersonId("p-eve")
MANAGER = Stage("manager", StageKind.MANAGER, 1, (ApproverRef(ApproverKind.MANAGER),))
OWNER = ApproverRef(ApproverKind.OWNER)
ADMINISTRATORS = ApproverRef(ApproverKind.ADMINISTRATORS)
AUTO = ApproverRef(ApproverKind.INTEGRATION, "auto")
OWNERS = Stage("owners", StageKind.APPROVAL, 2, (OWNER, AUTO))
APP = AppRecord("CRM", "Customers.", audience="sales")
LABELS = {READ: "Read", WRITE: "Write"}
POLICY = replace(
    DEFAULT,
    policy_id="crm",
    version=3,
    stages=(MANAGER, OWNERS),
    access_lengths=(HOUR, DAY, 7 * DAY, None),
    default_access_length=DAY,
)
BY_MACHINE = Provisioning(integration="directory", attempts=2, answer_seconds=HOUR)


@dataclass
class Story:
    """One request under one policy for all its items, and who is who."""

    policy: Policy = POLICY
    policies: dict[PermissionId, Policy] = field(default_factory=dict)
    people: dict[PersonId, PersonRecord] = field(
        default_factory=lambda: {
            ALICE: person(ALICE, manager=BOB, groups=("sales",)),
            BOB: person(BOB),
            CAROL: person(CAROL),
            DORA: person(DORA),
            EVE: person(EVE),
            ADMIN: person(ADMIN, roles=(Role.EMPLOYEE, Role.ADMINISTRATOR)),
        }
    )
    named: dict[ApproverRef, tuple[PersonId, ...]] = field(
        default_factory=lambda: {
            ApproverRef(ApproverKind.MANAGER): (BOB,),
            OWNER: (CAROL, DORA),
            ADMINISTRATORS: (ADMIN,),
        }
    )
    integrations: frozenset[str] = frozenset({"auto"})
    provisioners: frozenset[str] = frozenset({"directory"})
    held: tuple[HeldAccess, ...] = ()
    pending: tuple[HeldAccess, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    open_requests: int = 0
    now: datetime = NOW
    events: list[Any] = field(default_factory=list)

    def asks(self, *permissions: PermissionId, **changes: Any) -> list[str]:
        """Let alice ask for permissions of the CRM."""
        command = SubmitRequest(
            **{
                "request_id": REQUEST,
                "requester": ALICE,
                "target": ALICE,
                "app_id": CRM,
                "permission_ids": permissions,
                "justification": "To work",
                "now": self.now,
                **changes,
            }
        )
        return self.when(command)

    def approved(self, *permissions: PermissionId, **changes: Any) -> Story:
        """Let it be asked and approved by all, without telling of it."""
        self.asks(*(permissions or (READ,)), **changes)
        for by in (BOB, CAROL, DORA):
            self.decides(by)
        return self

    def granted(self, *permissions: PermissionId, **changes: Any) -> Story:
        """Let it be granted by hand as well."""
        self.approved(*permissions, **changes)
        self.reports(ADMIN)
        return self

    def decides(self, by: PersonId | None, verdict: str = "approve", **more: Any) -> list[str]:
        """Let somebody decide; `more` are fields of the command."""
        fields = {
            "request_id": REQUEST,
            "decision_id": f"d-{len(self.events)}",
            "digest": "digest",
            "verdict": Verdict(verdict),
            "now": self.now,
            "decided_by": by,
            "evidence": Evidence.SESSION,
            "reason": "No" if verdict == "deny" else None,
            **more,
        }
        return self.when(Decide(**fields))

    def reports(self, by: PersonId | str, result: str = "done", **more: Any) -> list[str]:
        """Let a person, or an integration by its name, say how the work went."""
        person_id = by if by in self.people else None
        fields = {
            "request_id": REQUEST,
            "report_id": f"f-{len(self.events)}",
            "digest": "digest",
            "action": Action.GRANT,
            "result": Result(result),
            "now": self.now,
            "reported_by": person_id,
            "submitted_by": None if person_id else by,
            **more,
        }
        return self.when(ReportFulfilment(**fields))

    def later(self, **length: float) -> list[str]:
        """Let time pass."""
        self.now += timedelta(**length)
        return self.when(LetTimePass(REQUEST, self.now))

    def cancels(self, by: PersonId | None, **more: Any) -> list[str]:
        return self.when(CancelRequest(REQUEST, by, "No need", self.now, **more))

    def revokes(self, by: PersonId | None, **more: Any) -> list[str]:
        return self.when(RevokeAccess(REQUEST, by, "No need", self.now, **more))

    def calls_off(self, by: PersonId, reason: str = "It stays") -> list[str]:
        return self.when(CallOffRemoval(REQUEST, by, reason, self.now))

    def says(self, by: PersonId, text: str = "Hello") -> list[str]:
        return self.when(CommentOnRequest(REQUEST, by, text, self.now))

    def hands_over(self, by: PersonId, *others: PersonId) -> list[str]:
        return self.when(Reassign(REQUEST, by, others, None, self.now))

    def looks_up_approvers(self) -> list[str]:
        return self.when(ReviseApprovers(REQUEST, self.now))

    def when(self, command: Any) -> list[str]:
        """Decide on a command; return what happened, a line for each event."""
        facts = (
            self._submission(command)
            if isinstance(command, SubmitRequest)
            else self._action(command)
        )
        state = DECIDER.fold(self.events)
        decided = [stored_and_read(one) for one in DECIDER.decide(state, command, facts)]
        self.events += decided
        DECIDER.fold(self.events)
        return [tell(one) for one in decided]

    def refused(self, expected: Refused) -> _Refusing:
        """Return this story, to tell what is refused in it."""
        return _Refusing(self, expected)

    @property
    def status(self) -> str:
        """The status of the whole request."""
        state = DECIDER.fold(self.events)
        assert isinstance(state, Request)
        return str(state.status)

    def _approvers(self) -> Approvers:
        people = {person_ref(one): (one,) for one in self.people}
        return Approvers({**people, **self.named}, self.integrations, self.provisioners)

    def _person(self, person_id: PersonId | None) -> KnownPerson | None:
        record = self.people.get(person_id) if person_id else None
        return KnownPerson(record, 2) if record else None

    def _submission(self, command: SubmitRequest) -> SubmissionFacts:
        return SubmissionFacts(
            requester=self._person(command.requester),
            target=self._person(command.target),
            app=KnownApp(APP, 1) if command.app_id == CRM else None,
            permissions=tuple(
                KnownPermission(PermissionRecord(CRM, LABELS[one]), 1, APP)
                if one in LABELS
                else None
                for one in command.permission_ids
            ),
            policies=tuple(self.policies.get(one, self.policy) for one in command.permission_ids)
            or (self.policy,),
            approvers=self._approvers(),
            held=self.held,
            pending=self.pending,
            conflicts=self.conflicts,
            open_requests=self.open_requests,
        )

    def _action(self, command: Any) -> ActionFacts:
        names = ("decided_by", "reported_by", "by")
        by = next((getattr(command, one) for one in names if getattr(command, one, None)), None)
        through = getattr(command, "submitted_by", None)
        allowed = self.provisioners if isinstance(command, ReportFulfilment) else self.integrations
        return ActionFacts(
            self._person(by), len(self.events), self._approvers(), through in allowed
        )


class _Refusing:
    """A story in which something is refused, exactly so, and nothing happens."""

    def __init__(self, story: Story, expected: Refused) -> None:
        self._story = story
        self._expected = expected

    def __getattr__(self, name: str) -> Any:
        act = getattr(self._story, name)

        def refused(*arguments: Any, **more: Any) -> None:
            before = list(self._story.events)
            with pytest.raises(Refused) as caught:
                act(*arguments, **more)
            assert caught.value == self._expected
            assert self._story.events == before

        return refused


def _items(items: tuple[str, ...]) -> str:
    return ",".join(one.removeprefix("crm:") for one in items)


def _names(people: tuple[str, ...]) -> str:
    return ",".join(one.removeprefix("p-") for one in people) or "nobody"


def _length(seconds: int | None) -> str:
    return "for good" if seconds is None else f"for {seconds // HOUR}h"


def _at(moment: datetime | None) -> str:
    return "never" if moment is None else f"+{int((moment - NOW).total_seconds() // HOUR)}h"


def tell(event: Any) -> str:  # noqa: PLR0911, PLR0912, C901 - one line for each kind of event
    """Return an event in one line."""
    match event:
        case RequestSubmitted():
            extra = f" extends {event.extends}" if event.extends else ""
            extra += " in an emergency" if event.emergency else ""
            return f"submitted {_items(event.item_ids)} {_length(event.access_seconds)}{extra}"
        case RequestRouted():
            ways = [
                f"{_items(one.items)} by {one.rule.policy_id} {one.rule.version}"
                + (f" ({one.approved_by})" if one.approved_by else "")
                for one in event.routes
            ]
            return f"routed {'; '.join(ways)} until {_at(event.pending_until)}"
        case StageStarted():
            who = _names((*event.approvers, *(f"[{one}]" for one in event.integrations)))
            wide = " (administrators added)" if event.fallback else ""
            return f"stage {event.name} of {_items(event.items)}: {event.needed} of {who}{wide}"
        case DecisionTaken():
            by = _names((event.decided_by or "",)) if event.decided_by else ""
            by += f"[{event.submitted_by}]" if event.submitted_by else ""
            short = f" {_length(event.access_seconds)}" if event.access_seconds else ""
            verb = "approves" if event.verdict is Verdict.APPROVE else "denies"
            return f"{by} {verb} {_items(event.items)} at {event.name}{short}"
        case StageApproved():
            return f"stage {event.name} passed by {_items(event.items)}"
        case RequestApproved():
            by = f" by {event.approved_by}" if event.approved_by else ""
            start = f" from {_at(event.starts_at)}" if event.starts_at else ""
            return f"approved {_items(event.items)} {_length(event.access_seconds)}{by}{start}"
        case RequestDenied():
            return f"denied {_items(event.items)}{' by the manager' if event.by_manager else ''}"
        case RequestExpired():
            return f"lapsed {_items(event.items)}"
        case RequestCancelled():
            return f"cancelled {_items(event.items)} by {_names((event.by or 'the system',))}"
        case ApproversChanged():
            who = _names((*event.approvers, *(f"[{one}]" for one in event.integrations)))
            return f"now {who} decide on {_items(event.items)}"
        case ApproversReminded():
            return f"reminded {_names(event.approvers)} of {_items(event.items)}"
        case RequestEscalated():
            return f"escalated {_items(event.items)} to {_names(event.approvers)}"
        case CommentAdded():
            return f"{_names((event.by,))} said {event.text.text}"
        case RequestClosed():
            ended = [f"{_items((one.item_id,))} {one.status}" for one in event.items]
            return f"closed {event.status}: {', '.join(ended)}"
        case ProvisioningStarted() | DeprovisioningStarted():
            verb = (
                "grant" if isinstance(event, ProvisioningStarted) else f"remove ({event.ending})"
            )
            who = f"[{event.task.integration}]" if event.task.integration else ""
            who = who or _names(event.task.assignees)
            return f"order {event.task.attempt} to {verb} {_items((event.item_id,))}: {who}"
        case Provisioned():
            return f"granted {_items((event.item_id,))} until {_at(event.expires_at)}"
        case ProvisioningFailed() | DeprovisioningFailed():
            verb = "granting" if isinstance(event, ProvisioningFailed) else "removing"
            again = f"again at {_at(event.retry_at)}" if event.retry_at else "handed over"
            return f"{verb} {_items((event.item_id,))} failed, {again}"
        case ProvisioningDenied():
            return f"granting {_items((event.item_id,))} refused"
        case AccessCompleted():
            return f"complete {_items(event.items)}"
        case AccessExtended():
            return f"extended {_items((event.item_id,))} until {_at(event.expires_at)}"
        case AccessRevoked():
            return f"revoked {_items(event.items)} by {_names((event.by or 'the system',))}"
        case Deprovisioned():
            return f"removed {_items((event.item_id,))}"
        case RemovalCalledOff():
            return f"removal of {_items(event.items)} called off by {_names((event.by,))}"
        case _:
            return type(event).__name__
