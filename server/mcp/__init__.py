"""The MCP front end: ``/mcp/user`` with five tools for an employee's AI client, ``/mcp/admin`` with
those for an administrator's, each a protected resource of its own.

A request passes `gate` (size, bearer token, scopes: 401, 403, 413 before any protocol code runs),
then the SDK's lowlevel server (`resource_server`: both protocol eras, stateless, JSON), which lists
the caller's `tools` and runs one after checking its arguments against the very `schemas` that were
listed. A tool builds a command or a query; `rendering` turns rows into the answer's fields, which
are those of Lumos' API. A refusal is a tool error: a stable code and a sentence that tells the
model what to do next.
"""
