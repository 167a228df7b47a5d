"""The MCP front end at ``/mcp/user``: five tools for an employee's AI client.

A request passes `gate` (size, bearer token, scopes: 401, 403, 413 before any protocol code runs),
then the SDK's lowlevel server (`user_server`: both protocol eras, stateless, JSON), which lists
the caller's `tools` and runs one after checking its arguments against the very `schemas` that were
listed. A tool builds a command or a query; `rendering` turns rows into the answer's fields, which
are those of Lumos' API. A refusal is a tool error: a stable code and a sentence that tells the
model what to do next.
"""
