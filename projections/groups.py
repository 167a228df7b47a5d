"""The directory's groups, and everybody in each: those who are disabled too, since the directory counts
them. Who may act for a group is asked of `memberships`."""

from __future__ import annotations

from dataclasses import dataclass

from domain.envelope import Recorded
from domain.group import GroupAdded, GroupChanged, GroupId, GroupRemoved
from domain.person import PersonChanged, PersonRegistered
from domain.ports import Row, Rows, Value
from domain.values import PersonId
from projections.columns import number
from projections.projection import Projection

COLUMNS = "group_id, name, display_name, external_id"


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group; `name` is what audiences and policies call it."""

    group_id: GroupId
    name: str
    display_name: str
    external_id: str


def _put(rows: Rows, _recorded: Recorded, event: GroupAdded | GroupChanged) -> None:
    rows.execute("DELETE FROM directory_group WHERE group_id = ?", (event.group_id,))
    rows.execute(
        f"INSERT INTO directory_group ({COLUMNS}) VALUES (?, ?, ?, ?)",
        (event.group_id, event.name, event.record.display_name, event.record.external_id),
    )


def _remove(rows: Rows, _recorded: Recorded, event: GroupRemoved) -> None:
    rows.execute("DELETE FROM directory_group WHERE group_id = ?", (event.group_id,))


def _person(rows: Rows, _recorded: Recorded, event: PersonRegistered | PersonChanged) -> None:
    rows.execute("DELETE FROM group_member WHERE person_id = ?", (event.person_id,))
    for name in sorted(set(event.record.groups)):
        rows.execute(
            "INSERT INTO group_member (name, person_id) VALUES (?, ?)", (name, event.person_id)
        )


PROJECTION = Projection(
    name="groups",
    tables=("directory_group", "group_member"),
    schema=(
        "CREATE TABLE IF NOT EXISTS directory_group ("
        "group_id TEXT PRIMARY KEY, name TEXT NOT NULL, display_name TEXT NOT NULL, "
        "external_id TEXT NOT NULL)",
        "CREATE UNIQUE INDEX IF NOT EXISTS directory_group_by_name ON directory_group (name)",
        "CREATE TABLE IF NOT EXISTS group_member ("
        "name TEXT NOT NULL, person_id TEXT NOT NULL, PRIMARY KEY (name, person_id))",
        "CREATE INDEX IF NOT EXISTS group_member_by_person ON group_member (person_id)",
    ),
    handlers={
        GroupAdded: _put,
        GroupChanged: _put,
        GroupRemoved: _remove,
        PersonRegistered: _person,
        PersonChanged: _person,
    },
)


def group_by_id(rows: Rows, group_id: str) -> GroupRow | None:
    """Return the group, or None."""
    found = rows.select(f"SELECT {COLUMNS} FROM directory_group WHERE group_id = ?", (group_id,))
    return _row(found[0]) if found else None


def group_by_name(rows: Rows, name: str) -> GroupRow | None:
    """Return the group that audiences and policies call so, or None."""
    found = rows.select(f"SELECT {COLUMNS} FROM directory_group WHERE name = ?", (name,))
    return _row(found[0]) if found else None


def everybody_in(rows: Rows, name: str) -> tuple[PersonId, ...]:
    """Return all people in a group, those who are disabled included."""
    found = rows.select(
        "SELECT person_id FROM group_member WHERE name = ? ORDER BY person_id", (name,)
    )
    return tuple(PersonId(str(row[0])) for row in found)


def groups_like(
    rows: Rows, wanted: dict[str, str], offset: int, count: int
) -> tuple[int, tuple[GroupRow, ...]]:
    """Return how many groups have these columns (`group_id`, `display_name`, `external_id`, `member`),
    and some of them from `offset` on."""
    clauses, params = ["1 = 1"], list[Value]()
    for column, value in wanted.items():
        if column == "member":
            clauses.append("name IN (SELECT name FROM group_member WHERE person_id = ?)")
        else:
            clauses.append(f"{column} = ?")
        params.append(value)
    where = " AND ".join(clauses)
    total = number(
        rows.select(f"SELECT COUNT(*) FROM directory_group WHERE {where}", params)[0][0]
    )
    found = rows.select(
        f"SELECT {COLUMNS} FROM directory_group WHERE {where} ORDER BY group_id LIMIT ? OFFSET ?",
        (*params, count, offset),
    )
    return total, tuple(map(_row, found))


def _row(row: Row) -> GroupRow:
    return GroupRow(GroupId(str(row[0])), str(row[1]), str(row[2]), str(row[3]))
