"""Whether the target may come to have what is asked, given what he holds and what is open: nothing
twice, nothing that excludes what he has, no more requests than policy allows, and extensions only
of what he holds."""

from __future__ import annotations

from datetime import timedelta

from domain.access_request.asking import Asked
from domain.access_request.commands import SubmitRequest
from domain.access_request.facts import HeldAccess, SubmissionFacts
from domain.errors import (
    AlreadyAsked,
    AlreadyHeld,
    ExtensionNotAllowed,
    ExtensionTooShort,
    NotHeld,
    TooManyOpen,
)
from domain.policy import Extension, check_break_glass, check_conflicts


def check_wanted(command: SubmitRequest, facts: SubmissionFacts, asked: Asked) -> None:
    """Raise a refusal unless the request may be opened."""
    for open_one in facts.pending:
        if open_one.item_id in asked.item_ids and command.extends is None:
            raise AlreadyAsked(open_one.item_id, open_one.request_id)
    held = {one.item_id: one for one in facts.held}
    if command.extends is None:
        _check_new(asked, held)
        _check_duties(facts, asked, held)
    else:
        _check_extension(command, facts, asked, held)
    limit = min(policy.maximum_open for policy in facts.policies)
    if facts.open_requests >= limit and not command.emergency:
        raise TooManyOpen(limit)
    if command.emergency:
        for policy in facts.policies:
            check_break_glass(policy, asked.target.record, asked.access_seconds)


def _check_new(asked: Asked, held: dict[str, HeldAccess]) -> None:
    for item in asked.item_ids:
        if item in held:
            raise AlreadyHeld(item, held[item].request_id)


def _check_duties(facts: SubmissionFacts, asked: Asked, held: dict[str, HeldAccess]) -> None:
    standing = {*held, *(one.item_id for one in facts.pending)}
    check_conflicts(facts.conflicts, asked.item_ids, standing)


def _check_extension(
    command: SubmitRequest, facts: SubmissionFacts, asked: Asked, held: dict[str, HeldAccess]
) -> None:
    extended = {one.item_id for one in facts.pending}
    for item, policy in zip(asked.item_ids, facts.policies, strict=True):
        access = held.get(item)
        if access is None or access.request_id != command.extends or access.ending:
            raise NotHeld(item)
        if access.expires_at is None:
            raise NotHeld(item)
        if policy.extension is Extension.REFUSED:
            raise ExtensionNotAllowed(item)
        if item in extended:
            raise AlreadyAsked(item, command.extends)
        seconds = asked.access_seconds
        if seconds is not None and command.now + timedelta(seconds=seconds) <= access.expires_at:
            raise ExtensionTooShort(item)
