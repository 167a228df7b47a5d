"""Who is who: the directory's present facts about each person."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from domain.envelope import Recorded
from domain.person import (
    PersonChanged,
    PersonForgotten,
    PersonRecord,
    PersonRegistered,
    Role,
    RoleEvent,
    RoleGranted,
    RoleReleased,
    RoleRevoked,
    username_key,
)
from domain.ports import Row, Rows, Value
from domain.values import REDACTED, PersonId
from projections.columns import json_text, maybe_text, number, text_list
from projections.projection import Projection

_attribute_decoder = msgspec.json.Decoder(tuple[tuple[str, str], ...])

COLUMNS = (
    "person_id, username, given_name, family_name, email, manager, groups_json, roles_json, "
    "disabled, attributes_json, external_id, username_key"
)
DELETED_MARK = "#deleted-"
"""Stands in the user name of a person whom the directory deleted, so that the name is free."""
EXTERNAL_ID = "external_id"
"""The attribute that holds the directory's own id of a person."""


class PersonRow(msgspec.Struct, frozen=True):
    """A person as the directory describes him now."""

    person_id: PersonId
    username: str
    given_name: str
    family_name: str
    email: str
    manager: PersonId | None
    groups: tuple[str, ...]
    roles: tuple[Role, ...]
    disabled: bool
    attributes: tuple[tuple[str, str], ...] = ()

    @property
    def full_name(self) -> str:
        """The name as others see it."""
        return f"{self.given_name} {self.family_name}".strip() or self.username


def _put(rows: Rows, _recorded: Recorded, event: PersonRegistered | PersonChanged) -> None:
    record = event.record
    rows.execute("DELETE FROM person WHERE person_id = ?", (event.person_id,))
    rows.execute(
        f"INSERT INTO person ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            event.person_id,
            record.username.text,
            record.given_name.text,
            record.family_name.text,
            record.email.text,
            record.manager,
            json_text(record.groups),
            json_text(record.roles),
            int(record.disabled),
            json_text([[name, value.text] for name, value in record.attributes]),
            _attribute(record, EXTERNAL_ID),
            username_key(record.username.text),
        ),
    )


def _roles(rows: Rows, _recorded: Recorded, event: RoleEvent) -> None:
    rows.execute(
        "UPDATE person SET roles_json = ? WHERE person_id = ?",
        (json_text(event.roles), event.person_id),
    )


def _forgotten(rows: Rows, _recorded: Recorded, event: PersonForgotten) -> None:
    """Leave the id and that nothing else is known; the user name is one that nobody can have."""
    name = f"{REDACTED}{DELETED_MARK}{event.person_id}"
    rows.execute(
        "UPDATE person SET username = ?, given_name = ?, family_name = '', email = '', "
        "manager = NULL, groups_json = '[]', roles_json = '[]', disabled = 1, "
        "attributes_json = '[]', external_id = '', username_key = ? WHERE person_id = ?",
        (name, REDACTED, name, event.person_id),
    )


def _attribute(record: PersonRecord, name: str) -> str:
    return next((value.text for key, value in record.attributes if key == name), "")


PROJECTION = Projection(
    name="people",
    keyed=True,
    tables=("person",),
    schema=(
        "CREATE TABLE IF NOT EXISTS person ("
        "person_id TEXT PRIMARY KEY, username TEXT NOT NULL, given_name TEXT NOT NULL, "
        "family_name TEXT NOT NULL, email TEXT NOT NULL, manager TEXT, "
        "groups_json TEXT NOT NULL, roles_json TEXT NOT NULL, disabled BIGINT NOT NULL, "
        "attributes_json TEXT NOT NULL, external_id TEXT NOT NULL, username_key TEXT NOT NULL)",
        "CREATE INDEX IF NOT EXISTS person_by_username ON person (username)",
        "CREATE INDEX IF NOT EXISTS person_by_email ON person (email)",
        "CREATE INDEX IF NOT EXISTS person_by_external_id ON person (external_id)",
        "CREATE INDEX IF NOT EXISTS person_by_username_key ON person (username_key)",
    ),
    handlers={
        PersonRegistered: _put,
        PersonChanged: _put,
        PersonForgotten: _forgotten,
        RoleGranted: _roles,
        RoleRevoked: _roles,
        RoleReleased: _roles,
    },
)


def person_by_id(rows: Rows, person_id: str) -> PersonRow | None:
    """Return the person, or None."""
    return _one(rows, "person_id", person_id)


def people_by_id(rows: Rows, ids: Collection[str]) -> dict[str, PersonRow]:
    """Return those of these people that there are, by id, with one query for all."""
    if not ids:
        return {}
    marks = ", ".join("?" * len(ids))
    found = rows.select(f"SELECT {COLUMNS} FROM person WHERE person_id IN ({marks})", tuple(ids))
    return {one.person_id: one for one in map(person_row, found)}


def person_by_username(rows: Rows, username: str) -> PersonRow | None:
    """Return the person with exactly this username, or None."""
    return _one(rows, "username", username)


def person_by_name_as_typed(rows: Rows, username: str) -> PersonRow | None:
    """Return the person with exactly this username, else the only one who has it in other letters, big or small;
    for what people type, never for what policies and records say."""
    exact = person_by_username(rows, username)
    if exact is not None:
        return exact
    found = rows.select(
        f"SELECT {COLUMNS} FROM person WHERE username_key = ? LIMIT 2", (username_key(username),)
    )
    return person_row(found[0]) if len(found) == 1 else None


def other_called(rows: Rows, username: str, person_id: PersonId) -> PersonId | None:
    """Return who else has this username, in whatever letters; None if nobody has."""
    found = rows.select(
        "SELECT person_id FROM person WHERE username_key = ? AND person_id <> ? "
        "ORDER BY person_id LIMIT 1",
        (username_key(username), person_id),
    )
    return PersonId(str(found[0][0])) if found else None


def person_called(rows: Rows, named: str) -> PersonRow | None:
    """Return the person of this id, else of this user name as people type it; None if there is neither."""
    return person_by_id(rows, named) or person_by_name_as_typed(rows, named)


def person_by_email(rows: Rows, email: str) -> PersonRow | None:
    """Return the one person with exactly this address, None if there is none or more than one."""
    found = rows.select(f"SELECT {COLUMNS} FROM person WHERE email = ? LIMIT 2", (email,))
    return person_row(found[0]) if len(found) == 1 else None


def any_person(rows: Rows) -> bool:
    """Say whether the directory holds anybody at all."""
    return bool(rows.select("SELECT 1 FROM person LIMIT 1"))


def _one(rows: Rows, column: str, value: str) -> PersonRow | None:
    # A name that two people have means the same one whenever it is asked, in a replay as well.
    found = rows.select(
        f"SELECT {COLUMNS} FROM person WHERE {column} = ? ORDER BY person_id LIMIT 1", (value,)
    )
    return person_row(found[0]) if found else None


def qualified_columns(table: str) -> str:
    """Return the columns of `person_row` for a query that joins the table under this name."""
    return ", ".join(f"{table}.{column.strip()}" for column in COLUMNS.split(","))


def person_row(row: Row) -> PersonRow:
    """Return the person that these columns hold."""
    (
        person_id,
        username,
        given_name,
        family_name,
        email,
        manager,
        groups,
        roles,
        disabled,
        attributes,
        *_keys,
    ) = row
    boss = maybe_text(manager)
    return PersonRow(
        person_id=PersonId(str(person_id)),
        username=str(username),
        given_name=str(given_name),
        family_name=str(family_name),
        email=str(email),
        manager=None if boss is None else PersonId(boss),
        groups=text_list(groups),
        roles=tuple(Role(role) for role in text_list(roles)),
        disabled=bool(disabled),
        attributes=() if attributes == "[]" else _attribute_decoder.decode(str(attributes)),
    )


def people_like(
    rows: Rows, wanted: dict[str, str], offset: int, count: int
) -> tuple[int, tuple[PersonRow, ...]]:
    """Return how many people have these columns (`person_id`, `username_key`, `external_id`,
    `email`), and some of them from `offset` on; those whom the directory deleted are not among
    them."""
    clauses, params = ["username NOT LIKE ?"], list[Value]([f"%{DELETED_MARK}%"])
    for column, value in wanted.items():
        clauses.append(f"{column} = ?")
        params.append(value)
    where = " AND ".join(clauses)
    total = number(rows.select(f"SELECT COUNT(*) FROM person WHERE {where}", params)[0][0])
    found = rows.select(
        f"SELECT {COLUMNS} FROM person WHERE {where} ORDER BY person_id LIMIT ? OFFSET ?",
        (*params, count, offset),
    )
    return total, tuple(map(person_row, found))
