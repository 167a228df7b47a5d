"""The words of a policy: what a request must bring, who decides on it in which order, who grants
it, and what time does to it. Lengths are whole seconds; None is unlimited. No rule stands here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

HOUR = 3_600
DAY = 24 * HOUR


class OnBehalf(StrEnum):
    """Who may request for another person."""

    NOBODY = "nobody"
    MANAGER = "manager"
    ANYONE = "anyone"


class Extension(StrEnum):
    """Whether time-limited access may be made longer, and who is asked."""

    REFUSED = "refused"
    APPROVAL = "approval"
    AUTOMATIC = "automatic"


class Evidence(StrEnum):
    """How it is known who decided, the weakest first: an integration says so; the integration
    signed it; the person's own identity provider or session says so."""

    ASSERTED = "asserted"
    INTEGRATION_SIGNED = "integration-signed"
    USER_TOKEN = "user-token"  # noqa: S105 - the name of a level
    SESSION = "session"


class ApproverKind(StrEnum):
    """How those who may decide are named."""

    MANAGER = "manager"
    OWNER = "owner"
    PERSON = "person"
    GROUP = "group"
    ON_CALL = "on_call"
    ADMINISTRATORS = "administrators"
    INTEGRATION = "integration"


@dataclass(frozen=True, slots=True, order=True)
class ApproverRef:
    """Names approvers: a person by id or user name, a group, a rotation, an integration that
    decides by itself; `name` is empty for the manager of the target, the owners of the app and the
    administrators."""

    kind: ApproverKind
    name: str = ""


class StageKind(StrEnum):
    """The manager's stage has statuses of its own."""

    MANAGER = "manager"
    APPROVAL = "approval"


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of approval: `needed` different approvers out of all that `approvers` name."""

    name: str
    kind: StageKind
    needed: int
    approvers: tuple[ApproverRef, ...]


@dataclass(frozen=True, slots=True)
class Attribute:
    """A fact of the directory about a person, such as a department."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class PreApproval:
    """Approves without asking: for members of any of `groups` (none named: everybody) who have all
    `attributes`, for any of `permissions` (none named: all), up to `longest_seconds`."""

    rule_id: str
    groups: tuple[str, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    permissions: tuple[str, ...] = ()
    longest_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """Separation of duties: nobody may hold two of these permissions or apps."""

    conflict_id: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BreakGlass:
    """Access at once in an emergency, for members of `groups`, judged afterwards by `review_by`
    within `review_seconds`."""

    groups: tuple[str, ...]
    longest_seconds: int
    review_by: tuple[ApproverRef, ...]
    review_seconds: int = 2 * DAY


@dataclass(frozen=True, slots=True)
class OnCall:
    """A rotation: from `starts` on each of `members` (person ids or user names) in turn for
    `shift_seconds`, over and over."""

    name: str
    members: tuple[str, ...]
    starts: datetime
    shift_seconds: int = 7 * DAY


@dataclass(frozen=True, slots=True)
class Provisioning:
    """Who grants and removes access: the integration of this name, or by hand one of `assignees`.

    An integration has `answer_seconds` for each of `attempts`; after the last the work is handed
    over to people.
    """

    integration: str = ""
    assignees: tuple[ApproverRef, ...] = (ApproverRef(ApproverKind.ADMINISTRATORS),)
    instructions: str = ""
    answer_seconds: int = HOUR
    attempts: int = 3


@dataclass(frozen=True, slots=True)
class Waiting:
    """What time does to a request that nobody answers: it is closed after `pending_seconds`;
    until then approvers are reminded, and after `escalate_seconds` others may decide as well."""

    pending_seconds: int = 14 * DAY
    remind_seconds: int = DAY
    escalate_seconds: int | None = 3 * DAY
    escalate_to: tuple[ApproverRef, ...] = (ApproverRef(ApproverKind.ADMINISTRATORS),)


class FieldKind(StrEnum):
    """JSON Schema's types of a form's field."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of the request form, as JSON Schema would describe the property `field_id`."""

    field_id: str
    prompt: str
    kind: FieldKind = FieldKind.STRING
    required: bool = False
    options: tuple[str, ...] = ()
    pattern: str = ""
    longest: int = 500
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules for requests. `requestable_by` names groups, none: whoever sees the app."""

    policy_id: str
    version: int
    access_lengths: tuple[int | None, ...]
    default_access_length: int | None
    justification_required: bool = True
    on_behalf: OnBehalf = OnBehalf.MANAGER
    requestable_by: tuple[str, ...] = ()
    fields: tuple[FormField, ...] = ()
    stages: tuple[Stage, ...] = ()
    pre_approvals: tuple[PreApproval, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    maximum_open: int = 100
    minimum_evidence: Evidence = Evidence.ASSERTED
    extension: Extension = Extension.APPROVAL
    break_glass: BreakGlass | None = None
    on_call: tuple[OnCall, ...] = ()
    provisioning: Provisioning = field(default_factory=Provisioning)
    waiting: Waiting = field(default_factory=Waiting)


@dataclass(frozen=True, slots=True)
class PublishPolicy:
    """Let this policy be in force under its id; the version in it is ignored."""

    policy: Policy


@dataclass(frozen=True, slots=True)
class RetirePolicy:
    """Let the policy apply no more; what named it falls back to the default one."""

    policy_id: str


@dataclass(frozen=True, slots=True)
class PolicyPublished:
    """A version of a policy came into force; `policy.version` counts from 1."""

    TOPIC: ClassVar[str] = "policy.published"
    SCHEMA: ClassVar[int] = 1
    policy: Policy


@dataclass(frozen=True, slots=True)
class PolicyRetired:
    """The policy applies no more."""

    TOPIC: ClassVar[str] = "policy.retired"
    SCHEMA: ClassVar[int] = 1
    policy_id: str


PolicyCommand = PublishPolicy | RetirePolicy
PolicyEvent = PolicyPublished | PolicyRetired
