"""People as the directory describes them: who they are, whom they report to, which groups and
roles they hold, whether they are disabled, and which identities of which provider are theirs. One who
has left may be forgotten: what is known of him is gone, and his id is never used again.
Passwords and sessions are not here; they are rows that are never part of history.

`vocabulary` has the words, `decider` the rules, and `roles` who may give whom which role and what the
directory's word counts beside that."""

from domain.person.decider import DECIDER, check_identity, decide, evolve, person_stream
from domain.person.roles import (
    check_administrator,
    check_others_administer,
    standing_roles,
)
from domain.person.vocabulary import (
    ISSUER_LIMIT,
    MOST_ATTRIBUTES,
    NAME_LIMIT,
    SUBJECT_LIMIT,
    AccessFacts,
    ForgetPerson,
    GrantRole,
    IdentityFacts,
    IdentityLinked,
    LinkIdentity,
    Person,
    PersonChanged,
    PersonCommand,
    PersonEvent,
    PersonFacts,
    PersonForgotten,
    PersonRecord,
    PersonRegistered,
    PutPerson,
    RevokeRole,
    Role,
    RoleCommand,
    RoleFacts,
    RoleGranted,
    RoleRevoked,
)

__all__ = [
    "DECIDER",
    "ISSUER_LIMIT",
    "MOST_ATTRIBUTES",
    "NAME_LIMIT",
    "SUBJECT_LIMIT",
    "AccessFacts",
    "ForgetPerson",
    "GrantRole",
    "IdentityFacts",
    "IdentityLinked",
    "LinkIdentity",
    "Person",
    "PersonChanged",
    "PersonCommand",
    "PersonEvent",
    "PersonFacts",
    "PersonForgotten",
    "PersonRecord",
    "PersonRegistered",
    "PutPerson",
    "RevokeRole",
    "Role",
    "RoleCommand",
    "RoleFacts",
    "RoleGranted",
    "RoleRevoked",
    "check_administrator",
    "check_identity",
    "check_others_administer",
    "decide",
    "evolve",
    "person_stream",
    "standing_roles",
]
