"""The tools that change people: what the directory says of them, their roles, and the end of all knowledge. What
may be said of a person, who gives whom which role, and who may be forgotten are rules of `domain.person`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from domain.errors import NameTaken, UnknownPerson
from domain.person import (
    MOST_ATTRIBUTES,
    NAME_LIMIT,
    ForgetPerson,
    GrantRole,
    Person,
    PersonRecord,
    PutPerson,
    RevokeRole,
    Role,
    check_others_administer,
)
from domain.values import PersonId
from projections.memberships import holders_of
from projections.people import PersonRow, person_by_username
from server.bearer import AccessGrant
from server.command_bus import UnitOfWork
from server.known_facts import known_person
from server.mcp.administration.backing import Backing
from server.mcp.administration.changing import Plan
from server.mcp.administration.defining import ID, changing, destroying
from server.mcp.administration.people_reading import ROLE
from server.mcp.administration.persons import PERSON, whom
from server.mcp.answers import Json
from server.mcp.arguments import Arguments, BadArguments
from server.mcp.schemas import Schema, closed_input
from server.people.file import PersonEntry
from server.people.forgetting import forget_person
from server.people.importing import record_of

MOST_GROUPS = 200
_WORDS: Schema = {"type": "string", "maxLength": NAME_LIMIT}
PUT = changing(
    "put_person",
    "Add or change a person",
    "Change a person, or add one where person is left out. What is left out stays as it is; an empty manager "
    "is none. Roles are given by grant_role, passwords by the operator.",
    [],
    person={**PERSON, "description": "Whom to change: an id or user name."},
    username=ID,
    given_name=_WORDS,
    family_name=_WORDS,
    email=_WORDS,
    manager=_WORDS,
    groups={"type": "array", "maxItems": MOST_GROUPS, "items": ID},
    attributes={
        "type": "array",
        "maxItems": MOST_ATTRIBUTES,
        "items": closed_input(["name", "value"], name=ID, value=_WORDS),
    },
)
DISABLE = destroying(
    "disable_person",
    "Disable a person",
    "Let a person sign in no more: sessions and all tokens die at once. What he holds stays.",
    ["person"],
    person=PERSON,
)
ENABLE = changing(
    "enable_person",
    "Enable a person",
    "Let a disabled person sign in again.",
    ["person"],
    person=PERSON,
)
GRANT_ROLE = destroying(
    "grant_role",
    "Give a role",
    "Give a person a role in Doorward itself, whatever the directory says.",
    ["person", "role"],
    person=PERSON,
    role=ROLE,
)
REVOKE_ROLE = destroying(
    "revoke_role",
    "Take a role",
    "Take a role from a person, whatever the directory says.",
    ["person", "role"],
    person=PERSON,
    role=ROLE,
)
FORGET = destroying(
    "forget_person",
    "Forget a person",
    "Destroy for good all that is known of a person who has left, is disabled and holds nothing.",
    ["person"],
    person=PERSON,
)


def shown(state: Person) -> Json:
    """Return a person as fields."""
    record = state.record
    if record is None:
        return {}
    return {
        "username": record.username.text,
        "given_name": record.given_name.text,
        "family_name": record.family_name.text,
        "email": record.email.text,
        "manager": record.manager,
        "groups": list(record.groups),
        "roles": list(record.roles),
        "disabled": record.disabled,
        "attributes": {name: value.text for name, value in record.attributes},
    }


@dataclass(frozen=True, slots=True)
class Putting:
    """Plans put_person."""

    backing: Backing

    def __call__(self, work: UnitOfWork, _grant: AccessGrant, arguments: Arguments) -> Plan:
        """Plan a call."""
        standing = whom(work.rows, arguments["person"]) if "person" in arguments else None
        username = _username(work, arguments, standing)
        person_id = standing.person_id if standing else PersonId(self.backing.system.new_id())
        record = _described(work, arguments, person_id, username)
        does = "is changed as said" if standing else "is added, as an employee"
        return Plan(PutPerson(person_id, record), username, f"{username} {does}.", shown)


def _username(work: UnitOfWork, arguments: Arguments, standing: PersonRow | None) -> str:
    """Return the user name that the person will have, which is nobody else's."""
    username: str | None = arguments.get("username")
    if username is None:
        if standing is None:
            raise BadArguments("username is required for a new person; or name whom to change.")
        return standing.username
    holder = person_by_username(work.rows, username)
    if holder is not None and (standing is None or holder.person_id != standing.person_id):
        raise NameTaken(username)
    return username


def _described(
    work: UnitOfWork, arguments: Arguments, person_id: PersonId, username: str
) -> PersonRecord:
    attributes: list[dict[str, Any]] = arguments.get("attributes", [])
    entry = PersonEntry(
        username=username,
        given_name=arguments.get("given_name"),
        family_name=arguments.get("family_name"),
        email=arguments.get("email"),
        groups=arguments.get("groups"),
        attributes={one["name"]: one["value"] for one in attributes},
    )
    known = known_person(work, person_id)
    named: str | None = arguments.get("manager")
    manager = whom(work.rows, named).person_id if named else None
    record = record_of(entry, person_id, known.record if known else None, manager)
    return replace(record, manager=None) if named == "" else record


def disabling(work: UnitOfWork, _grant: AccessGrant, arguments: Arguments) -> Plan:
    """Plan disable_person."""
    person, record = _known(work, arguments)
    others = set(holders_of(work.rows, Role.ADMINISTRATOR)) - {person.person_id}
    check_others_administer(record, others=bool(others))
    says = f"{_called(person)} can sign in no more; his sessions and all tokens die at once."
    command = PutPerson(person.person_id, replace(record, disabled=True))
    return Plan(command, person.username, says, shown)


def enabling(work: UnitOfWork, _grant: AccessGrant, arguments: Arguments) -> Plan:
    """Plan enable_person."""
    person, record = _known(work, arguments)
    command = PutPerson(person.person_id, replace(record, disabled=False))
    return Plan(command, person.username, f"{_called(person)} can sign in again.", shown)


def granting(work: UnitOfWork, grant: AccessGrant, arguments: Arguments) -> Plan:
    """Plan grant_role."""
    person, role = whom(work.rows, arguments["person"]), Role(arguments["role"])
    command = GrantRole(person.person_id, role, grant.person.person_id)
    says = f"{_called(person)} is given the role {role}."
    return Plan(command, f"{role} {person.username}", says, shown)


def revoking(work: UnitOfWork, grant: AccessGrant, arguments: Arguments) -> Plan:
    """Plan revoke_role."""
    person, role = whom(work.rows, arguments["person"]), Role(arguments["role"])
    command = RevokeRole(person.person_id, role, grant.person.person_id)
    says = f"{_called(person)} loses the role {role}, and all that it lets do."
    return Plan(command, f"{role} {person.username}", says, shown)


@dataclass(frozen=True, slots=True)
class Forgetting:
    """Plans forget_person."""

    backing: Backing

    def __call__(self, work: UnitOfWork, _grant: AccessGrant, arguments: Arguments) -> Plan:
        """Plan a call."""
        person = whom(work.rows, arguments["person"])
        says = (
            f"All that is known of {_called(person)} is destroyed for good, in the past as well; "
            "nothing brings it back."
        )
        return Plan(
            ForgetPerson(person.person_id),
            person.username,
            says,
            lambda state: {"known": state.record is not None},
            make=lambda work, context: forget_person(work, person.person_id, context),
            then=self.backing.system.store.scrub,
        )


def _known(work: UnitOfWork, arguments: Arguments) -> tuple[PersonRow, PersonRecord]:
    person = whom(work.rows, arguments["person"])
    known = known_person(work, person.person_id)
    if known is None:
        raise UnknownPerson(person.person_id)
    return person, known.record


def _called(person: PersonRow) -> str:
    return f"{person.full_name} ({person.username})"
