"""Who gives whom which role, and what the directory's word is beside it.

The rule, which stands here alone: what somebody decided about a role by hand (an administrator, or the
operator at the command line) stands until somebody decides otherwise by hand. A role that was granted is
held whatever a file of people, SCIM or the groups of an identity provider say, and one that was revoked is
not held. The directory speaks for all roles on which nobody has decided, and for who is disabled: that is
never kept from it, not even of the last administrator, since who has left must lose everything; the command
line can always name another. An administrator who disables people by hand is no directory: he leaves one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    RevokeRole,
    Role,
    RoleCommand,
    RoleFacts,
    RoleGranted,
    RoleRevoked,
)
from domain.values import PersonId
from domain.versions import check_version


def standing_roles(state: Person, described: Iterable[Role]) -> tuple[Role, ...]:
    """Return the roles that a person holds whom the directory describes with these."""
    return tuple(sorted((set(described) | state.granted) - state.withheld))


def check_administrator(by: PersonId | None, record: PersonRecord | None) -> None:
    """Raise `AdministratorsOnly` unless who acts administers Doorward. None is the operator at the command
    line, who needs no role: he could write anything into the store."""
    if by is None:
        return
    if record is None or record.disabled or Role.ADMINISTRATOR not in record.roles:
        raise AdministratorsOnly


def decide_role(
    state: Person, command: RoleCommand, facts: RoleFacts
) -> Sequence[RoleGranted | RoleRevoked]:
    """Decide on one role of one person."""
    check_administrator(command.by, facts.giver)
    if state.record is None:
        raise UnknownPerson(command.person_id)
    match command:
        case GrantRole():
            return _grant(state.record, command, facts)
        case RevokeRole():
            return _revoke(state.record, command, facts)
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
    if command.by == command.person_id:
        raise OwnRole(command.role)
    if record.disabled:
        raise PersonDisabled(command.person_id)
    roles = tuple(sorted({*record.roles, command.role}))
    return [RoleGranted(command.person_id, command.role, roles)]


def _revoke(record: PersonRecord, command: RevokeRole, facts: RoleFacts) -> Sequence[RoleRevoked]:
    """Take a role; the last administrator keeps his."""
    if command.role not in record.roles:
        return []
    check_version(command.expected_version, facts.version)
    if command.role is Role.ADMINISTRATOR:
        check_others_administer(record, others=facts.other_administrators)
    roles = tuple(one for one in record.roles if one is not command.role)
    return [RoleRevoked(command.person_id, command.role, roles)]
