"""The tools of the toolset `policy` as their clients see them. A policy may say that nobody is asked, or who; to
publish one, or to let it govern, is to decide ahead, and so the person is asked first."""

from __future__ import annotations

from server.mcp.administration.defining import ID, TEXT, asking, destroying
from server.mcp.definitions import Schema
from server.mcp.schemas import closed_input, list_output, paging

COUNT: Schema = {"type": "integer", "minimum": 0}
TEXTS: Schema = {"type": "array", "items": TEXT}
MOST_POLICIES = 10
POLICY: Schema = {
    "type": "object",
    "description": "The whole policy, as get_policy shows one; what is left out has its default.",
}
OBJECTS: Schema = {"type": "array", "items": {"type": "object"}}

LIST = asking(
    "list_policies",
    "List policies",
    "List the policies in force, and how many apps and permissions name each.",
    closed_input([], **paging()),
    list_output(
        {
            "type": "object",
            "properties": {
                "id": TEXT,
                "edition": COUNT,
                "stages": TEXTS,
                "access_lengths": TEXTS,
                "apps": COUNT,
                "permissions": COUNT,
            },
            "required": ["id", "edition", "stages"],
        }
    ),
)
GET = asking(
    "get_policy",
    "Show a policy",
    "Show a whole policy as put_policy takes it, and its version.",
    closed_input(["policy_id"], policy_id=ID),
    {
        "type": "object",
        "properties": {
            "version": COUNT,
            "built_in": {"type": "boolean"},
            "policy": {"type": "object"},
            "apps": COUNT,
            "permissions": COUNT,
        },
        "required": ["version", "built_in", "policy"],
    },
)
EXPLAIN = asking(
    "explain_policy",
    "Explain what policy does",
    "Say which policy an app or permission gets, and the way a person's request for it would go: "
    "stages, who may decide now, lengths, who grants. With policy, as if that were in force.",
    closed_input(
        ["person", "items"],
        person={**ID, "description": "Id or user name of whom it is for."},
        items={
            "type": "array",
            "items": ID,
            "maxItems": 20,
            "description": "Permissions of one app, or the app.",
        },
        requester={**ID, "description": "Who asks, if another."},
        length={**ID, "description": "As in 8 hours, or unlimited."},
        emergency={"type": "boolean", "default": False},
        policy=POLICY,
    ),
    {
        "type": "object",
        "properties": {
            "person": TEXT,
            "items": OBJECTS,
            "routes": OBJECTS,
            "waits": {"type": "boolean"},
            "refused": {"type": "object"},
        },
        "required": ["person", "items"],
    },
)
SIMULATE = asking(
    "simulate_policies",
    "Try policies on past requests",
    "Say which requests of the last days would have gone another way under these policies.",
    closed_input(
        ["policies"],
        policies={**OBJECTS, "maxItems": MOST_POLICIES},
        days={"type": "integer", "minimum": 1, "maximum": 3_650, "default": 30},
        size={"type": "integer", "minimum": 1, "maximum": 50, "default": 10},
    ),
    {
        "type": "object",
        "properties": {
            "since": TEXT,
            "requests": COUNT,
            "changed": COUNT,
            "counts": {"type": "object"},
            "changes": TEXTS,
        },
        "required": ["since", "requests", "changed", "counts", "changes"],
    },
)
PUT = destroying(
    "put_policy",
    "Publish a policy",
    "Publish a policy, new or as the next edition; it rules requests from then on. "
    "Try it with simulate_policies first.",
    ["policy"],
    policy=POLICY,
)
ASSIGN = destroying(
    "assign_policy",
    "Assign a policy",
    "Let a policy govern an app or a permission; an empty policy_id takes off the one it names.",
    ["kind", "id", "policy_id"],
    kind={"type": "string", "enum": ["app", "permission"]},
    id=ID,
    policy_id={"type": "string", "maxLength": 200},
)
RETIRE = destroying(
    "retire_policy",
    "Retire a policy",
    "Let a policy apply no more; what names it falls back to its app's, else the default policy.",
    ["policy_id"],
    policy_id=ID,
)
