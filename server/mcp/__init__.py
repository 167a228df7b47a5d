"""The MCP front end: ``/mcp/user`` with five tools for an employee's AI client, ``/mcp/admin`` with
those for an administrator's, each a protected resource of its own.

    POST -> `endpoint` -> `gate` (the token, its scopes: 401, 403) and `protocol` (which request it is)
                       -> `calls` -> one of the `tools`, in the read that has verified the token
                       -> `offering` -> `prompts`, `resources` and `completions`, in the same way
                       -> `subscriptions`, for who wants to be told of changes
                       -> `through_sdk`, for whatever `protocol` does not understand

A tool's arguments are checked against the very `schemas` that are listed (`arguments`). It builds a command
or a query; `rendering` turns rows into the answer's fields, which are those of Lumos' API. A refusal is a
tool error: a stable code and a sentence that tells the model what to do next.

What is offered beside tools is given to the server that is made (`resource_server.McpServer`): nothing at
``/mcp/admin``, where a few prompts would have their place once administrators' ways through its toolsets are
known; `user_offering` says what there is at ``/mcp/user``. What a server does not offer it does not advertise.

What the endpoint answers by itself, in both eras of the protocol, is what the mcp SDK would answer, at a
twentieth of the cost; the SDK is the judge of that in the tests, and is loaded by a server only when a
client asks for something out of the ordinary.
"""
