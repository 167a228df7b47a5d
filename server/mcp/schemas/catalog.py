"""The three tools that find what may be requested."""

from __future__ import annotations

from server.mcp.app_links import CATALOG_PICKER, shown_in
from server.mcp.definitions import Schema, ToolDefinition
from server.mcp.schemas.parts import (
    ID,
    MAYBE,
    PAGING,
    READ,
    TEXT,
    WORDS,
    closed_input,
    list_output,
    object_of,
)

_APP: dict[str, Schema] = {
    "id": TEXT,
    "user_friendly_label": TEXT,
    "description": TEXT,
    "category": TEXT,
    "status": TEXT,
    "request_instructions": TEXT,
    "logo_url": MAYBE,
    "website_url": MAYBE,
    "allow_multiple_permission_selection": {"type": "boolean"},
    "permission_count": {"type": "integer"},
    "requestable": {"type": "boolean"},
    "reason_not_requestable": MAYBE,
    "already_held": {"type": "boolean"},
}
APP = object_of(**_APP)
_HIT: dict[str, Schema] = {
    "score": {"type": "number"},
    "matching_permissions": {
        "type": "array",
        "items": object_of(id=TEXT, label=TEXT),
        "description": "Its permissions that match best.",
    },
}
_FOUND_APP = {**APP, "properties": {**_APP, **_HIT}}
_PERMISSION: dict[str, Schema] = {
    "id": TEXT,
    "label": TEXT,
    "type": TEXT,
    "app_id": TEXT,
    "app_name": TEXT,
    "description": TEXT,
    "access_length_options": {"type": "array", "items": TEXT},
    "requestable": {"type": "boolean"},
    "reason_not_requestable": MAYBE,
    "already_held": {"type": "boolean"},
    "score": {"type": "number"},
}
PERMISSION = object_of(**_PERMISSION)
FORM: dict[str, Schema] = {
    "request_config": {"type": "object"},
    "required_fields": {"type": "object"},
    "optional_fields": {"type": "object"},
    "justification_required": {"type": "boolean"},
    "access_length_options": {"type": "array", "items": TEXT},
    "default_access_length": TEXT,
}
"""The request form; a permission carries its own where that is another than the app's."""
_WITH_FORM = {**_PERMISSION, **FORM}

_QUERIES: Schema = {
    "type": "array",
    "items": WORDS,
    "maxItems": 5,
    "description": "Further phrasings of the same question; their results are fused.",
}
_ONLY: Schema = {
    "type": "boolean",
    "default": False,
    "description": "Leave out what the person holds or has asked for.",
}
_PAGES: dict[str, Schema] = {
    **PAGING,
    "size": {"type": "integer", "minimum": 1, "maximum": 100, "default": 10},
    "cursor": {
        "type": "string",
        "maxLength": 1_000,
        "description": "The next_cursor of the page before, in place of page.",
    },
}
_SEARCHED: dict[str, Schema] = {
    "match": {"type": "string", "enum": ["strong", "partial", "weak", "none"]},
    "unmatched": {"type": "array", "items": TEXT},
    "corrected": {"type": "object", "additionalProperties": TEXT},
    "next_cursor": TEXT,
    "catalog_changed": {"type": "boolean"},
}
"""What a search says of itself."""

SEARCH_APPS = ToolDefinition(
    name="search_apps",
    title="Search apps",
    description=(
        "Find apps that the person may request access to, and in each the permissions that match. "
        "Use product, task and permission words in the catalog's language rather than whole "
        "sentences; leave name_search out to browse."
    ),
    input_schema=closed_input(
        [],
        name_search={**WORDS, "description": "Words of the app's name or purpose."},
        queries=_QUERIES,
        exact_match={"type": "boolean", "default": False},
        category={**WORDS, "description": "Only apps of this category."},
        requestable_only=_ONLY,
        **_PAGES,
    ),
    output_schema=list_output(_FOUND_APP, **_SEARCHED),
    annotations=READ,
    meta=shown_in(CATALOG_PICKER),
)
SEARCH_PERMISSIONS = ToolDefinition(
    name="search_requestable_permissions",
    title="Search permissions",
    description=(
        "Find permissions (roles, groups, licences) that the person may request, over all apps "
        "or in one. Use product, task and permission words, in the catalog's language."
    ),
    input_schema=closed_input(
        [],
        search_term={
            **WORDS,
            "minLength": 1,
            "description": "Required, unless queries are given.",
        },
        queries=_QUERIES,
        exact_match={"type": "boolean", "default": False},
        app_id=ID,
        requestable_only=_ONLY,
        **_PAGES,
    ),
    output_schema=list_output(PERMISSION, **_SEARCHED),
    annotations=READ,
    meta=shown_in(CATALOG_PICKER),
)
LIST_PERMISSIONS = ToolDefinition(
    name="list_requestable_permissions",
    title="List an app's permissions",
    description=(
        "List what can be requested in one app, with its request form: who approves, allowed "
        "lengths of access, required fields. Call it before submitting."
    ),
    input_schema=closed_input(
        ["app_id"],
        app_id=ID,
        search_term=WORDS,
        queries=_QUERIES,
        target_user_id={**ID, "description": "Whom it would be for, if for somebody else."},
        requestable_only=_ONLY,
        **PAGING,
        cursor=_PAGES["cursor"],
    ),
    output_schema=list_output(
        {**PERMISSION, "properties": _WITH_FORM}, app=APP, **FORM, **_SEARCHED
    ),
    annotations=READ,
)
