"""Groups of statuses that a person thinks in; each status is in exactly one."""

from __future__ import annotations

from domain.access_request import AWAITING_APPROVAL, DEPROVISIONING, HELD, PROVISIONING, Status

_PENDING = AWAITING_APPROVAL | PROVISIONING
_SUCCESS = HELD | {Status.APPROVED}

STATUS_GROUPS: dict[str, frozenset[Status]] = {
    "pending": _PENDING,
    "success": _SUCCESS,
    "ending": DEPROVISIONING,
    "closed": frozenset(Status) - _PENDING - _SUCCESS - DEPROVISIONING,
}
"""pending: somebody has to act before access is there; success: approved or held; ending: being
removed; closed: it came to nothing, or has ended."""
