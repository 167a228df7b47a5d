"""The public status of an access request: Lumos' enumeration, what its members have in common, and
how the status of a request follows from those of its items."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Status(StrEnum):
    """Lumos' SupportRequestStatus, in its order."""

    PENDING = "PENDING"
    PENDING_MANAGER_APPROVAL = "PENDING_MANAGER_APPROVAL"
    MANAGER_APPROVED = "MANAGER_APPROVED"
    MANAGER_DENIED = "MANAGER_DENIED"
    PENDING_APPROVAL = "PENDING_APPROVAL"
    APPROVED = "APPROVED"
    DENIED = "DENIED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"
    PENDING_PROVISIONING = "PENDING_PROVISIONING"
    PENDING_MANUAL_PROVISIONING = "PENDING_MANUAL_PROVISIONING"
    DENIED_PROVISIONING = "DENIED_PROVISIONING"
    PROVISIONED = "PROVISIONED"
    PENDING_DEPROVISIONING = "PENDING_DEPROVISIONING"
    PENDING_MANUAL_DEPROVISIONING = "PENDING_MANUAL_DEPROVISIONING"
    TIME_BASED_EXPIRED = "TIME_BASED_EXPIRED"
    COMPLETED = "COMPLETED"
    REVERTING = "REVERTING"
    REVERTED = "REVERTED"
    TIME_BASED_EXPIRED_FAILED = "TIME_BASED_EXPIRED_FAILED"
    TIME_BASED_EXPIRED_CANCELLED = "TIME_BASED_EXPIRED_CANCELLED"

    # A member is looked for in sets at every turn; as a text it has its hash at hand, while an
    # enumeration's own is computed each time.
    __hash__ = str.__hash__


AWAITING_APPROVAL = frozenset(
    {
        Status.PENDING,
        Status.PENDING_MANAGER_APPROVAL,
        Status.MANAGER_APPROVED,
        Status.PENDING_APPROVAL,
    }
)
PROVISIONING = frozenset({Status.PENDING_PROVISIONING, Status.PENDING_MANUAL_PROVISIONING})
CANCELLABLE = AWAITING_APPROVAL | PROVISIONING | {Status.APPROVED}
"""Before access is there; afterwards it is revoked, not cancelled."""

DEPROVISIONING = frozenset(
    {
        Status.PENDING_DEPROVISIONING,
        Status.PENDING_MANUAL_DEPROVISIONING,
        Status.REVERTING,
        Status.TIME_BASED_EXPIRED_FAILED,
    }
)
HELD = frozenset({Status.PROVISIONED, Status.COMPLETED, Status.TIME_BASED_EXPIRED_CANCELLED})
"""The person has the access, and nothing is under way that takes it away."""

TERMINAL = frozenset(
    {
        Status.MANAGER_DENIED,
        Status.DENIED,
        Status.EXPIRED,
        Status.CANCELLED,
        Status.DENIED_PROVISIONING,
        Status.TIME_BASED_EXPIRED,
        Status.COMPLETED,
        Status.REVERTED,
        Status.TIME_BASED_EXPIRED_CANCELLED,
    }
)
"""Nothing is left to be done. Held access without an end may still be revoked."""

_LEAST_ADVANCED_FIRST = (
    Status.PENDING,
    Status.PENDING_MANAGER_APPROVAL,
    Status.MANAGER_APPROVED,
    Status.PENDING_APPROVAL,
    Status.APPROVED,
    Status.PENDING_PROVISIONING,
    Status.PENDING_MANUAL_PROVISIONING,
    Status.REVERTING,
    Status.TIME_BASED_EXPIRED_FAILED,
    Status.PENDING_MANUAL_DEPROVISIONING,
    Status.PENDING_DEPROVISIONING,
    Status.PROVISIONED,
    # From here on nothing is left to do; what was granted says more than what was not.
    Status.COMPLETED,
    Status.TIME_BASED_EXPIRED_CANCELLED,
    Status.TIME_BASED_EXPIRED,
    Status.REVERTED,
    Status.DENIED_PROVISIONING,
    Status.DENIED,
    Status.MANAGER_DENIED,
    Status.EXPIRED,
    Status.CANCELLED,
)


def overall(items: Iterable[Status]) -> Status:
    """Return the status of a request: that of its least advanced item."""
    return min(items, key=_LEAST_ADVANCED_FIRST.index)
