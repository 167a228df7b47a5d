"""Who gives whom which role, and what the directory's word is beside it.

The rule, which stands here alone: what somebody decided about a role by hand (an administrator, or the
operator at the command line) stands until somebody decides otherwise by hand. A role that was granted is
held whatever a file of people, SCIM or the groups of an identity provider say, and one that was revoked is
not held. A role that is released goes back to the directory, and is held if the directory said so last: its
word is kept for that, however long it counts for nothing. Whoever describes a person and says nothing of
roles says what the directory said before (`as_described`), never what is held. The directory speaks for all
roles on which nobody has decided, and for who is disabled: that is never kept from it, not even of the last
administrator, since who has left must lose everything; the command line can always name another. An
administrator who disables people by hand is no directory: he leaves one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import assert_never

from domain.errors import (
    AdministratorsOnly,
    LastAdministrator,
    OwnRole,
    PersonDisabled,
    UnknownPerson,
)
from domain.person.vocabulary import (
    GrantRole,
    Person,
    PersonRecord,
    ReleaseRole,
    RevokeRole,
    Role,
    RoleCommand,
    RoleEvent,
    RoleFacts,
    RoleGranted,
    RoleReleased,
    RoleRevoked,
    RolesDescribed,
)
from domain.values import PersonId
from domain.versions import check_version


def standing_roles(state: Person, described: Iterable[Role]) -> tuple[Role, ...]:
    """Return the roles that a person holds whom the directory describes with these."""
    return tuple(sorted((set(described) | state.granted) - state.withheld))


def as_described(state: Person) -> PersonRecord | None:
    """Return the record as the directory gives it: with the roles that it said, whatever was decided by hand."""
    return state.record and replace(state.record, roles=tuple(sorted(state.described)))


def described_after(state: Person, record: PersonRecord) -> frozenset[Role]:
    """Return the directory's word once the record stands: of roles on which somebody has decided by hand the
    record does not tell it, and it is as before."""
    return frozenset(record.roles) - state.by_hand | state.described & state.by_hand


def note_described(
    state: Person, person_id: PersonId, described: Iterable[Role]
) -> Sequence[RolesDescribed]:
    """Keep what the directory says of roles on which somebody has decided by hand, where it is news."""
    said = frozenset(described)
    if said & state.by_hand == state.described & state.by_hand:
        return []
    return [RolesDescribed(person_id, tuple(sorted(said)))]


def check_administrator(by: PersonId | None, record: PersonRecord | None) -> None:
    """Raise `AdministratorsOnly` unless who acts administers Doorward. None is the operator at the command
    line, who needs no role: he could write anything into the store."""
    if by is None:
        return
    if record is None or record.disabled or Role.ADMINISTRATOR not in record.roles:
        raise AdministratorsOnly


def decide_role(state: Person, command: RoleCommand, facts: RoleFacts) -> Sequence[RoleEvent]:
    """Decide on one role of one person."""
    check_administrator(command.by, facts.giver)
    if state.record is None:
        raise UnknownPerson(command.person_id)
    match command:
        case GrantRole():
            return _grant(state.record, command, facts)
        case RevokeRole():
            return _revoke(state.record, command, facts)
        case ReleaseRole():
            return _release(state, state.record, command, facts)
        case _ as never:
            assert_never(never)


def check_others_administer(record: PersonRecord, *, others: bool) -> None:
    """Raise `LastAdministrator` if nobody would administer Doorward without this person; `others` says whether
    anybody else does."""
    if Role.ADMINISTRATOR in record.roles and not record.disabled and not others:
        raise LastAdministrator


def _grant(record: PersonRecord, command: GrantRole, facts: RoleFacts) -> Sequence[RoleGranted]:
    if command.role in record.roles:
        return []
    check_version(command.expected_version, facts.version)
    _check_gain(record, command)
    roles = tuple(sorted({*record.roles, command.role}))
    return [RoleGranted(command.person_id, command.role, roles)]


def _revoke(record: PersonRecord, command: RevokeRole, facts: RoleFacts) -> Sequence[RoleRevoked]:
    """Take a role; the last administrator keeps his."""
    if command.role not in record.roles:
        return []
    check_version(command.expected_version, facts.version)
    _check_loss(record, command, facts)
    roles = tuple(one for one in record.roles if one is not command.role)
    return [RoleRevoked(command.person_id, command.role, roles)]


def _release(
    state: Person, record: PersonRecord, command: ReleaseRole, facts: RoleFacts
) -> Sequence[RoleReleased]:
    """Let the directory speak again. Where its word is another than what was decided, that gives or takes the
    role, and is held to the same rules."""
    role = command.role
    if role not in state.by_hand:
        return []
    check_version(command.expected_version, facts.version)
    roles = set(record.roles) - {role} | state.described & {role}
    if role in roles - set(record.roles):
        _check_gain(record, command)
    if role not in roles:
        _check_loss(record, command, facts)
    return [RoleReleased(command.person_id, role, tuple(sorted(roles)))]


def _check_gain(record: PersonRecord, command: GrantRole | ReleaseRole) -> None:
    if command.by == command.person_id:
        raise OwnRole(command.role)
    if record.disabled:
        raise PersonDisabled(command.person_id)


def _check_loss(record: PersonRecord, command: RevokeRole | ReleaseRole, facts: RoleFacts) -> None:
    if command.role is Role.ADMINISTRATOR:
        check_others_administer(record, others=facts.other_administrators)
