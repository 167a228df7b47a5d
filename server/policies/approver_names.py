"""Approvers as people write them: ``manager``, ``owner``, ``administrators``, ``person:bob``,
``group:crm-owners``, ``on_call:payments``, ``integration:jira``."""

from __future__ import annotations

from domain.errors import MalformedText
from domain.policy import ApproverKind, ApproverRef
from domain.values import identifier

ALONE = frozenset({ApproverKind.MANAGER, ApproverKind.OWNER, ApproverKind.ADMINISTRATORS})
"""Kinds that name nobody further."""


def parse_approver(text: str) -> ApproverRef:
    """Return whom the text names; raises `ValueError`."""
    kind, _, name = text.partition(":")
    alone = kind in ALONE
    try:
        known = ApproverKind(kind)
        ref = ApproverRef(known, identifier("approver", name) if name else "")
    except (ValueError, MalformedText):
        ref = None
    if ref is None or alone == bool(name):
        kinds = ", ".join(one if one in ALONE else f"{one}:NAME" for one in ApproverKind)
        msg = f"{text[:60]!r} names no approvers; write one of {kinds}"
        raise ValueError(msg)
    return ref


def format_approver(ref: ApproverRef) -> str:
    """Return the text that `parse_approver` reads back."""
    return f"{ref.kind}:{ref.name}" if ref.name else str(ref.kind)
