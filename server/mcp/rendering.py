"""Apps and permissions as the fields of Lumos' API, which clients and models know already."""

from __future__ import annotations

from domain.policy import Policy
from projections.catalog.rows import AppRow, PermissionRow
from server.catalog.taken import Taken
from server.mcp.answers import Json
from server.mcp.forms import length_options
from server.mcp.search_rendering import shortened


def app(row: AppRow, taken: Taken, permissions: int, *, short: bool = False) -> Json:
    """Return an AppStoreApp, of which so many permissions may be requested."""
    shown = shortened if short else str
    return {
        "id": row.app_id,
        "user_friendly_label": row.name,
        "description": shown(row.description),
        "category": ", ".join(row.categories),
        "status": "APPROVED",
        "request_instructions": shown(row.instructions),
        "logo_url": row.logo_url,
        "website_url": row.website_url,
        "allow_multiple_permission_selection": row.multiple_permissions,
        "permission_count": permissions,
        **taken.fields(row.app_id, otherwise=permissions > 0),
    }


def permission(
    row: PermissionRow, taken: Taken, policy: Policy, score: float = 0.0, *, short: bool = False
) -> Json:
    """Return a requestable permission."""
    return {
        "id": row.permission_id,
        "label": row.label,
        "type": row.kind,
        "app_id": row.app_id,
        "app_name": row.app_name,
        "description": shortened(row.description) if short else row.description,
        "access_length_options": length_options(policy),
        **taken.fields(row.permission_id),
        "score": score,
    }
