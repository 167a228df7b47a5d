"""Work on the store that an operator asks for by name, in this process or, over the control socket,
in the server's. A module for each topic, which is loaded when something of it is asked for: a server has
all of them at hand and mostly needs none."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from server.operations.operation import Operation

TOPICS: Mapping[str, str] = {
    "account": "accounts",
    "audit": "audit",
    "catalog": "catalog",
    "dlq": "nats",
    "doctor": "integrations",
    "feature": "features",
    "integration": "integrations",
    "nats": "nats",
    "people": "people",
    "policy": "policies",
    "rebuild": "read_models",
    "resource-server": "resource_servers",
    "scim-token": "scim_tokens",
    "webhook": "webhooks",
}
"""The module behind the first word of an operation's name."""


class _Operations:
    """All operations by name; those of a topic are loaded with the first that is asked for."""

    def __getitem__(self, name: str) -> Operation:
        """Return an operation; raises `KeyError` where there is none of this name."""
        topic = import_module(f"{__name__}.{TOPICS[name.split(' ', 1)[0]]}")
        found: Operation = topic.OPERATIONS[name]
        return found


OPERATIONS = _Operations()
