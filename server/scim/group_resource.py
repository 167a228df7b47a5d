"""A group as SCIM's Group (RFC 7643 section 4.2), and a Group as the directory's record and members."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from domain.group import GroupRecord
from projections.groups import GroupRow
from projections.people import PersonRow
from server.scim.faults import invalid
from server.scim.reading import Reading

GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
FIELDS = {
    "id": "group_id",
    "displayname": "display_name",
    "externalid": "external_id",
    "members": "member",
    "members.value": "member",
}
"""Columns by what providers search by."""


def group_document(
    group: GroupRow, members: Sequence[PersonRow] | None, issuer: str
) -> dict[str, Any]:
    """Return the group as a Group; without members where they were not asked for (None)."""
    document: dict[str, Any] = {
        "schemas": [GROUP],
        "id": group.group_id,
        "displayName": group.display_name,
        "meta": {
            "resourceType": "Group",
            "location": f"{issuer}/scim/v2/Groups/{group.group_id}",
        },
    }
    if group.external_id:
        document["externalId"] = group.external_id
    if members is not None:
        document["members"] = [
            {
                "value": one.person_id,
                "display": one.full_name,
                "$ref": f"{issuer}/scim/v2/Users/{one.person_id}",
            }
            for one in members
        ]
    return document


def group_record(document: Mapping[str, Any]) -> tuple[GroupRecord, frozenset[str]]:
    """Return the record that a Group means, and the ids of its members; raises `ScimFault`."""
    read = Reading(document)
    name = read.text("displayName")
    if not name.strip():
        raise invalid("displayName is required.")
    return GroupRecord(name, read.text("externalId")), _members(read.get("members"))


def _members(listed: object) -> frozenset[str]:
    if listed is None:
        return frozenset()
    if not isinstance(listed, list):
        raise invalid("members must be a list.")
    values = [Reading(one).text("value") if isinstance(one, dict) else "" for one in listed]
    if not all(values):
        raise invalid("Each member needs the id of a user as its value.")
    return frozenset(values)
