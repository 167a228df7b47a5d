"""Who belongs to a group or holds a role, among those who are not disabled: the directory read the
other way round, for those who look for people who may decide."""

from __future__ import annotations

from domain.envelope import Recorded
from domain.person import (
    PersonChanged,
    PersonRegistered,
    Role,
    RoleEvent,
    RoleGranted,
    RoleReleased,
    RoleRevoked,
)
from domain.ports import Rows
from domain.values import PersonId
from projections.projection import Projection

GROUP, ROLE = "group", "role"


def _put(rows: Rows, _recorded: Recorded, event: PersonRegistered | PersonChanged) -> None:
    person_id, record = event.person_id, event.record
    rows.execute("DELETE FROM membership WHERE person_id = ?", (person_id,))
    if record.disabled:
        return
    for kind, names in ((GROUP, record.groups), (ROLE, record.roles)):
        for name in sorted(set(names)):
            rows.execute(
                "INSERT INTO membership (kind, name, person_id) VALUES (?, ?, ?)",
                (kind, name, person_id),
            )


def _granted(rows: Rows, _recorded: Recorded, event: RoleGranted | RoleReleased) -> None:
    """Nobody is given a role while he is disabled."""
    _revoked(rows, _recorded, event)
    rows.execute(
        "INSERT INTO membership (kind, name, person_id) VALUES (?, ?, ?)",
        (ROLE, event.role, event.person_id),
    )


def _revoked(rows: Rows, _recorded: Recorded, event: RoleEvent) -> None:
    rows.execute(
        "DELETE FROM membership WHERE kind = ? AND name = ? AND person_id = ?",
        (ROLE, event.role, event.person_id),
    )


def _released(rows: Rows, recorded: Recorded, event: RoleReleased) -> None:
    if event.role in event.roles:
        _granted(rows, recorded, event)
    else:
        _revoked(rows, recorded, event)


PROJECTION = Projection(
    name="memberships",
    tables=("membership",),
    schema=(
        "CREATE TABLE IF NOT EXISTS membership ("
        "kind TEXT NOT NULL, name TEXT NOT NULL, person_id TEXT NOT NULL, "
        "PRIMARY KEY (kind, name, person_id))",
        "CREATE INDEX IF NOT EXISTS membership_by_person ON membership (person_id)",
    ),
    handlers={
        PersonRegistered: _put,
        PersonChanged: _put,
        RoleGranted: _granted,
        RoleRevoked: _revoked,
        RoleReleased: _released,
    },
)


def members_of(rows: Rows, group: str) -> tuple[PersonId, ...]:
    """Return the people of a group."""
    return _who(rows, GROUP, group)


def holders_of(rows: Rows, role: Role) -> tuple[PersonId, ...]:
    """Return the people who hold a role."""
    return _who(rows, ROLE, role)


def _who(rows: Rows, kind: str, name: str) -> tuple[PersonId, ...]:
    found = rows.select(
        "SELECT person_id FROM membership WHERE kind = ? AND name = ? ORDER BY person_id",
        (kind, name),
    )
    return tuple(PersonId(str(row[0])) for row in found)
