"""The policies in force: whom each lets request, and which duties exclude each other. The rules
themselves are the aggregate's; here is only what is looked up by group or by item."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from domain.envelope import Recorded
from domain.policy import DEFAULT, Conflict, OnCall, Policy, PolicyPublished, PolicyRetired
from domain.ports import Rows
from projections.columns import json_text, json_value
from projections.projection import Projection

_decoder = msgspec.json.Decoder(Policy)
_rotation_decoder = msgspec.json.Decoder(OnCall)


def _published(rows: Rows, _recorded: Recorded, event: PolicyPublished) -> None:
    policy = event.policy
    _forget(rows, policy.policy_id)
    rows.execute(
        "INSERT INTO policy (policy_id, version, policy_json) VALUES (?, ?, ?)",
        (policy.policy_id, policy.version, json_text(policy)),
    )
    for group in sorted(set(policy.requestable_by)):
        rows.execute(
            "INSERT INTO policy_audience (policy_id, group_name) VALUES (?, ?)",
            (policy.policy_id, group),
        )
    for rotation in policy.on_call:
        rows.execute(
            "INSERT INTO on_call (name, policy_id, rotation_json) VALUES (?, ?, ?)",
            (rotation.name, policy.policy_id, json_text(rotation)),
        )
    for conflict in policy.conflicts:
        for item_id in sorted(set(conflict.items)):
            rows.execute(
                "INSERT INTO policy_conflict (policy_id, conflict_id, item_id, items_json) "
                "VALUES (?, ?, ?, ?)",
                (policy.policy_id, conflict.conflict_id, item_id, json_text(conflict.items)),
            )


def _retired(rows: Rows, _recorded: Recorded, event: PolicyRetired) -> None:
    _forget(rows, event.policy_id)


def _forget(rows: Rows, policy_id: str) -> None:
    for table in PROJECTION.tables:
        rows.execute(f"DELETE FROM {table} WHERE policy_id = ?", (policy_id,))


PROJECTION = Projection(
    name="policies",
    tables=("policy", "policy_audience", "on_call", "policy_conflict"),
    schema=(
        "CREATE TABLE IF NOT EXISTS policy ("
        "policy_id TEXT PRIMARY KEY, version BIGINT NOT NULL, policy_json TEXT NOT NULL)",
        "CREATE TABLE IF NOT EXISTS policy_audience ("
        "policy_id TEXT NOT NULL, group_name TEXT NOT NULL, PRIMARY KEY (policy_id, group_name))",
        "CREATE TABLE IF NOT EXISTS on_call ("
        "name TEXT PRIMARY KEY, policy_id TEXT NOT NULL, rotation_json TEXT NOT NULL)",
        "CREATE TABLE IF NOT EXISTS policy_conflict ("
        "policy_id TEXT NOT NULL, conflict_id TEXT NOT NULL, item_id TEXT NOT NULL, "
        "items_json TEXT NOT NULL, PRIMARY KEY (policy_id, conflict_id, item_id))",
        "CREATE INDEX IF NOT EXISTS policy_conflict_by_item ON policy_conflict (item_id)",
    ),
    handlers={PolicyPublished: _published, PolicyRetired: _retired},
)


def policies(rows: Rows) -> tuple[Policy, ...]:
    """Return all policies in force, by id."""
    found = rows.select("SELECT policy_json FROM policy ORDER BY policy_id")
    return tuple(_decoder.decode(str(row[0])) for row in found)


def policy_by_id(rows: Rows, policy_id: str) -> Policy | None:
    """Return the policy in force under this id, or None."""
    found = rows.select("SELECT policy_json FROM policy WHERE policy_id = ?", (policy_id,))
    return _decoder.decode(str(found[0][0])) if found else None


def policy_for(rows: Rows, *named: str) -> Policy:
    """Return the first of these policies that is in force, else the default one."""
    for policy_id in (*filter(None, named), DEFAULT.policy_id):
        found = policy_by_id(rows, policy_id)
        if found is not None:
            return found
    return DEFAULT


def conflicts_of(rows: Rows, items: Iterable[str]) -> tuple[Conflict, ...]:
    """Return the exclusions that any of these items falls under."""
    conflicts: dict[tuple[str, str], Conflict] = {}
    for item_id in items:
        found = rows.select(
            "SELECT policy_id, conflict_id, items_json FROM policy_conflict WHERE item_id = ? "
            "ORDER BY policy_id, conflict_id",
            (item_id,),
        )
        for policy_id, conflict_id, text in found:
            listed = json_value(text)
            members = tuple(map(str, listed)) if isinstance(listed, list) else ()
            key = (str(policy_id), str(conflict_id))
            conflicts[key] = Conflict(str(conflict_id), members)
    return tuple(conflicts.values())


def rotation_by_name(rows: Rows, name: str) -> OnCall | None:
    """Return the rotation, or None."""
    found = rows.select("SELECT rotation_json FROM on_call WHERE name = ?", (name,))
    return _rotation_decoder.decode(str(found[0][0])) if found else None


def rotations(rows: Rows) -> dict[str, str]:
    """Return the names of all rotations, each with the policy that defines it."""
    found = rows.select("SELECT name, policy_id FROM on_call ORDER BY name")
    return {str(name): str(policy_id) for name, policy_id in found}
