"""When a token family was last used. Kept in memory as calls come in and written in batches, since
a fact of convenience is not worth a durable write for each call; at most the last half minute is
lost in a crash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import anyio

from domain.ports import Rows, Unavailable
from domain.values import ConsentId, FamilyId
from projections.columns import instant, parse_instant
from projections.consents import ConsentRow
from server.command_bus import CommandBus, UnitOfWork

EVERY_SECONDS = 30
SCHEMA = (
    "CREATE TABLE IF NOT EXISTS token_family_use ("
    "family_id TEXT PRIMARY KEY, used_at TEXT NOT NULL)",
)


class LastUse:
    """Notes uses on the event loop, and writes them down now and then."""

    def __init__(self, bus: CommandBus) -> None:
        self._bus = bus
        self._noted: dict[FamilyId, datetime] = {}

    def note(self, family_id: FamilyId, now: datetime) -> None:
        """Remember that the family was used just now."""
        self._noted[family_id] = now

    async def run(self) -> None:
        """Write down what was noted until cancelled, and then once more."""
        try:
            while True:
                await anyio.sleep(EVERY_SECONDS)
                await self.write_down()
        finally:
            with anyio.CancelScope(shield=True):
                await self.write_down()

    async def write_down(self) -> None:
        """Write down what was noted since the last time."""
        noted, self._noted = self._noted, {}
        if not noted:
            return
        try:
            await self._bus.call(lambda work: _store(work, noted))
        except Unavailable:
            self._noted = {**noted, **self._noted}


def _store(work: UnitOfWork, noted: Mapping[FamilyId, datetime]) -> None:
    for family_id, used_at in noted.items():
        work.rows.execute(
            "INSERT INTO token_family_use (family_id, used_at) VALUES (?, ?) "
            "ON CONFLICT (family_id) DO UPDATE SET used_at = excluded.used_at",
            (family_id, instant(used_at)),
        )


def last_uses(rows: Rows, consents: Sequence[ConsentRow]) -> dict[ConsentId, datetime]:
    """Return when each of these consents was last used; those never used are left out."""
    if not consents:
        return {}
    marks = ", ".join("?" for _ in consents)
    found = rows.select(
        "SELECT f.consent_id, MAX(u.used_at) FROM token_family f "
        "JOIN token_family_use u ON u.family_id = f.family_id "
        f"WHERE f.consent_id IN ({marks}) GROUP BY f.consent_id",
        tuple(one.consent_id for one in consents),
    )
    return {ConsentId(str(consent_id)): parse_instant(at) for consent_id, at in found}
