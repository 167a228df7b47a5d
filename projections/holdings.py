"""What each person asks for and holds at this moment, item by item. The keys are the rule that
nobody has two open requests for the same item, and holds none twice, under any concurrency; and
they are where a submission learns of what it must not double."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from domain.access_request import (
    AccessCompleted,
    AccessExtended,
    Deprovisioned,
    DeprovisioningStarted,
    Provisioned,
    ProvisioningDenied,
    RemovalCalledOff,
    RequestCancelled,
    RequestDenied,
    RequestExpired,
    RequestSubmitted,
)
from domain.envelope import Recorded
from domain.ports import Row, Rows
from domain.values import PersonId, RequestId
from projections.columns import maybe_instant, number, parse_instant
from projections.projection import Projection

ACCESS, EXTENSION = "access", "extension"


@dataclass(frozen=True, slots=True)
class HeldItem:
    """An item that a person holds: through which request, until when (None: for good), and whether
    its removal is under way."""

    item_id: str
    request_id: RequestId
    expires_at: datetime | None
    ending: bool


def _submitted(rows: Rows, _recorded: Recorded, event: RequestSubmitted) -> None:
    kind = EXTENSION if event.extends else ACCESS
    rows.execute_many(
        "INSERT INTO open_item (target, item_id, kind, request_id, requester, app_id) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        [
            (event.target, one, kind, event.request_id, event.requester, event.app.app_id)
            for one in event.item_ids
        ],
    )


def _settled(rows: Rows, request_id: str, items: Iterable[str]) -> None:
    rows.execute_many(
        "DELETE FROM open_item WHERE request_id = ? AND item_id = ?",
        [(request_id, item_id) for item_id in items],
    )


def _ended(rows: Rows, _recorded: Recorded, event: RequestDenied | RequestExpired) -> None:
    _settled(rows, event.request_id, event.items)


def _cancelled(rows: Rows, _recorded: Recorded, event: RequestCancelled) -> None:
    _settled(rows, event.request_id, event.items or event.snapshot.item_ids)


def _refused(rows: Rows, _recorded: Recorded, event: ProvisioningDenied) -> None:
    _settled(rows, event.request_id, (event.item_id,))


def _provisioned(rows: Rows, _recorded: Recorded, event: Provisioned) -> None:
    _settled(rows, event.request_id, (event.item_id,))
    _hold(rows, event.target, event.item_id, event.request_id, event.expires_at)


def _hold(
    rows: Rows, target: str, item_id: str, request_id: str, expires_at: datetime | None
) -> None:
    rows.execute_many(
        "INSERT INTO held_item (target, item_id, request_id, expires_at, ending) "
        "VALUES (?, ?, ?, ?, ?) ON CONFLICT (target, item_id) DO NOTHING",
        [(target, item_id, request_id, maybe_instant(expires_at), 0)],
    )


def _completed(rows: Rows, _recorded: Recorded, event: AccessCompleted) -> None:
    _settled(rows, event.request_id, event.items)


def _extended(rows: Rows, _recorded: Recorded, event: AccessExtended) -> None:
    rows.execute(
        "UPDATE held_item SET expires_at = ? WHERE request_id = ? AND item_id = ?",
        (maybe_instant(event.expires_at), event.request_id, event.item_id),
    )


def _ending(rows: Rows, _recorded: Recorded, event: DeprovisioningStarted) -> None:
    """What is withdrawn half-granted may be there already: until it is removed, it is held."""
    _hold(rows, event.target, event.item_id, event.request_id, None)
    _mark(rows, event.request_id, event.item_id, ending=True)


def _mark(rows: Rows, request_id: str, item_id: str, *, ending: bool) -> None:
    rows.execute(
        "UPDATE held_item SET ending = ? WHERE request_id = ? AND item_id = ?",
        (int(ending), request_id, item_id),
    )


def _called_off(rows: Rows, _recorded: Recorded, event: RemovalCalledOff) -> None:
    for item_id in event.items:
        _mark(rows, event.request_id, item_id, ending=False)
        rows.execute_many(
            "UPDATE held_item SET expires_at = NULL WHERE request_id = ? AND item_id = ?",
            [(event.request_id, item_id)],
        )


def _removed(rows: Rows, _recorded: Recorded, event: Deprovisioned) -> None:
    rows.execute(
        "DELETE FROM held_item WHERE request_id = ? AND item_id = ?",
        (event.request_id, event.item_id),
    )


PROJECTION = Projection(
    name="holdings",
    tables=("open_item", "held_item"),
    schema=(
        "CREATE TABLE IF NOT EXISTS open_item ("
        "target TEXT NOT NULL, item_id TEXT NOT NULL, kind TEXT NOT NULL, "
        "request_id TEXT NOT NULL, requester TEXT NOT NULL, app_id TEXT NOT NULL, "
        "PRIMARY KEY (request_id, item_id))",
        "CREATE UNIQUE INDEX IF NOT EXISTS open_item_by_target "
        "ON open_item (target, item_id, kind)",
        "CREATE INDEX IF NOT EXISTS open_item_by_requester ON open_item (requester)",
        "CREATE TABLE IF NOT EXISTS held_item ("
        "target TEXT NOT NULL, item_id TEXT NOT NULL, request_id TEXT NOT NULL, expires_at TEXT, "
        "ending BIGINT NOT NULL, PRIMARY KEY (target, item_id))",
        "CREATE INDEX IF NOT EXISTS held_item_by_request ON held_item (request_id)",
    ),
    handlers={
        RequestSubmitted: _submitted,
        RequestDenied: _ended,
        RequestExpired: _ended,
        RequestCancelled: _cancelled,
        ProvisioningDenied: _refused,
        Provisioned: _provisioned,
        AccessCompleted: _completed,
        AccessExtended: _extended,
        DeprovisioningStarted: _ending,
        RemovalCalledOff: _called_off,
        Deprovisioned: _removed,
    },
)


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands in the way of a submission: the items that are being asked for the target, and by which
    request; those he holds; and how many requests the requester has open."""

    open: dict[str, RequestId]
    held: tuple[HeldItem, ...]
    requests: int


def standing_of(
    rows: Rows,
    target: PersonId,
    items: Collection[str],
    requester: PersonId,
    *,
    extension: bool,
) -> Standing:
    """Return how it stands with these items, whatever else he has asked for or holds."""
    marks = ", ".join("?" * len(items))
    found = rows.select(
        "SELECT 'open', item_id, request_id, NULL, 0 FROM open_item "
        f"WHERE target = ? AND kind = ? AND item_id IN ({marks}) UNION ALL "
        "SELECT 'held', item_id, request_id, expires_at, ending FROM held_item "
        f"WHERE target = ? AND item_id IN ({marks}) UNION ALL "
        "SELECT 'requests', '', '', NULL, COUNT(DISTINCT request_id) FROM open_item "
        "WHERE requester = ? ORDER BY 1, 2",
        (target, EXTENSION if extension else ACCESS, *items, target, *items, requester),
    )
    return Standing(
        {
            str(item): RequestId(str(request))
            for kind, item, request, *_ in found
            if kind == "open"
        },
        tuple(_held(row[1:]) for row in found if row[0] == "held"),
        next(number(row[4]) for row in found if row[0] == "requests"),
    )


def _held(row: Row) -> HeldItem:
    item, request, until, ending = row
    expires_at = None if until is None else parse_instant(until)
    return HeldItem(str(item), RequestId(str(request)), expires_at, bool(ending))


def open_items(rows: Rows, target: PersonId, *, extension: bool) -> dict[str, RequestId]:
    """Return what is being asked for this person: the items, and by which request."""
    found = rows.select(
        "SELECT item_id, request_id FROM open_item WHERE target = ? AND kind = ? ORDER BY item_id",
        (target, EXTENSION if extension else ACCESS),
    )
    return {str(item): RequestId(str(request)) for item, request in found}


def held_items(rows: Rows, target: PersonId) -> tuple[HeldItem, ...]:
    """Return what this person holds."""
    found = rows.select(
        "SELECT item_id, request_id, expires_at, ending FROM held_item WHERE target = ? "
        "ORDER BY item_id",
        (target,),
    )
    return tuple(map(_held, found))


def requests_with_open_items(rows: Rows, person: PersonId) -> tuple[RequestId, ...]:
    """Return the open requests that this person made or that are for him."""
    found = rows.select(
        "SELECT DISTINCT request_id FROM open_item WHERE requester = ? OR target = ? "
        "ORDER BY request_id",
        (person, person),
    )
    return tuple(RequestId(str(row[0])) for row in found)


def requests_for_app(rows: Rows, app_id: str) -> tuple[RequestId, ...]:
    """Return the open requests for the app or any of its permissions. Apps are retired so seldom that every
    submission need not pay for an index."""
    found = rows.select(
        "SELECT DISTINCT request_id FROM open_item WHERE app_id = ? ORDER BY request_id", (app_id,)
    )
    return tuple(RequestId(str(row[0])) for row in found)


def requests_that_ask_for(rows: Rows, item_id: str) -> tuple[RequestId, ...]:
    """Return the open requests that ask for this app or permission, found as those for an app."""
    found = rows.select(
        "SELECT DISTINCT request_id FROM open_item WHERE item_id = ? ORDER BY request_id",
        (item_id,),
    )
    return tuple(RequestId(str(row[0])) for row in found)


def requests_held_by(rows: Rows, person: PersonId) -> tuple[RequestId, ...]:
    """Return the requests through which this person holds anything that is not being removed."""
    found = rows.select(
        "SELECT DISTINCT request_id FROM held_item WHERE target = ? AND ending = 0 "
        "ORDER BY request_id",
        (person,),
    )
    return tuple(RequestId(str(row[0])) for row in found)


def standing_request(rows: Rows, person: PersonId) -> RequestId | None:
    """Return a request through which this person still holds or asks for anything, or asks it for
    another; None if there is none."""
    for sql in (
        "SELECT request_id FROM held_item WHERE target = ? ORDER BY request_id LIMIT 1",
        "SELECT request_id FROM open_item WHERE requester = ? ORDER BY request_id LIMIT 1",
        "SELECT request_id FROM open_item WHERE target = ? ORDER BY request_id LIMIT 1",
    ):
        found = rows.select(sql, (person,))
        if found:
            return RequestId(str(found[0][0]))
    return None
