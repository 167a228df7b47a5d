"""Whom a policy's references mean at this moment: people by id or user name, members of groups, who
is on call, owners of the app, the target's manager, administrators. Nobody who is disabled is
among them; a name that means nobody means nobody, and the request then goes to administrators."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain import person, policy
from domain.catalog import AppRecord
from domain.person import PersonRecord, Role, person_stream
from domain.policy import ApproverKind, ApproverRef, on_call_now
from domain.values import PersonId
from projections.memberships import holders_of, members_of
from projections.people import person_by_username
from projections.policies import rotation_by_name
from server.command_bus import UnitOfWork

PEOPLE, POLICIES = person.DECIDER.category, policy.DECIDER.category


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What references are relative to: the target, the app, and the time."""

    target: PersonRecord | None
    app: AppRecord | None
    now: datetime


def approvers(
    work: UnitOfWork, references: Iterable[ApproverRef], where: Circumstances
) -> dict[ApproverRef, tuple[PersonId, ...]]:
    """Return the people whom each reference means."""
    return {ref: _meant(work, ref, where) for ref in references}


def _meant(work: UnitOfWork, ref: ApproverRef, where: Circumstances) -> tuple[PersonId, ...]:
    match ref.kind:
        case ApproverKind.GROUP:
            return work.recall(PEOPLE, members_of, ref.name)
        case ApproverKind.ADMINISTRATORS:
            return work.recall(PEOPLE, holders_of, Role.ADMINISTRATOR)
        case ApproverKind.INTEGRATION:
            return ()
        case _:
            return _able(work, _named(work, ref, where))


def _named(work: UnitOfWork, ref: ApproverRef, where: Circumstances) -> Sequence[str]:
    match ref.kind:
        case ApproverKind.MANAGER if where.target and where.target.manager:
            return (where.target.manager,)
        case ApproverKind.OWNER if where.app:
            return where.app.owners
        case ApproverKind.PERSON:
            return (ref.name,)
        case ApproverKind.ON_CALL:
            rotation = work.recall(POLICIES, rotation_by_name, ref.name)
            shift = on_call_now(rotation, where.now) if rotation else None
            return (shift,) if shift else ()
        case _:
            return ()


def _able(work: UnitOfWork, names: Iterable[str]) -> tuple[PersonId, ...]:
    found = (enabled_person(work, name) for name in names)
    return tuple(dict.fromkeys(one for one in found if one is not None))


def enabled_person(work: UnitOfWork, name: str) -> PersonId | None:
    """Return the person of this id or user name, None if there is none or he is disabled."""
    by_name = work.recall(PEOPLE, person_by_username, name)
    person_id = by_name.person_id if by_name else PersonId(name)
    _, state = work.state_of(person.DECIDER, person_stream(person_id))
    known = state.record is not None and not state.record.disabled
    return person_id if known else None
