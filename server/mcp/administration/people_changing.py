"""The tools that change people: what the directory says of them, their roles, and the end of all knowledge. What
may be said of a person, who gives whom which role, and who may be forgotten are rules of `domain.person`. Of what
the directory says, groups give power: a change of them is asked about first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from domain.errors import UnknownPerson
from domain.person import (
    MOST_ATTRIBUTES,
    NAME_LIMIT,
    ForgetPerson,
    GrantRole,
    Person,
    PersonRecord,
    PutPerson,
    ReleaseRole,
    RevokeRole,
    Role,
)
from domain.values import PersonId
from projections.people import PersonRow
from server.bearer import AccessGrant
from server.command_bus import UnitOfWork
from server.known_facts import described_person
from server.mcp.administration.backing import Backing
from server.mcp.administration.changing import Plan
from server.mcp.administration.defining import ID, changing, destroying
from server.mcp.administration.people_reading import ROLE
from server.mcp.administration.persons import PERSON, whom
from server.mcp.answers import Json
from server.mcp.arguments import Arguments, BadArguments
from server.mcp.schemas import Schema, closed_input
from server.people.disabling import switched
from server.people.file import PersonEntry
from server.people.forgetting import forget_person
from server.people.importing import record_of

MOST_GROUPS = 200
_WORDS: Schema = {"type": "string", "maxLength": NAME_LIMIT}
PUT = destroying(
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
    "Let a person sign in no more: sessions and all tokens die at once. What they hold stays.",
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
RELEASE_ROLE = destroying(
    "release_role",
    "Release a role",
    "Undo grant_role or revoke_role: the directory decides on this role again.",
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
        username = _username(arguments, standing)
        person_id = standing.person_id if standing else PersonId(self.backing.system.new_id())
        present = described_person(work, person_id)
        record = _described(work, arguments, person_id, username, present)
        does = "is changed as said" if standing else "is added, as an employee"
        moves = _moves(present.groups if present else (), record.groups)
        says = f"{username} {does}.{moves}"
        return Plan(PutPerson(person_id, record), username, says, shown, asks=bool(moves))


def _moves(before: tuple[str, ...], after: tuple[str, ...]) -> str:
    """Say which groups a person comes into and leaves; nothing where they stay. By groups catalog and policies
    say who sees what, who decides and who need not ask."""
    into, out_of = (sorted(one) for one in (set(after) - set(before), set(before) - set(after)))
    said = [f" Comes into {', '.join(into)}."] if into else []
    said += [f" Leaves {', '.join(out_of)}."] if out_of else []
    why = " By groups people see apps, decide, or are approved ahead." if said else ""
    return "".join(said) + why


def _username(arguments: Arguments, standing: PersonRow | None) -> str:
    """Return the user name that the person will have."""
    username: str | None = arguments.get("username")
    if username is not None:
        return username
    if standing is None:
        raise BadArguments("username is required for a new person; or name whom to change.")
    return standing.username


def _described(
    work: UnitOfWork,
    arguments: Arguments,
    person_id: PersonId,
    username: str,
    present: PersonRecord | None,
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
    named: str | None = arguments.get("manager")
    manager = whom(work.rows, named).person_id if named else None
    record = record_of(entry, person_id, present, manager)
    return replace(record, manager=None) if named == "" else record


def disabling(work: UnitOfWork, _grant: AccessGrant, arguments: Arguments) -> Plan:
    """Plan disable_person."""
    person = whom(work.rows, arguments["person"])
    command = switched(work, person, disabled=True)
    says = f"{_called(person)} can sign in no more; their sessions and all tokens die at once."
    return Plan(command, person.username, says, shown)


def enabling(work: UnitOfWork, _grant: AccessGrant, arguments: Arguments) -> Plan:
    """Plan enable_person."""
    person = whom(work.rows, arguments["person"])
    command = switched(work, person, disabled=False)
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


def releasing(work: UnitOfWork, grant: AccessGrant, arguments: Arguments) -> Plan:
    """Plan release_role."""
    person, record = _described_now(work, arguments)
    role = Role(arguments["role"])
    command = ReleaseRole(person.person_id, role, grant.person.person_id)
    has = "have it" if role in record.roles else "do not have it"
    says = f"The directory decides again whether {_called(person)} has the role {role}; now they {has}."
    return Plan(command, f"{role} {person.username}", says, _shown_by_hand)


def _shown_by_hand(state: Person) -> Json:
    return {**shown(state), "roles_by_hand": sorted(state.by_hand)}


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


def _described_now(work: UnitOfWork, arguments: Arguments) -> tuple[PersonRow, PersonRecord]:
    """Return a person, and what the directory says of him: not all roles that he holds, nor only those."""
    person = whom(work.rows, arguments["person"])
    record = described_person(work, person.person_id)
    if record is None:
        raise UnknownPerson(person.person_id)
    return person, record


def _called(person: PersonRow) -> str:
    return f"{person.full_name} ({person.username})"
