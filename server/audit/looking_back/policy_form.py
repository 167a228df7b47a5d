"""A version of a policy in the form of a file, with nothing left out: what a default means may change
from one release to the next, and what the policy said then does not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import msgspec

from domain.policy import ApproverRef, Policy
from server.audit.looking_back.json_form import Json, plain
from server.policies.approver_names import format_approver
from server.policies.writing import entry_of


def policy_document(policy: Policy) -> Json:
    """Return the policy as a file has it, defaults and all."""
    return cast("Json", _whole(entry_of(policy)))


def reference_names(references: Iterable[ApproverRef]) -> list[str]:
    """Return approvers as a policy names them."""
    return list(map(format_approver, references))


def _whole(value: object) -> object:
    match value:
        case msgspec.Struct():
            fields = msgspec.structs.fields(value)
            return {one.encode_name: _whole(getattr(value, one.name)) for one in fields}
        case dict():
            return {key: _whole(one) for key, one in value.items()}
        case list():
            return list(map(_whole, value))
        case _:
            return plain(value)
