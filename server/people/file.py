"""The file of people. JSON: ``{"people": [{"username": "alice", "manager": "bob", ...}]}``; CSV: a line of
names and a line for each person, lists by semicolon, every column of another name an attribute, and
everybody an employee whatever other roles he has.
What a record leaves out stays as the directory has it, and so does a role on which somebody has decided by hand,
whatever the file says (`domain.person.roles`). Reading checks each record and names the first
bad one; managers are named by user name."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

import msgspec

from domain.person import Role
from projections.people import DELETED_MARK, EXTERNAL_ID, PersonRow
from server.bad_file import BadFile

LISTS, BOOLEANS = ("groups", "roles"), {"true": True, "yes": True, "1": True}
BOOLEANS |= {"false": False, "no": False, "0": False, "": False}
TEXTS = ("id", "username", "given_name", "family_name", "email", "manager", EXTERNAL_ID)


class BadPeople(BadFile):
    """The file does not describe people; the message names the record and the field."""


class PersonEntry(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A person as he stands in a file; None leaves a field as it is."""

    username: str
    id: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    email: str | None = None
    manager: str | None = None
    groups: list[str] | None = None
    roles: list[Role] | None = None
    disabled: bool | None = None
    external_id: str | None = None
    attributes: dict[str, str] | None = None


_entry_decoder = msgspec.json.Decoder(PersonEntry)


class _File(msgspec.Struct, forbid_unknown_fields=True):
    people: list[msgspec.Raw]
    meta: dict[str, Any] = {}


_file_decoder = msgspec.json.Decoder(_File)


def parse_people(content: str) -> list[PersonEntry]:
    """Return the people of a file, each user name once; raises `BadPeople`."""
    if content.lstrip("\ufeff \t\r\n").startswith("{"):
        entries = _from_json(content.lstrip("\ufeff"))
    else:
        entries = _from_csv(content.lstrip("\ufeff"))
    seen: set[str] = set()
    for where, entry in entries:
        if entry.username in seen:
            raise BadPeople(f"{where}, field username: {entry.username[:80]!r} stands there twice")
        seen.add(entry.username)
    return [entry for _, entry in entries]


def _from_json(content: str) -> list[tuple[str, PersonEntry]]:
    try:
        file = _file_decoder.decode(content.encode("utf-8", "replace"))
    except (msgspec.MsgspecError, RecursionError) as fault:
        raise BadPeople(f"not a file of people: {fault}") from None
    entries = []
    for index, raw in enumerate(file.people):
        where = f"people[{index}]"
        try:
            entries.append((where, _entry_decoder.decode(raw)))
        except (msgspec.MsgspecError, RecursionError) as fault:
            reason, _, path = str(fault).partition(" - at ")
            raise BadPeople(f"{where}, field {path.strip('`$.') or 'record'}: {reason}") from None
    return entries


def _from_csv(content: str) -> list[tuple[str, PersonEntry]]:
    reader = csv.DictReader(io.StringIO(content, newline=""), strict=True)
    entries = []
    try:
        if "username" not in (reader.fieldnames or ()):
            raise BadPeople("not a file of people: neither JSON, nor CSV with a column username")
        for row in reader:
            where = f"line {reader.line_num}"
            entries.append((where, _from_row(where, row)))
    except csv.Error as fault:
        raise BadPeople(f"line {reader.line_num}: {fault}") from None
    return entries


def _from_row(where: str, row: dict[str | Any, str | Any]) -> PersonEntry:
    if None in row or any(value is None for value in row.values()):
        raise BadPeople(f"{where}: it has not as many fields as the first line names")
    fields: dict[str, Any] = {name: row[name].strip() or None for name in TEXTS if name in row}
    for name in LISTS:
        if name in row:
            fields[name] = [one.strip() for one in row[name].split(";") if one.strip()]
    if "roles" in row:
        fields["roles"] = [*dict.fromkeys([Role.EMPLOYEE.value, *fields["roles"]])]
    if "disabled" in row:
        fields["disabled"] = BOOLEANS.get(row["disabled"].strip().lower())
        if fields["disabled"] is None:
            raise BadPeople(f"{where}, field disabled: it must be true or false")
    others = [name for name in row if name not in (*TEXTS, *LISTS, "disabled")]
    if others:
        fields["attributes"] = {name: row[name].strip() for name in others}
    try:
        return msgspec.convert(fields, PersonEntry)
    except msgspec.ValidationError as fault:
        reason, _, path = str(fault).partition(" - at ")
        raise BadPeople(f"{where}, field {path.strip('`$.') or 'record'}: {reason}") from None


def format_people(people: Iterable[PersonRow]) -> bytes:
    """Return the file that `parse_people` reads back."""
    standing = [one for one in people if DELETED_MARK not in one.username]
    names: dict[str, str] = {one.person_id: one.username for one in standing}
    entries = [_entry(one, names) for one in standing]
    return msgspec.json.format(msgspec.json.encode({"people": entries}), indent=1) + b"\n"


def _entry(one: PersonRow, names: dict[str, str]) -> PersonEntry:
    attributes = dict(one.attributes)
    external = attributes.pop(EXTERNAL_ID, None)
    return PersonEntry(
        username=one.username,
        id=one.person_id,
        given_name=one.given_name,
        family_name=one.family_name,
        email=one.email,
        manager=names.get(one.manager) if one.manager else None,
        groups=list(one.groups),
        roles=list(one.roles),
        disabled=one.disabled,
        external_id=external,
        attributes=attributes,
    )
