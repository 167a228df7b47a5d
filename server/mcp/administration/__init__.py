"""The administrators' MCP server: one URL, divided into toolsets.

    /mcp/admin?toolsets=core,people -> `choosing` -> `serving` -> an MCP server of just these toolsets
                                                        `-> `toolsets`: core, catalog, policy, people,
                                                                        requests, integrations, audit

Each toolset is a module (or package) of its name with one function, ``tools(backing)``, which returns its tools;
`backing` is the open system. Its scopes, ``doorward:admin:<toolset>:read`` and ``...:write``, and who may be given
them, stand in `server.oauth.resources.TOOLSETS`. The person's role decides at every call: a tool that his role
does not have is not there.

A tool that only asks is made by `defining.asks` from a `defining.asking`, like those of ``/mcp/user``:

    asks("people", FIND_PEOPLE, query)            # query(rows, grant, arguments) -> Answer, one read
    asks("people", LIST_CONNECTIONS, run=...)     # await run(grant, arguments) -> Answer

A tool that changes something is a plan and no more:

    changes("people", DISCONNECT, planner, backing)   # planner(work, grant, arguments) -> Plan

The plan says which command would be executed, in a sentence what will happen, and by which fields a person knows
the thing; `changing` does the rest, the same for all: preview (`dry_run`), `expected_version`, `idempotency_key`,
the confirmation of what destroys (`defining.destroying`), the event with its actor, the answer. A get tool tells
the version with `changing.version_of`.
"""
