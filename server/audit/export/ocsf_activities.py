"""Which class and activity of OCSF every topic is. There is no default: a new topic has to be thought about.

- What happens to a request is `USER_ACCESS`. Privileges are assigned when access is provisioned and revoked
  when it is deprovisioned. OCSF has no activity for all between: it is `OTHER`, under a name of ours. The
  review of an emergency belongs to its request.
- A token family is a session, so it is `AUTHENTICATION`: it opens with a logon and ends with a logoff. A
  consent changes what an account lets others do: `ACCOUNT_CHANGE`, as is what happens to people.
- Catalog, policies, integrations, webhooks and resource servers are `ENTITY`. A version of a policy is
  created once and never changes.
- OCSF has no activity for the change of a person or of a group: `OTHER`.

An activity failed if something was tried and did not come about. It is severe if somebody has to look at it,
such as access that could not be removed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

OTHER = 99


class OcsfClass(IntEnum):
    """The classes of category 3, Identity & Access Management, that are used here."""

    ACCOUNT_CHANGE = 3001
    AUTHENTICATION = 3002
    ENTITY = 3004
    USER_ACCESS = 3005
    GROUP = 3006


class Severity(IntEnum):
    """How much attention an event deserves, in OCSF's numbers."""

    INFORMATIONAL = 1
    LOW = 2
    MEDIUM = 3
    HIGH = 4


@dataclass(frozen=True, slots=True)
class Activity:
    """An activity of a class; `number` is its ``activity_id``."""

    of: OcsfClass
    number: int
    name: str
    severity: Severity = Severity.INFORMATIONAL
    failed: bool = False


ACCOUNT, SESSION = OcsfClass.ACCOUNT_CHANGE, OcsfClass.AUTHENTICATION
ACCESS, GROUP, ENTITY = OcsfClass.USER_ACCESS, OcsfClass.GROUP, OcsfClass.ENTITY
CREATE, UPDATE, DELETE = (
    Activity(ENTITY, 1, "Create"),
    Activity(ENTITY, 3, "Update"),
    Activity(ENTITY, 4, "Delete"),
)
LOW, MEDIUM = Severity.LOW, Severity.MEDIUM

ACTIVITIES: dict[str, Activity] = {
    "app.added": CREATE,
    "app.changed": UPDATE,
    "app.retired": DELETE,
    "permission.added": CREATE,
    "permission.changed": UPDATE,
    "permission.retired": DELETE,
    "person.registered": Activity(ACCOUNT, 1, "Create"),
    "person.changed": Activity(ACCOUNT, OTHER, "Changed"),
    "person.identity_linked": Activity(ACCOUNT, OTHER, "Identity linked"),
    "person.forgotten": Activity(ACCOUNT, 6, "Delete"),
    "person.role_granted": Activity(ACCESS, 1, "Assign Privileges"),
    "person.role_revoked": Activity(ACCESS, 2, "Revoke Privileges"),
    "person.role_released": Activity(ACCESS, OTHER, "Role released"),
    "person.roles_described": Activity(ACCOUNT, OTHER, "Roles described"),
    "access_request.submitted": Activity(ACCESS, OTHER, "Requested"),
    "access_request.routed": Activity(ACCESS, OTHER, "Routed"),
    "access_request.stage_started": Activity(ACCESS, OTHER, "Stage started"),
    "access_request.decision_taken": Activity(ACCESS, OTHER, "Decision taken"),
    "access_request.decision_refused": Activity(
        ACCESS, OTHER, "Decision refused", LOW, failed=True
    ),
    "access_request.stage_approved": Activity(ACCESS, OTHER, "Stage approved"),
    "access_request.approved": Activity(ACCESS, OTHER, "Approved"),
    "access_request.denied": Activity(ACCESS, OTHER, "Denied"),
    "access_request.expired": Activity(ACCESS, OTHER, "Expired undecided"),
    "access_request.cancelled": Activity(ACCESS, OTHER, "Cancelled"),
    "access_request.approvers_changed": Activity(ACCESS, OTHER, "Approvers changed"),
    "access_request.reminded": Activity(ACCESS, OTHER, "Approvers reminded"),
    "access_request.escalated": Activity(ACCESS, OTHER, "Escalated"),
    "access_request.comment_added": Activity(ACCESS, OTHER, "Comment added"),
    "access_request.closed": Activity(ACCESS, OTHER, "Closed"),
    "access_request.provisioning_started": Activity(ACCESS, OTHER, "Provisioning started"),
    "access_request.provisioned": Activity(ACCESS, 1, "Assign Privileges"),
    "access_request.provisioning_failed": Activity(
        ACCESS, OTHER, "Provisioning failed", LOW, failed=True
    ),
    "access_request.provisioning_denied": Activity(
        ACCESS, OTHER, "Provisioning denied", LOW, failed=True
    ),
    "access_request.completed": Activity(ACCESS, OTHER, "Completed"),
    "access_request.extended": Activity(ACCESS, OTHER, "Extended"),
    "access_request.revoked": Activity(ACCESS, OTHER, "Revocation ordered"),
    "access_request.deprovisioning_started": Activity(ACCESS, OTHER, "Deprovisioning started"),
    "access_request.deprovisioning_failed": Activity(
        ACCESS, OTHER, "Deprovisioning failed", MEDIUM, failed=True
    ),
    "access_request.deprovisioned": Activity(ACCESS, 2, "Revoke Privileges"),
    "access_request.removal_called_off": Activity(ACCESS, OTHER, "Removal called off", MEDIUM),
    "review.required": Activity(ACCESS, OTHER, "Review required"),
    "review.overdue": Activity(ACCESS, OTHER, "Review overdue", MEDIUM),
    "review.completed": Activity(ACCESS, OTHER, "Reviewed"),
    "feature.enabled": Activity(ENTITY, 8, "Enable"),
    "feature.disabled": Activity(ENTITY, 9, "Disable"),
    "policy.published": CREATE,
    "policy.retired": DELETE,
    "group.added": Activity(GROUP, 6, "Create"),
    "group.changed": Activity(GROUP, OTHER, "Changed"),
    "group.removed": Activity(GROUP, 5, "Delete"),
    "integration.added": CREATE,
    "integration.changed": UPDATE,
    "integration.removed": DELETE,
    "consent.given": Activity(ACCOUNT, OTHER, "Consent given"),
    "consent.widened": Activity(ACCOUNT, OTHER, "Consent widened"),
    "consent.narrowed": Activity(ACCOUNT, OTHER, "Consent narrowed"),
    "consent.revoked": Activity(ACCOUNT, OTHER, "Consent revoked"),
    "token_family.opened": Activity(SESSION, 1, "Logon"),
    "token_family.code_redeemed": Activity(SESSION, OTHER, "Authorization code redeemed"),
    "token_family.refresh_token_rotated": Activity(SESSION, OTHER, "Refresh token rotated"),
    "token_family.ended": Activity(SESSION, 2, "Logoff"),
    "resource_server.added": CREATE,
    "resource_server.secret_rotated": UPDATE,
    "resource_server.removed": DELETE,
    "webhook.added": CREATE,
    "webhook.changed": UPDATE,
    "webhook.secret_rotated": UPDATE,
    "webhook.paused": Activity(ENTITY, 12, "Suspend"),
    "webhook.resumed": Activity(ENTITY, 13, "Resume"),
    "webhook.disabled": Activity(ENTITY, 9, "Disable", LOW),
    "webhook.replayed": Activity(ENTITY, OTHER, "Replayed"),
    "webhook.redelivered": Activity(ENTITY, OTHER, "Redelivered"),
    "webhook.removed": DELETE,
}
