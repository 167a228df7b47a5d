"""The tools as clients see them: names, words, exact input and output schemas. Arguments are checked
against these, so what is listed is what is taken."""

from __future__ import annotations

from mcp.types import Tool, ToolAnnotations

from domain.access_request import JUSTIFICATION_LIMIT, MOST_PERMISSIONS, REASON_LIMIT, Status
from domain.policy import DAY, HOUR

Schema = dict[str, object]

ACCESS_LENGTHS: dict[str, int | None] = {
    "2 hours": 2 * HOUR,
    "4 hours": 4 * HOUR,
    "8 hours": 8 * HOUR,
    "12 hours": 12 * HOUR,
    "1 day": DAY,
    "2 days": 2 * DAY,
    "3 days": 3 * DAY,
    "7 days": 7 * DAY,
    "14 days": 14 * DAY,
    "30 days": 30 * DAY,
    "90 days": 90 * DAY,
    "Unlimited": None,
}
STATUS_GROUPS: dict[str, tuple[Status, ...]] = {
    "pending": (
        Status.PENDING,
        Status.PENDING_MANAGER_APPROVAL,
        Status.PENDING_APPROVAL,
        Status.PENDING_PROVISIONING,
        Status.PENDING_MANUAL_PROVISIONING,
    ),
    "success": (Status.APPROVED, Status.PROVISIONED, Status.COMPLETED),
    "closed": (
        Status.MANAGER_DENIED,
        Status.DENIED,
        Status.EXPIRED,
        Status.CANCELLED,
        Status.DENIED_PROVISIONING,
        Status.TIME_BASED_EXPIRED,
        Status.REVERTED,
        Status.COMPLETED,
    ),
}

_ID: Schema = {"type": "string", "minLength": 1, "maxLength": 200}
_WORDS: Schema = {"type": "string", "maxLength": 512}
_PAGING: dict[str, Schema] = {
    "page": {"type": "integer", "minimum": 1, "maximum": 100_000, "default": 1},
    "size": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
}
_TEXT: Schema = {"type": "string"}
_MAYBE: Schema = {"type": ["string", "null"]}


def text_field() -> Schema:
    """Return the schema of any text."""
    return dict(_TEXT)


def identifier_field() -> Schema:
    """Return the schema of an id."""
    return dict(_ID)


def paging() -> dict[str, Schema]:
    """Return the arguments of a list by pages."""
    return dict(_PAGING)


def closed_input(required: list[str], **properties: Schema) -> Schema:
    """Return a schema that takes these arguments and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def list_output(item: Schema, **more: Schema) -> Schema:
    """Return the schema of a page of items."""
    count: Schema = {"type": "integer", "minimum": 0}
    properties = {
        "items": {"type": "array", "items": item},
        "total": count,
        "page": count,
        "size": count,
        "pages": count,
        "empty_reason": {"type": "string", "description": "Why there are no items."},
        **more,
    }
    required = ["items", "total", "page", "size", "pages"]
    return {"type": "object", "properties": properties, "required": required}


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}


APP = _object(
    id=_TEXT,
    user_friendly_label=_TEXT,
    description=_TEXT,
    category=_TEXT,
    status=_TEXT,
    request_instructions=_TEXT,
    logo_url=_MAYBE,
    website_url=_MAYBE,
    allow_multiple_permission_selection={"type": "boolean"},
    permission_count={"type": "integer"},
    requestable={"type": "boolean"},
    already_held={"type": "boolean"},
)
PERMISSION = _object(
    id=_TEXT,
    label=_TEXT,
    type=_TEXT,
    app_id=_TEXT,
    app_name=_TEXT,
    description=_TEXT,
    access_length_options={"type": "array", "items": _TEXT},
    requestable={"type": "boolean"},
    already_held={"type": "boolean"},
    score={"type": "number"},
)
ACCESS_REQUEST: Schema = {
    "type": "object",
    "properties": {
        "id": _TEXT,
        "app_id": _TEXT,
        "app_name": _TEXT,
        "status": {"type": "string", "enum": [status.value for status in Status]},
        "requested_at": _TEXT,
        "updated_at": _TEXT,
        "expires_at": _MAYBE,
        "expiration_in_seconds": {"type": ["integer", "null"]},
        "version": {"type": "integer"},
        "cancelable": {"type": "boolean"},
    },
    "required": ["id", "app_id", "app_name", "status", "requested_at", "version"],
}
_READ = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_WRITE = ToolAnnotations(
    read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=False
)

SEARCH_APPS = Tool(
    name="search_apps",
    title="Search apps",
    description=(
        "Find apps that the person may request access to. Use product, task or department words "
        "rather than whole sentences; leave name_search out to browse."
    ),
    input_schema=closed_input(
        [],
        name_search={**_WORDS, "description": "Words of the app's name or purpose."},
        exact_match={"type": "boolean", "default": False},
        category={**_WORDS, "description": "Only apps of this category."},
        **_PAGING,
    ),
    output_schema=list_output(APP),
    annotations=_READ,
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
        search_term={**_WORDS, "minLength": 1},
        exact_match={"type": "boolean", "default": False},
        app_id=_ID,
        **_PAGING,
    ),
    output_schema=list_output(PERMISSION),
    annotations=_READ,
)
LIST_PERMISSIONS = Tool(
    name="list_requestable_permissions",
    title="List an app's permissions",
    description=(
        "List what can be requested in one app, with the rules of its request form: allowed "
        "lengths of access and whether a justification is required. Call it before submitting."
    ),
    input_schema=closed_input(["app_id"], app_id=_ID, search_term=_WORDS, **_PAGING),
    output_schema=list_output(
        PERMISSION,
        app=APP,
        request_config={"type": "object"},
        required_fields={"type": "object"},
        justification_required={"type": "boolean"},
        default_access_length=_TEXT,
    ),
    annotations=_READ,
)
SUBMIT = Tool(
    name="submit_access_request",
    title="Submit an access request",
    description=(
        "Ask for access to an app or to permissions of one app, in the person's name. Set "
        "dry_run to see what would happen first. Give an idempotency_key so that a retry cannot "
        "ask twice. Get the justification from the person; do not invent one."
    ),
    input_schema=closed_input(
        ["app_id"],
        app_id=_ID,
        requestable_permission_ids={
            "type": "array",
            "items": _ID,
            "maxItems": MOST_PERMISSIONS,
            "description": "Permissions of this app; leave out to ask for the app itself.",
        },
        business_justification={"type": "string", "maxLength": JUSTIFICATION_LIMIT},
        access_length={"type": "string", "enum": list(ACCESS_LENGTHS)},
        expiration_in_seconds={
            "type": "integer",
            "minimum": 1,
            "description": "Instead of access_length, never with it.",
        },
        target_user_id={**_ID, "description": "Whom it is for, if not the person himself."},
        custom_fields={
            "type": "array",
            "maxItems": 50,
            "items": closed_input(
                ["id", "response"], id=_ID, response={"type": "string", "maxLength": 2000}
            ),
        },
        idempotency_key={"type": "string", "minLength": 1, "maxLength": 200},
        dry_run={"type": "boolean", "default": False},
        starts_at={"type": "string", "format": "date-time", "maxLength": 40},
    ),
    output_schema={
        "type": "object",
        "properties": {
            "outcome": {
                "type": "string",
                "enum": ["submitted", "duplicate_pending", "needs_input", "would_submit"],
            },
            "access_requests": {"type": "array", "items": ACCESS_REQUEST},
            "replayed": {"type": "boolean"},
            "dry_run": {"type": "boolean"},
            "missing_fields": {"type": "object"},
            "preview": {"type": "object"},
            "next": {"type": "object"},
        },
        "required": ["outcome", "access_requests", "replayed", "dry_run"],
    },
    annotations=_WRITE,
)
LIST_REQUESTS = Tool(
    name="list_access_requests",
    title="List access requests",
    description="List the person's own access requests, newest first, or look one up by its id.",
    input_schema=closed_input(
        [],
        statuses={
            "type": "array",
            "maxItems": len(Status),
            "items": {"type": "string", "enum": [status.value for status in Status]},
        },
        status_group={"type": "string", "enum": list(STATUS_GROUPS)},
        access_request_id=_ID,
        app_id=_ID,
        role={"type": "string", "enum": ["requester", "target", "either"], "default": "either"},
        updated_since={"type": "string", "format": "date-time", "maxLength": 40},
        sort={"type": "string", "enum": ["ASC", "DESC"], "default": "DESC"},
        **_PAGING,
    ),
    output_schema=list_output(ACCESS_REQUEST),
    annotations=_READ,
)
CANCEL = Tool(
    name="cancel_access_request",
    title="Cancel an access request",
    description="Withdraw one of the person's requests that is still open.",
    input_schema=closed_input(
        ["access_request_id"],
        access_request_id=_ID,
        reason={"type": "string", "maxLength": REASON_LIMIT},
        expected_version={"type": "integer", "minimum": 1},
    ),
    output_schema=_object(access_request=ACCESS_REQUEST),
    annotations=_WRITE,
)
