"""The three tools that find what may be requested."""

from __future__ import annotations

from mcp.types import Tool

from server.mcp.schemas.parts import (
    ID,
    MAYBE,
    PAGING,
    READ,
    TEXT,
    WORDS,
    Schema,
    closed_input,
    list_output,
    object_of,
)

APP = object_of(
    id=TEXT,
    user_friendly_label=TEXT,
    description=TEXT,
    category=TEXT,
    status=TEXT,
    request_instructions=TEXT,
    logo_url=MAYBE,
    website_url=MAYBE,
    allow_multiple_permission_selection={"type": "boolean"},
    permission_count={"type": "integer"},
    requestable={"type": "boolean"},
    already_held={"type": "boolean"},
)
_PERMISSION: dict[str, Schema] = {
    "id": TEXT,
    "label": TEXT,
    "type": TEXT,
    "app_id": TEXT,
    "app_name": TEXT,
    "description": TEXT,
    "access_length_options": {"type": "array", "items": TEXT},
    "requestable": {"type": "boolean"},
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

SEARCH_APPS = Tool(
    name="search_apps",
    title="Search apps",
    description=(
        "Find apps that the person may request access to. Use product, task or department words "
        "rather than whole sentences; leave name_search out to browse."
    ),
    input_schema=closed_input(
        [],
        name_search={**WORDS, "description": "Words of the app's name or purpose."},
        exact_match={"type": "boolean", "default": False},
        category={**WORDS, "description": "Only apps of this category."},
        **PAGING,
    ),
    output_schema=list_output(APP),
    annotations=READ,
)
SEARCH_PERMISSIONS = Tool(
    name="search_requestable_permissions",
    title="Search permissions",
    description=(
        "Find permissions (roles, groups, licences) that the person may request, over all apps "
        "or in one. Use words for the task or the role."
    ),
    input_schema=closed_input(
        ["search_term"],
        search_term={**WORDS, "minLength": 1},
        exact_match={"type": "boolean", "default": False},
        app_id=ID,
        **PAGING,
    ),
    output_schema=list_output(PERMISSION),
    annotations=READ,
)
LIST_PERMISSIONS = Tool(
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
        target_user_id={**ID, "description": "Whom it would be for, if not the person himself."},
        **PAGING,
    ),
    output_schema=list_output({**PERMISSION, "properties": _WITH_FORM}, app=APP, **FORM),
    annotations=READ,
)
