"""The shell: translation only. It takes requests in (MCP, OAuth, pages, the command line), turns
them into commands and queries, and turns results and refusals back. Rules live in `domain`.

A request's path: a tool or page builds a command -> `command_bus` gathers its facts (`handlers`),
decides, appends and projects in one transaction of the `writer` -> the answer is read from a
projection through `reads` -> followers (`follower`, the NATS publisher) are woken and carry the
event on. `wiring` is the one place that knows which adapter stands behind which port.
"""
