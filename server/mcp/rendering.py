"""Apps and permissions as the fields of Lumos' API, which clients and models know already."""

from __future__ import annotations

from domain.policy import Policy
from projections.catalog import AppRow, PermissionRow
from server.mcp.answers import Json
from server.mcp.forms import length_options


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
