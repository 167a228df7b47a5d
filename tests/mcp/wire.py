"""MCP as it goes over the wire, without a client's own checks in between."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx

MODERN = "2026-07-28"
LEGACY = "2025-11-25"
_ids = count(1)


@dataclass
class Wire:
    """One caller at ``/mcp/user``, in one protocol era."""

    http: httpx.AsyncClient
    issuer: str
    token: str | None
    era: str = MODERN
    path: str = "/mcp/user"
    capabilities: dict[str, Any] = field(default_factory=dict)

    @property
    def resource(self) -> str:
        """Where it calls."""
        return f"{self.issuer}{self.path}"

    async def post(self, body: object, **headers: str | bytes) -> httpx.Response:
        """Post any body."""
        given: dict[str, str | bytes] = {
            "accept": "application/json, text/event-stream",
            "mcp-protocol-version": self.era,
            **({"authorization": f"Bearer {self.token}"} if self.token else {}),
            **headers,
        }
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        raw = [
            (name.encode(), value.encode() if isinstance(value, str) else value)
            for name, value in {"content-type": "application/json", **given}.items()
        ]
        return await self.http.post(self.resource, headers=raw, content=content)

    async def request(self, method: str, params: dict[str, Any] | None = None) -> httpx.Response:
        """Send one JSON-RPC request."""
        params = dict(params or {})
        headers: dict[str, str | bytes] = {}
        if self.era == MODERN:
            params["_meta"] = {
                "io.modelcontextprotocol/protocolVersion": MODERN,
                "io.modelcontextprotocol/clientCapabilities": self.capabilities,
            }
            headers["mcp-method"] = method
            named = params.get("name", params.get("uri"))
            if named is not None:
                headers["mcp-name"] = str(named)
        body = {"jsonrpc": "2.0", "id": next(_ids), "method": method, "params": params}
        return await self.post(body, **headers)

    async def result(self, method: str, **params: Any) -> dict[str, Any]:
        """Send one JSON-RPC request that must succeed; return its result."""
        response = await self.request(method, params)
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()["result"]
        return found

    async def fault(self, method: str, **params: Any) -> dict[str, Any]:
        """Send one JSON-RPC request that must fail; return its error."""
        found: dict[str, Any] = (await self.request(method, params)).json()["error"]
        return found

    async def tools(self) -> list[str]:
        """Return the names of the tools that this caller sees."""
        answer = (await self.request("tools/list")).json()
        return [tool["name"] for tool in answer["result"]["tools"]]

    async def call(self, tool: str, **arguments: object) -> dict[str, Any]:
        """Call a tool; return its result."""
        response = await self.request("tools/call", {"name": tool, "arguments": arguments})
        assert response.status_code == 200, response.text
        result: dict[str, Any] = response.json()["result"]
        return result

    async def ask(self, tool: str, **arguments: object) -> dict[str, Any]:
        """Call a tool that must not refuse; return its structured content."""
        result = await self.call(tool, **arguments)
        assert not result.get("isError"), result
        content: dict[str, Any] = result["structuredContent"]
        return content

    async def refused(self, tool: str, **arguments: object) -> str:
        """Call a tool that must refuse; return the refusal's text."""
        result = await self.call(tool, **arguments)
        assert result["isError"], result
        text: str = result["content"][0]["text"]
        return text
