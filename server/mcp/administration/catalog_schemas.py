"""The tools of the toolset `catalog` as their clients see them. What lets another policy govern is asked about first;
most changes of a record are not."""

from __future__ import annotations

from server.mcp.administration.defining import ID, MAYBE, TEXT, asking, destroying
from server.mcp.definitions import Schema
from server.mcp.schemas import closed_input, list_output, paging

COUNT: Schema = {"type": "integer", "minimum": 0}
KIND: Schema = {"type": "string", "enum": ["app", "permission"]}
BOOLEAN: Schema = {"type": "boolean"}
LONG: Schema = {"type": "string", "maxLength": 4_000}
SHORT: Schema = {"type": "string", "maxLength": 200}
IDS: Schema = {"type": "array", "items": ID, "maxItems": 50}
NO_POLICY = "One in force; empty: none of its own."
ENTRY: Schema = {
    "type": "object",
    "properties": {
        "kind": TEXT,
        "id": TEXT,
        "name": TEXT,
        "app_id": TEXT,
        "audience": TEXT,
        "policy": TEXT,
        "retired_at": TEXT,
    },
    "required": ["kind", "id", "name"],
}

FIND = asking(
    "find_catalog_entries",
    "Find apps or permissions",
    "Find apps or permissions, whoever may request them; with retired, those that are no more.",
    closed_input(
        ["kind"],
        kind=KIND,
        query={**SHORT, "description": "Part of a name or id."},
        app_id={**ID, "description": "The permissions of this app."},
        audience={**ID, "description": "The group that sees the app, or everyone."},
        policy={**ID, "description": "That it names itself."},
        source=ID,
        retired={"type": "boolean", "default": False},
        **paging(),
    ),
    list_output(ENTRY),
)
GET = asking(
    "get_catalog_entry",
    "Show an app or a permission",
    "Show a whole record, its version, who may request it, and which policy governs it.",
    closed_input(["kind", "id"], kind=KIND, id=ID),
    {
        "type": "object",
        "properties": {
            "kind": TEXT,
            "version": COUNT,
            "in_catalog": BOOLEAN,
            "changed_at": TEXT,
            "record": {"type": "object"},
            "visible_to": {
                "type": "object",
                "properties": {
                    "audience": TEXT,
                    "requestable_by": {"type": "array", "items": TEXT},
                },
            },
            "governing_policy": TEXT,
            "permissions": COUNT,
            "open_requests": COUNT,
        },
        "required": ["kind", "version", "in_catalog", "changed_at", "record"],
    },
)
EXPORT = asking(
    "export_catalog",
    "Export the catalog",
    "Return records as they stand in a catalog file, by id, a page at a time.",
    closed_input(
        ["kind"],
        kind={"type": "string", "enum": ["app", "permission", "policy"]},
        after={**ID, "description": "goes_on of the last page."},
        size={"type": "integer", "minimum": 1, "maximum": 50, "default": 20},
    ),
    {
        "type": "object",
        "properties": {"items": {"type": "array", "items": {"type": "object"}}, "goes_on": MAYBE},
        "required": ["items", "goes_on"],
    },
)
_RECORDS: Schema = {
    "type": "array",
    "items": {"type": "object"},
    "maxItems": 500,
    "default": [],
}
PREVIEW_IMPORT = asking(
    "preview_catalog_import",
    "Preview an import",
    "Say what importing these records would add and change; nothing is imported. "
    "doorward catalog import FILE imports.",
    closed_input([], apps=_RECORDS, permissions=_RECORDS, policies=_RECORDS),
    {
        "type": "object",
        "properties": {"added": COUNT, "changed": COUNT, "unchanged": COUNT},
        "required": ["added", "changed", "unchanged"],
    },
)
PUT_APP = destroying(
    "put_app",
    "Add or change an app",
    "Add an app, or change what is given of it; the rest stays. audience and policy say who may "
    "request it, owners who may be named as approvers.",
    ["app_id"],
    app_id=ID,
    name=SHORT,
    description=LONG,
    categories={"type": "array", "items": SHORT, "maxItems": 20},
    audience={**ID, "description": "A group, or everyone."},
    owner={**SHORT, "description": "Whose it is, in words."},
    owners={**IDS, "description": "People by id or user name."},
    instructions=LONG,
    source=SHORT,
    logo_url={**LONG, "description": "Empty: none."},
    website_url={**LONG, "description": "Empty: none."},
    multiple_permissions=BOOLEAN,
    policy={**SHORT, "description": NO_POLICY},
)
PUT_PERMISSION = destroying(
    "put_permission",
    "Add or change a permission",
    "Add a permission to an app, or change what is given of it; the rest stays.",
    ["permission_id"],
    permission_id=ID,
    app_id=ID,
    label=SHORT,
    description=LONG,
    kind=SHORT,
    source=SHORT,
    policy={**SHORT, "description": NO_POLICY},
)
RETIRE = destroying(
    "retire_catalog_entry",
    "Retire an app or a permission",
    "Take one out of the catalog: open requests for it are cancelled, what is "
    "held stays. Put it again to bring it back.",
    ["kind", "id"],
    kind=KIND,
    id=ID,
)
