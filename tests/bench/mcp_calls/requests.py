"""What is asked, as the bytes that go over the wire, in both eras of the protocol. A submission is for
another permission each time; the others are the same for everybody but for the token."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

MODERN, LEGACY = "2026-07-28", "2025-11-25"
ERAS = (MODERN, LEGACY)
META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
}
ARGUMENTS: dict[str, dict[str, Any]] = {
    "noop": {},
    "list_access_requests": {"size": 10},
    "search_apps": {"name_search": "customer data"},
    "submit_access_request": {
        "app_id": "@APP@",
        "requestable_permission_ids": ["@PERMISSION@"],
        "business_justification": "Quarter-end report",
    },
}
TOOLS_LIST = "tools/list"


@dataclass(frozen=True)
class Template:
    """A request with a place for the token and one for the permission."""

    head: bytes
    body: bytes

    def filled(self, token: str, permission: str = "") -> bytes:
        """Return the bytes of one request."""
        body = self.body.replace(b"@PERMISSION@", permission.encode())
        return self.head % (token.encode(), len(body)) + body


def template(target: str, era: str, port: int, app: str) -> Template:
    """Return how a tool is called, or the tools are listed; `app` is the one that is asked for."""
    method = TOOLS_LIST if target == TOOLS_LIST else "tools/call"
    params: dict[str, Any] = {}
    if target != TOOLS_LIST:
        params = {"name": target, "arguments": ARGUMENTS[target]}
    lines = [
        "POST /mcp/user HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Authorization: Bearer %s",
        "Accept: application/json, text/event-stream",
        "Content-Type: application/json",
        f"MCP-Protocol-Version: {era}",
        "Content-Length: %d",
    ]
    if era == MODERN:
        params["_meta"] = META
        lines.append(f"Mcp-Method: {method}")
        if target != TOOLS_LIST:
            lines.append(f"Mcp-Name: {target}")
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    head = "\r\n".join([*lines, "", ""])
    return Template(head.encode(), body.replace("@APP@", app).encode())
