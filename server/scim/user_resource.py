"""A person as SCIM's User (RFC 7643 sections 4.1 and 4.3), and a User as the directory's record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.person import PersonRecord, Role
from domain.values import Personal, PersonId
from projections.people import EXTERNAL_ID, PersonRow
from server.scim.faults import invalid
from server.scim.reading import Reading

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
CORE_ATTRIBUTES = {"title": "title", "userType": "user_type"}
ENTERPRISE_ATTRIBUTES = {
    "employeeNumber": "employee_number",
    "costCenter": "cost_center",
    "organization": "organization",
    "division": "division",
    "department": "department",
}
"""What stands among a person's attributes, by SCIM's name; policies ask for them by ours."""
OURS = {EXTERNAL_ID, *CORE_ATTRIBUTES.values(), *ENTERPRISE_ATTRIBUTES.values()}
FIELDS = {
    "id": "person_id",
    "username": "username_key",
    "externalid": "external_id",
    "emails": "email",
    "emails.value": "email",
    'emails[type eq "work"].value': "email",
}
"""Columns by what providers search by."""


def user_document(person: PersonRow, groups: list[dict[str, str]], issuer: str) -> dict[str, Any]:
    """Return the person as a User."""
    kept = dict(person.attributes)
    enterprise: dict[str, Any] = {
        name: kept[ours] for name, ours in ENTERPRISE_ATTRIBUTES.items() if ours in kept
    }
    if person.manager:
        enterprise["manager"] = {"value": person.manager}
    document: dict[str, Any] = {
        "schemas": [USER, ENTERPRISE] if enterprise else [USER],
        "id": person.person_id,
        "userName": person.username,
        "displayName": person.full_name,
        "active": not person.disabled,
        "groups": groups,
        "meta": {
            "resourceType": "User",
            "location": f"{issuer}/scim/v2/Users/{person.person_id}",
        },
        **{name: kept[ours] for name, ours in CORE_ATTRIBUTES.items() if ours in kept},
    }
    if person.email:
        document["emails"] = [{"value": person.email, "type": "work", "primary": True}]
    names = {"givenName": person.given_name, "familyName": person.family_name}
    if any(names.values()):
        document["name"] = {name: text for name, text in names.items() if text}
    if EXTERNAL_ID in kept:
        document["externalId"] = kept[EXTERNAL_ID]
    if enterprise:
        document[ENTERPRISE] = enterprise
    return document


def person_record(
    document: Mapping[str, Any], person_id: PersonId, present: PersonRow | None
) -> PersonRecord:
    """Return the record that a User means; groups, roles and attributes that SCIM does not know stay:
    it gives and takes no role.
    Raises `ScimFault`."""
    read = Reading(document)
    enterprise = Reading(read.object(ENTERPRISE))
    name = Reading(read.object("name"))
    username = read.text("userName")
    if not username:
        raise invalid("userName is required.")
    kept = {key: text for key, text in (present.attributes if present else ()) if key not in OURS}
    kept |= {ours: read.text(theirs) for theirs, ours in CORE_ATTRIBUTES.items()}
    kept |= {ours: enterprise.text(theirs) for theirs, ours in ENTERPRISE_ATTRIBUTES.items()}
    kept[EXTERNAL_ID] = read.text("externalId")
    given, family = name.text("givenName"), name.text("familyName")
    return PersonRecord(
        username=Personal(person_id, username),
        given_name=Personal(person_id, given or ("" if family else read.text("displayName"))),
        family_name=Personal(person_id, family),
        email=Personal(person_id, _email(read)),
        manager=_manager(enterprise),
        groups=present.groups if present else (),
        roles=present.roles if present else (Role.EMPLOYEE,),
        disabled=not read.truth("active", default=True),
        attributes=tuple((key, Personal(person_id, text)) for key, text in kept.items() if text),
    )


def _email(read: Reading) -> str:
    """Return the primary address, else that of work, else the first."""
    listed = read.get("emails")
    if listed is None:
        return ""
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise invalid("emails must be a list of objects.")
    entries = [Reading(one) for one in listed]
    entries.sort(key=lambda one: (not one.truth("primary"), one.text("type").lower() != "work"))
    return entries[0].text("value") if entries else ""


def _manager(enterprise: Reading) -> PersonId | None:
    """Return the manager's id; Entra sends a bare text, others an object."""
    manager = enterprise.get("manager")
    if isinstance(manager, dict):
        manager = Reading(manager).text("value")
    if manager is not None and not isinstance(manager, str):
        raise invalid("manager must be the id of a user.")
    return PersonId(manager) if manager else None
