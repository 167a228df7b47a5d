"""Which toolsets a client wants: the query of the URL that it was given, ``/mcp/admin?toolsets=core,people``.
A client that names none has all that its token and the person's role allow."""

from __future__ import annotations

from server.mcp.protocol.replies import INVALID_REQUEST, Reply, error
from server.oauth.resources import TOOLSETS
from server.request_bodies import fields_of

PARAMETER = "toolsets"
SHOWN = 40
Chosen = tuple[str, ...]
"""Names of toolsets, each once, in their own order; none is all that the caller may have."""


class UnknownToolset(Exception):  # noqa: N818 - says what is
    """The URL names what is no toolset, or none where it should."""

    def __init__(self, named: str) -> None:
        shown = "".join(one for one in named[:SHOWN] if one.isprintable())
        super().__init__(
            f"There is no toolset {shown!r}; name some of {', '.join(TOOLSETS)}, separated by "
            f"commas, or leave {PARAMETER} out."
        )

    def reply(self) -> Reply:
        """Return what is answered, before anybody is asked for a token."""
        return error(400, None, INVALID_REQUEST, str(self), {"code": "unknown_toolset"})


def chosen(query: bytes) -> Chosen:
    """Return the toolsets that a query names; raises `UnknownToolset`."""
    values = fields_of(query).get(PARAMETER)
    if values is None:
        return ()
    names = [name.strip() for value in values for name in value.split(",")]
    for name in names:
        if name not in TOOLSETS:
            raise UnknownToolset(name)
    return tuple(name for name in TOOLSETS if name in names)
