"""Doorward's MCP endpoint over HTTP, beside a bare tool of the mcp SDK that does nothing.

`scene` fills a store with people who have tokens, `load` is the client (a process of its own), `noop_server` is
the SDK's tool, `requests` says what is asked, `one_worker`, `many_workers` and `soak` measure. Within one
round every target is called in turn, so that whatever else the machine does meets all of them; a ratio is the
median of its rounds.
"""
