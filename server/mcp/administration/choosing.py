"""Which toolsets a client wants: the query of the URL that it was given, ``/mcp/admin?toolsets=core,people``.
A client without a query has all that its token and the person's role allow; whoever wants less and misspells it
must not get more, and so a query that is not understood to its last letter is refused."""

from __future__ import annotations

from server.mcp.protocol.replies import INVALID_REQUEST, Reply, error
from server.oauth.resources import TOOLSETS
from server.request_bodies import fields_of

PARAMETER = "toolsets"
SHOWN = 40
Chosen = tuple[str, ...]
"""Names of toolsets, each once, in their own order; none is all that the caller may have."""
_ALLOWED = (
    f"name some of {', '.join(TOOLSETS)} in one {PARAMETER}, separated by commas, or leave the "
    "query out."
)


class BadChoice(Exception):  # noqa: N818 - says what is
    """The URL's query says something else than which toolsets are wanted."""

    code = "bad_choice"

    def __init__(self, fault: str) -> None:
        super().__init__(f"{fault}; {_ALLOWED}")

    def reply(self) -> Reply:
        """Return what is answered, before anybody is asked for a token."""
        return error(400, None, INVALID_REQUEST, str(self), {"code": self.code})


class UnknownToolset(BadChoice):
    """It names what is no toolset, or none where it should."""

    code = "unknown_toolset"

    def __init__(self, named: str) -> None:
        super().__init__(f"There is no toolset {_shown(named)}")


class UnknownParameter(BadChoice):
    """It has a parameter of another name: one that is misspelt, or that somebody else has added."""

    code = "unknown_parameter"

    def __init__(self, named: str) -> None:
        super().__init__(f"There is no parameter {_shown(named)}")


class RepeatedParameter(BadChoice):
    """It names toolsets more than once, and nobody can say which of them is meant."""

    code = "repeated_parameter"

    def __init__(self) -> None:
        super().__init__(f"{PARAMETER} stands there more than once")


def _shown(named: str) -> str:
    """Return what somebody has sent, with no more of it than can do no harm."""
    return repr("".join(one for one in named[:SHOWN] if one.isprintable()))


def chosen(query: bytes) -> Chosen:
    """Return the toolsets that a query names; raises `BadChoice`."""
    if not query:
        return ()
    # Where nothing is found there are too many parameters, or nothing but separators.
    fields = fields_of(query) or {"": [""]}
    for name in fields:
        if name != PARAMETER:
            raise UnknownParameter(name)
    values = fields[PARAMETER]
    if len(values) > 1:
        raise RepeatedParameter
    names = [name.strip() for name in values[0].split(",")]
    for name in names:
        if name not in TOOLSETS:
            raise UnknownToolset(name)
    return tuple(name for name in TOOLSETS if name in names)
