"""Work on the store that an operator asks for by name, in this process or, over the control socket,
in the server's. A module for each topic; `OPERATIONS` is the list of all."""

from __future__ import annotations

from collections.abc import Mapping

from server.operations import (
    accounts,
    audit,
    catalog,
    integrations,
    nats,
    people,
    policies,
    read_models,
    resource_servers,
    scim_tokens,
    webhooks,
)
from server.operations.operation import Operation

OPERATIONS: Mapping[str, Operation] = {
    **catalog.OPERATIONS,
    **read_models.OPERATIONS,
    **accounts.OPERATIONS,
    **resource_servers.OPERATIONS,
    **webhooks.OPERATIONS,
    **policies.OPERATIONS,
    **integrations.OPERATIONS,
    **people.OPERATIONS,
    **nats.OPERATIONS,
    **scim_tokens.OPERATIONS,
    **audit.OPERATIONS,
}
