"""Which resource servers may ask about tokens, and the digests of their secrets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.envelope import Recorded
from domain.ports import Row, Rows
from domain.resource_server import (
    ResourceServerAdded,
    ResourceServerRemoved,
    ResourceServerSecretRotated,
)
from projections.columns import instant, maybe_text, parse_instant
from projections.projection import Projection

COLUMNS = "name, resource, secret_digest, former_digest, former_good_until, changed_at"


@dataclass(frozen=True, slots=True)
class ResourceServerRow:
    """A resource server that may ask about tokens for `resource`."""

    name: str
    resource: str
    secret_digest: str
    former_digest: str | None
    former_good_until: datetime | None
    changed_at: datetime

    def good_digests(self, now: datetime) -> list[str]:
        """Return the digests of the secrets that are good now."""
        former_good = self.former_good_until is not None and now < self.former_good_until
        former = [self.former_digest] if former_good and self.former_digest else []
        return [self.secret_digest, *former]


def _added(rows: Rows, recorded: Recorded, event: ResourceServerAdded) -> None:
    rows.execute(
        f"INSERT INTO resource_server ({COLUMNS}) VALUES (?, ?, ?, NULL, NULL, ?)",
        (
            event.name,
            event.resource,
            event.secret_digest,
            instant(recorded.envelope.recorded_at),
        ),
    )


def _rotated(rows: Rows, recorded: Recorded, event: ResourceServerSecretRotated) -> None:
    rows.execute(
        "UPDATE resource_server SET secret_digest = ?, former_digest = ?, "
        "former_good_until = ?, changed_at = ? WHERE name = ?",
        (
            event.secret_digest,
            event.former_digest,
            instant(event.former_good_until),
            instant(recorded.envelope.recorded_at),
            event.name,
        ),
    )


def _removed(rows: Rows, _recorded: Recorded, event: ResourceServerRemoved) -> None:
    rows.execute("DELETE FROM resource_server WHERE name = ?", (event.name,))


PROJECTION = Projection(
    name="resource_servers",
    tables=("resource_server",),
    schema=(
        "CREATE TABLE IF NOT EXISTS resource_server ("
        "name TEXT PRIMARY KEY, resource TEXT NOT NULL, secret_digest TEXT NOT NULL, "
        "former_digest TEXT, former_good_until TEXT, changed_at TEXT NOT NULL)",
    ),
    handlers={
        ResourceServerAdded: _added,
        ResourceServerSecretRotated: _rotated,
        ResourceServerRemoved: _removed,
    },
)


def resource_server(rows: Rows, name: str) -> ResourceServerRow | None:
    """Return the resource server of this name."""
    found = rows.select(f"SELECT {COLUMNS} FROM resource_server WHERE name = ?", (name,))
    return _row(found[0]) if found else None


def resource_servers(rows: Rows) -> list[ResourceServerRow]:
    """Return all resource servers, by name."""
    return [
        _row(row) for row in rows.select(f"SELECT {COLUMNS} FROM resource_server ORDER BY name")
    ]


def _row(row: Row) -> ResourceServerRow:
    name, resource, digest, former, until, changed_at = row
    return ResourceServerRow(
        name=str(name),
        resource=str(resource),
        secret_digest=str(digest),
        former_digest=maybe_text(former),
        former_good_until=None if until is None else parse_instant(until),
        changed_at=parse_instant(changed_at),
    )
