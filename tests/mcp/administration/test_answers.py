"""What the administrators' tools answer fits what they are listed with, and costs a model little."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from tests import seeds
from tests.mcp.administration.desk import desk
from tests.mcp.wire import Wire
from tests.web import Web

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize("database_url", ["memory"], indirect=True),
]
POLICY = {"id": "owners", "access_lengths": ["1 day"]}
CALLS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "catalog": [
        ("put_app", {"app_id": "new", "name": "New", "dry_run": True}),
        ("find_catalog_entries", {"kind": "app"}),
        ("get_catalog_entry", {"kind": "permission", "id": "crm:reader"}),
        ("export_catalog", {"kind": "permission", "size": 2}),
        ("preview_catalog_import", {"apps": [{"id": "new", "name": "New"}]}),
    ],
    "policy": [
        ("put_policy", {"policy": POLICY, "confirm": "owners"}),
        ("list_policies", {}),
        ("get_policy", {"policy_id": "owners"}),
        ("explain_policy", {"person": "alice", "items": ["crm:reader"]}),
        ("simulate_policies", {"policies": [POLICY]}),
    ],
    "integrations": [
        ("add_integration", {"name": "bot", "rights": ["decide"], "confirm": "bot"}),
        ("add_webhook", {"name": "hook", "url": "https://hooks.example/in", "confirm": "hook"}),
        ("list_integrations", {}),
        ("get_integration", {"name": "bot"}),
        ("list_webhooks", {}),
        ("get_webhook", {"name": "hook"}),
        ("list_service_credentials", {}),
    ],
    "audit": [
        ("search_audit_trail", {}),
        ("get_audit_event", {"position": 1}),
        ("get_request_history", {"request_id": "r-1", "why": True}),
        ("list_as_of", {"what": "people"}),
        ("verify_audit_log", {"start": True}),
        ("list_checkpoints", {}),
    ],
}
TOKENS = {"catalog": 1_300, "policy": 1_000, "integrations": 2_150, "audit": 1_000}
"""Most that a toolset may cost a model that has it in view, at four letters a token."""


async def listed(wire: Wire) -> dict[str, dict[str, Any]]:
    """Return the tools by name."""
    tools = (await wire.request("tools/list")).json()["result"]["tools"]
    return {one["name"]: one for one in tools}


@pytest.mark.parametrize("toolset", list(CALLS))
async def test_every_answer_fits_the_schema_of_its_tool(web: Web, toolset: str) -> None:
    await web.execute(seeds.submission("r-1"))
    wire = await desk(web, toolset)
    tools = await listed(wire)
    for name, arguments in CALLS[toolset]:
        result = await wire.call(name, **arguments)
        assert not result.get("isError"), result
        jsonschema.validate(result["structuredContent"], tools[name]["outputSchema"])
        assert result["content"][0]["text"]


@pytest.mark.parametrize("toolset", list(CALLS))
async def test_a_toolset_takes_little_of_a_models_attention(web: Web, toolset: str) -> None:
    """What a client shows its model: names, descriptions and what is taken."""
    wire = await desk(web, toolset)
    shown = [
        {"name": name, "description": one["description"], "schema": one["inputSchema"]}
        for name, one in (await listed(wire)).items()
    ]
    tokens = len(json.dumps(shown, separators=(",", ":"))) / 4
    assert tokens <= TOKENS[toolset]
