"""The integrations that stand: what each may do for which apps, and its public keys."""

from __future__ import annotations

from dataclasses import dataclass

from domain.envelope import Recorded
from domain.integration import IntegrationAdded, IntegrationChanged, IntegrationRemoved, Right
from domain.ports import Row, Rows
from projections.columns import json_text, text_list
from projections.projection import Projection

COLUMNS = "name, rights_json, apps_json, nkey, signing_key"


@dataclass(frozen=True, slots=True)
class IntegrationRow:
    """An integration; `apps` empty means all."""

    name: str
    rights: tuple[Right, ...]
    apps: tuple[str, ...]
    nkey: str
    signing_key: str

    def may(self, right: Right, app_id: str) -> bool:
        """Say whether it may do this for the app."""
        return right in self.rights and (not self.apps or app_id in self.apps)


def _put(rows: Rows, _recorded: Recorded, event: IntegrationAdded | IntegrationChanged) -> None:
    record = event.record
    rows.execute("DELETE FROM integration WHERE name = ?", (event.name,))
    rows.execute(
        f"INSERT INTO integration ({COLUMNS}) VALUES (?, ?, ?, ?, ?)",
        (
            event.name,
            json_text(record.rights),
            json_text(record.apps),
            record.nkey,
            record.signing_key,
        ),
    )


def _removed(rows: Rows, _recorded: Recorded, event: IntegrationRemoved) -> None:
    rows.execute("DELETE FROM integration WHERE name = ?", (event.name,))


PROJECTION = Projection(
    name="integrations",
    tables=("integration",),
    schema=(
        "CREATE TABLE IF NOT EXISTS integration ("
        "name TEXT PRIMARY KEY, rights_json TEXT NOT NULL, apps_json TEXT NOT NULL, "
        "nkey TEXT NOT NULL, signing_key TEXT NOT NULL)",
    ),
    handlers={
        IntegrationAdded: _put,
        IntegrationChanged: _put,
        IntegrationRemoved: _removed,
    },
)


def integrations(rows: Rows) -> tuple[IntegrationRow, ...]:
    """Return all integrations that stand, by name."""
    return tuple(map(_row, rows.select(f"SELECT {COLUMNS} FROM integration ORDER BY name")))


def integration_by_name(rows: Rows, name: str) -> IntegrationRow | None:
    """Return one integration, or None."""
    found = rows.select(f"SELECT {COLUMNS} FROM integration WHERE name = ?", (name,))
    return _row(found[0]) if found else None


def allowed_integrations(rows: Rows, right: Right, app_id: str) -> frozenset[str]:
    """Return the names of those that may do this for the app."""
    return frozenset(one.name for one in integrations(rows) if one.may(right, app_id))


def _row(row: Row) -> IntegrationRow:
    return IntegrationRow(
        name=str(row[0]),
        rights=tuple(Right(one) for one in text_list(row[1])),
        apps=text_list(row[2]),
        nkey=str(row[3]),
        signing_key=str(row[4]),
    )
