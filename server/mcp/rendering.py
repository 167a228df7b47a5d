"""Rows as the fields of Lumos' API, which clients and models know already."""

from __future__ import annotations

from datetime import datetime

from domain.access_request import Status
from domain.policy import Policy
from domain.ports import Rows
from projections.access_requests import RequestRow
from projections.catalog import AppRow, PermissionRow
from projections.pages import Page
from projections.people import person_by_id
from server.mcp.schemas import ACCESS_LENGTHS

Json = dict[str, object]
OPEN = frozenset({Status.PENDING, Status.PENDING_MANAGER_APPROVAL, Status.PENDING_APPROVAL})


def page_of(page: Page[object], items: list[Json], empty_reason: str) -> Json:
    """Return the list envelope; an empty list says why it is empty."""
    answer: Json = {
        "items": items,
        "total": page.total,
        "page": page.page,
        "size": page.size,
        "pages": page.pages,
    }
    if not items:
        answer["empty_reason"] = (
            f"There are only {page.pages} pages." if page.total else empty_reason
        )
    return answer


def app(row: AppRow, held: frozenset[str]) -> Json:
    """Return an AppStoreApp."""
    return {
        "id": row.app_id,
        "user_friendly_label": row.name,
        "description": row.description,
        "category": ", ".join(row.categories),
        "status": "APPROVED",
        "request_instructions": row.instructions,
        "logo_url": row.logo_url,
        "website_url": row.website_url,
        "allow_multiple_permission_selection": row.multiple_permissions,
        "permission_count": row.permission_count,
        "requestable": True,
        "already_held": row.app_id in held,
    }


def permission(row: PermissionRow, held: frozenset[str], policy: Policy) -> Json:
    """Return a requestable permission."""
    return {
        "id": row.permission_id,
        "label": row.label,
        "type": row.kind,
        "app_id": row.app_id,
        "app_name": row.app_name,
        "description": row.description,
        "access_length_options": length_options(policy),
        "requestable": True,
        "already_held": row.permission_id in held,
        "score": row.score,
    }


def length_options(policy: Policy) -> list[str]:
    """Return the names of the lengths that a policy offers."""
    return [name for name, seconds in ACCESS_LENGTHS.items() if seconds in policy.access_lengths]


def length_name(seconds: int | None) -> str:
    """Return the name of a length of access."""
    names = {length: name for name, length in ACCESS_LENGTHS.items()}
    return names.get(seconds, f"{seconds} seconds")


def request(rows: Rows, row: RequestRow) -> Json:
    """Return an AccessRequest."""
    return {
        "id": row.request_id,
        "app_id": row.app_id,
        "app_name": row.app_name,
        "requester_user": _user(rows, row.requester),
        "target_user": _user(rows, row.target),
        "supporter_user": None,
        "status": row.status,
        "notes": {"PENDING": row.justification} if row.justification else {},
        "requested_at": _time(row.requested_at),
        "updated_at": _time(row.updated_at),
        "expires_at": _time(row.expires_at),
        "expiration_in_seconds": row.access_seconds,
        "starts_at": _time(row.starts_at),
        "requestable_permissions": [
            {"id": one.permission_id, "label": one.label} for one in row.permissions
        ],
        "version": row.version,
        "waiting_on": [],
        "submitted_via": {
            "client_id": row.client_id,
            "client_name": row.client_name,
            "consent_id": row.consent_id,
            "via": row.via,
        },
        "cancelable": row.status in OPEN,
        "closed_reason": row.closed_reason,
    }


def _user(rows: Rows, person_id: str) -> Json:
    found = person_by_id(rows, person_id)
    if found is None:
        return {"id": person_id}
    return {
        "id": found.person_id,
        "email": found.email,
        "given_name": found.given_name,
        "family_name": found.family_name,
        "status": "DISABLED" if found.disabled else "ACTIVE",
    }


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
