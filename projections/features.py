"""Which feature flags somebody has switched, when and by whom. All of them stand once more together, in one row,
so that the query that verifies a token learns them by one look at one key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType

import msgspec

from domain.envelope import Recorded
from domain.feature import FeatureDisabled, FeatureEnabled
from domain.ports import Rows, Value
from domain.values import PersonId, Via
from projections.columns import instant, json_text, maybe_text, number, parse_instant
from projections.projection import Projection

SWITCHED = "(SELECT s.switched_json FROM feature_switches s WHERE s.place = 0)"
"""What a query selects that wants to know, with its own rows, how every flag was switched: `switched`
reads it."""
_decoder = msgspec.json.Decoder(dict[str, bool])
NONE: Mapping[str, bool] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class FeatureRow:
    """How a flag was last switched: when, by whom (None: by no person of the directory) and through what
    door. `version` is that of its stream."""

    name: str
    on: bool
    version: int
    switched_at: datetime
    switched_by: PersonId | None
    via: Via


def _switched(rows: Rows, recorded: Recorded, event: FeatureEnabled | FeatureDisabled) -> None:
    envelope = recorded.envelope
    rows.execute("DELETE FROM feature WHERE name = ?", (event.name,))
    rows.execute(
        "INSERT INTO feature (name, is_on, version, switched_at, switched_by, via) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (
            event.name,
            int(isinstance(event, FeatureEnabled)),
            envelope.version,
            instant(envelope.recorded_at),
            envelope.actor.subject,
            envelope.actor.via,
        ),
    )
    found = rows.select("SELECT name, is_on FROM feature ORDER BY name")
    together = json_text({str(name): bool(on) for name, on in found})
    rows.execute("DELETE FROM feature_switches WHERE place = 0")
    rows.execute("INSERT INTO feature_switches (place, switched_json) VALUES (0, ?)", (together,))


PROJECTION = Projection(
    name="features",
    tables=("feature", "feature_switches"),
    schema=(
        "CREATE TABLE IF NOT EXISTS feature ("
        "name TEXT PRIMARY KEY, is_on BIGINT NOT NULL, version BIGINT NOT NULL, "
        "switched_at TEXT NOT NULL, switched_by TEXT, via TEXT NOT NULL)",
        "CREATE TABLE IF NOT EXISTS feature_switches ("
        "place BIGINT PRIMARY KEY, switched_json TEXT NOT NULL)",
    ),
    handlers={FeatureEnabled: _switched, FeatureDisabled: _switched},
)


def switched_features(rows: Rows) -> dict[str, FeatureRow]:
    """Return the flags that somebody has switched, by name."""
    found = rows.select(
        "SELECT name, is_on, version, switched_at, switched_by, via FROM feature ORDER BY name"
    )
    return {one.name: one for one in map(_row, found)}


def _row(row: tuple[Value, ...]) -> FeatureRow:
    name, on, version, at, by, via = row
    who = maybe_text(by)
    return FeatureRow(
        str(name),
        bool(on),
        number(version),
        parse_instant(at),
        None if who is None else PersonId(who),
        Via(str(via)),
    )


def switched(column: Value) -> Mapping[str, bool]:
    """Return how every flag was switched, from the column `SWITCHED`."""
    return NONE if column is None else _read(str(column))


@lru_cache(maxsize=16)
def _read(text: str) -> Mapping[str, bool]:
    # Keyed by the text itself, so that what is remembered is never out of date.
    return MappingProxyType(_decoder.decode(text))
