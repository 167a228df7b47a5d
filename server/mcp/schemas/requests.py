"""The tools that submit requests and follow them."""

from __future__ import annotations

from domain.access_request import (
    COMMENT_LIMIT,
    JUSTIFICATION_LIMIT,
    MOST_ANSWERS,
    MOST_PERMISSIONS,
    REASON_LIMIT,
    Status,
)
from server.mcp.app_links import STATUS_CARD, shown_in
from server.mcp.definitions import Hints, Schema, ToolDefinition
from server.mcp.schemas.lengths import ACCESS_LENGTHS
from server.mcp.schemas.parts import (
    ID,
    PAGING,
    READ,
    TEXT,
    WRITE,
    closed_input,
    list_output,
    object_of,
)
from server.mcp.schemas.statuses import STATUS_GROUPS

_STATUS: Schema = {"type": "string", "enum": [status.value for status in Status]}
_MOMENT: Schema = {"type": "string", "format": "date-time", "maxLength": 40}
_OBJECTS: Schema = {"type": "array", "items": {"type": "object"}}
_TEXTS: Schema = {"type": "array", "items": TEXT}

WAITING: Schema = object_of(
    action={"type": "string", "enum": ["approve", "grant", "remove", "start"]},
    stage=TEXT,
    items=_TEXTS,
    who={"type": "array", "items": object_of(kind=TEXT, id=TEXT, name=TEXT)},
    others={"type": "integer", "description": "How many more than are named in who."},
)
_ITEM: Schema = object_of(id=TEXT, label=TEXT, status=_STATUS)
_ITEM["properties"]["expires_at"] = TEXT
ACCESS_REQUEST: Schema = {
    "type": "object",
    "properties": {
        "id": TEXT,
        "app_id": TEXT,
        "app_name": TEXT,
        "requester_user": {"type": "object"},
        "target_user": {"type": "object"},
        "status": _STATUS,
        "notes": {"type": "object"},
        "requested_at": TEXT,
        "updated_at": TEXT,
        "starts_at": TEXT,
        "expires_at": TEXT,
        "expiration_in_seconds": {"type": ["integer", "null"]},
        "requestable_permissions": _OBJECTS,
        "items": {"type": "array", "items": _ITEM},
        "waiting_on": {"type": "array", "items": WAITING},
        "submitted_via": {"type": "object"},
        "extends_request_id": TEXT,
        "emergency": {"type": "boolean"},
        "version": {"type": "integer"},
        "cancelable": {"type": "boolean"},
        "closed_reason": TEXT,
        "url": TEXT,
        "tasks": _OBJECTS,
        "custom_fields": _OBJECTS,
        "history": _OBJECTS,
    },
    "required": ["id", "app_id", "app_name", "status", "items", "requested_at", "version"],
}
EXPAND = ("tasks", "custom_fields", "history")
OUTCOMES = (
    "submitted",
    "approved",
    "duplicate_pending",
    "already_held",
    "needs_input",
    "would_submit",
)
_ANSWER: Schema = {
    **closed_input(
        ["response"],
        id={**ID, "description": "The field's id; or give its prompt."},
        prompt={"type": "string", "minLength": 1, "maxLength": 500},
        response={"type": "string", "maxLength": 2_000},
    ),
}

SUBMIT = ToolDefinition(
    name="submit_access_request",
    title="Submit an access request",
    description=(
        "Ask for access to an app or to permissions of one app, in the person's name. Set "
        "dry_run to see who would decide and what is missing. Give an idempotency_key so that a "
        "retry cannot ask twice. Get the justification from the person; do not invent one."
    ),
    input_schema=closed_input(
        ["app_id"],
        app_id=ID,
        requestable_permission_ids={
            "type": "array",
            "items": ID,
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
        target_user_id={**ID, "description": "Whom it is for, if for somebody else."},
        custom_fields={"type": "array", "maxItems": MOST_ANSWERS, "items": _ANSWER},
        extends_request_id={
            **ID,
            "description": "Let the access of this request last longer, from approval on.",
        },
        idempotency_key={"type": "string", "minLength": 1, "maxLength": 200},
        dry_run={"type": "boolean", "default": False},
        starts_at={**_MOMENT, "description": "Begin later: date and time with offset."},
    ),
    output_schema={
        "type": "object",
        "properties": {
            "outcome": {"type": "string", "enum": list(OUTCOMES)},
            "access_requests": {"type": "array", "items": ACCESS_REQUEST},
            "replayed": {"type": "boolean"},
            "dry_run": {"type": "boolean"},
            "missing_fields": {"type": "object"},
            "preview": {"type": "object"},
            "next": {"type": "object"},
        },
        "required": ["outcome", "access_requests", "replayed", "dry_run"],
    },
    annotations=WRITE,
    meta=shown_in(STATUS_CARD),
)
LIST_REQUESTS = ToolDefinition(
    name="list_access_requests",
    title="List access requests",
    description=(
        "List the person's own access requests, newest first, or look one up by its id. "
        "waiting_on says who has to act next."
    ),
    input_schema=closed_input(
        [],
        statuses={"type": "array", "maxItems": len(Status), "items": _STATUS},
        status_group={"type": "string", "enum": list(STATUS_GROUPS)},
        access_request_id=ID,
        app_id=ID,
        role={"type": "string", "enum": ["requester", "target", "either"], "default": "either"},
        updated_since=_MOMENT,
        as_of={**_MOMENT, "description": "Show them as they stood at this time."},
        sort={"type": "string", "enum": ["ASC", "DESC"], "default": "DESC"},
        expand={"type": "array", "maxItems": 3, "items": {"type": "string", "enum": list(EXPAND)}},
        **PAGING,
    ),
    output_schema=list_output(ACCESS_REQUEST, as_of=TEXT),
    annotations=READ,
    meta=shown_in(STATUS_CARD),
)
GET = ToolDefinition(
    name="get_access_request",
    title="Get an access request",
    description="Show one of the person's requests with its tasks, answers and history.",
    input_schema=closed_input(["access_request_id"], access_request_id=ID),
    output_schema=object_of(access_request=ACCESS_REQUEST),
    annotations=READ,
    meta=shown_in(STATUS_CARD),
)
CANCEL = ToolDefinition(
    name="cancel_access_request",
    title="Cancel an access request",
    description=(
        "Withdraw one of the person's requests before access is granted. Say what will be "
        "withdrawn and let the person confirm first."
    ),
    input_schema=closed_input(
        ["access_request_id"],
        access_request_id=ID,
        reason={"type": "string", "maxLength": REASON_LIMIT},
        expected_version={"type": "integer", "minimum": 1},
    ),
    output_schema=object_of(access_request=ACCESS_REQUEST),
    annotations=Hints(read_only=False, destructive=True, idempotent=False),
)
COMMENT = ToolDefinition(
    name="comment_on_access_request",
    title="Comment on an access request",
    description="Say something to everybody who has a part in one of the person's requests.",
    input_schema=closed_input(
        ["access_request_id", "text"],
        access_request_id=ID,
        text={"type": "string", "minLength": 1, "maxLength": COMMENT_LIMIT},
    ),
    output_schema=object_of(access_request=ACCESS_REQUEST),
    annotations=WRITE,
)
