"""A request that was understood, whichever era it is of."""

from __future__ import annotations

from dataclasses import dataclass, field

from server.mcp.protocol.messages import CallParams, Open
from server.mcp.protocol.replies import Id, Reply

CALL, LIST, DISCOVER = "tools/call", "tools/list", "server/discover"
INITIALIZE, PING = "initialize", "ping"
OTHER_METHODS = frozenset(
    {
        "completion/complete",
        "logging/setLevel",
        "prompts/get",
        "prompts/list",
        "resources/list",
        "resources/read",
        "resources/subscribe",
        "resources/templates/list",
        "resources/unsubscribe",
        "subscriptions/listen",
    }
)
"""Methods of the specification that no server of ours has. The SDK says so, since their parameters
have a form of their own that is looked at first."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request. `version` is that of its era on the wire; `call` is there for tools/call alone;
    `forms` says that the client shows forms; `meta` is what the request says of itself."""

    id: Id
    method: str
    version: str
    call: CallParams | None = None
    modern: bool = False
    forms: bool = False
    meta: Open = field(default_factory=dict)


Read = Exchange | Reply | None
"""What became of a request: understood, refused, or not understood."""
