"""The rows of requests while events change them. However many events come together, what is known of a
request's items is read once, and each row is written once: a new one with what the last event left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from domain.access_request import HELD, Status, overall
from domain.ports import Rows, Value
from projections.access_requests.tables import COLUMNS, ITEM_COLUMNS

Changes = Mapping[str, Value]
NOBODY: Changes = {"waiting_json": "[]", "stage_name": ""}
"""Nobody is waited for."""

_REQUEST = (*COLUMNS.split(", "), "closed_reason_of")
_ITEM = (*ITEM_COLUMNS.split(", "), "place")
_PART = ("person", "requested_at", "request_id", "requests", "receives", "app_id", "status")
_KNOWN = ("item_id", "status", "expires_at", "waiting_json")
_READ = (
    f"SELECT r.requester, r.target, r.requested_at, r.status, "
    f"{', '.join(f'i.{name}' for name in _KNOWN)} FROM access_request r "
    "JOIN access_request_item i ON i.request_id = r.request_id WHERE r.request_id = ?"
)


def _insert(table: str, columns: Sequence[str]) -> str:
    marks = ", ".join("?" * len(columns))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"


_INSERT_REQUEST = _insert("access_request", _REQUEST)
_UPDATE_PART = (
    "UPDATE access_request_part SET status = ? "
    "WHERE person = ? AND requested_at = ? AND request_id = ?"
)
_INSERT_PART = _insert("access_request_part", _PART)
_INSERT_ITEM = _insert("access_request_item", _ITEM)


class Draft:
    """The rows of one request: `columns` are those of the request that will be written."""

    def __init__(self, rows: Rows, request_id: str) -> None:
        self.request_id = request_id
        self.columns: dict[str, Value] = {}
        self.new = False
        self._rows = rows
        self._items: dict[str, dict[str, Value]] | None = None
        self._place: tuple[Value, Value, Value, Value] = (None, None, None, None)
        self._changed: dict[str, dict[str, Value]] = {}

    def begin(self, items: Iterable[dict[str, Value]], **columns: Value) -> None:
        """Make the rows of a request that is new."""
        self.new = True
        self.columns = {"request_id": self.request_id, **columns}
        self._items = {str(one["item_id"]): one for one in items}

    def change(self, items: Iterable[str], changes: Changes) -> None:
        """Set these columns of the items."""
        known = self._known()
        for item_id in items:
            if item_id in known:
                known[item_id].update(changes)
                self._changed.setdefault(item_id, {}).update(changes)

    def value(self, item_id: str, column: str) -> Value:
        """Return `status`, `expires_at` or `waiting_json` of an item as it stands now."""
        return self._known().get(item_id, {}).get(column)

    def _known(self) -> dict[str, dict[str, Value]]:
        if self._items is None:
            found = self._rows.select(_READ, (self.request_id,))
            self._items = {str(row[4]): dict(zip(_KNOWN, row[4:], strict=True)) for row in found}
            for requester, target, requested_at, status, *_ in found[:1]:
                self._place = requester, target, requested_at, status
        return self._items

    def settle(self) -> None:
        """Let the request follow from its items, where they have changed."""
        if self._changed:
            items = self._known().values()
            held = [str(one["expires_at"]) for one in items if _ends(one)]
            self.columns["status"] = overall(Status(str(one["status"])) for one in items)
            self.columns["expires_at"] = min(held, default=None)

    def row(self) -> tuple[Value, ...]:
        """Return the row of a new request."""
        return tuple(self.columns[name] for name in _REQUEST)

    def part_rows(self) -> list[tuple[Value, ...]]:
        """Return a row for each person who has a part in a new request."""
        requester, target = self.columns["requester"], self.columns["target"]
        place = self.columns["requested_at"], self.request_id
        shown = self.columns["app_id"], self.columns["status"]
        return [
            (person, *place, int(person == requester), int(person == target), *shown)
            for person in dict.fromkeys((requester, target))
        ]

    def item_rows(self) -> list[tuple[Value, ...]]:
        """Return the rows of a new request's items."""
        return [tuple(one[name] for name in _ITEM) for one in self._known().values()]

    def updates(self) -> Iterable[tuple[str, tuple[Value, ...]]]:
        """Yield the statements that change the rows of a request that was there before."""
        for item_id, changes in self._changed.items():
            yield (
                f"UPDATE access_request_item SET {_set(changes)} "
                "WHERE request_id = ? AND item_id = ?",
                (*changes.values(), self.request_id, item_id),
            )
        requester, target, requested_at, status = self._place
        now = self.columns.get("status", status)
        if now != status:
            for person in dict.fromkeys((requester, target)):
                yield _UPDATE_PART, (now, person, requested_at, self.request_id)
        if self.columns:
            yield (
                f"UPDATE access_request SET {_set(self.columns)} WHERE request_id = ?",
                (*self.columns.values(), self.request_id),
            )


def _ends(item: Changes) -> bool:
    return item["expires_at"] is not None and item["status"] in HELD


def _set(changes: Changes) -> str:
    return ", ".join(f"{name} = ?" for name in changes)


def save(rows: Rows, drafts: Iterable[Draft]) -> None:
    """Write the rows of these requests, equal statements together."""
    new: list[Draft] = []
    updates: dict[str, list[tuple[Value, ...]]] = {}
    for one in drafts:
        one.settle()
        if one.new:
            new.append(one)
            continue
        for sql, params in one.updates():
            updates.setdefault(sql, []).append(params)
    if new:
        rows.execute_many(_INSERT_REQUEST, [one.row() for one in new])
        rows.execute_many(_INSERT_PART, [row for one in new for row in one.part_rows()])
        rows.execute_many(_INSERT_ITEM, [row for one in new for row in one.item_rows()])
    for sql, params_of_each in updates.items():
        rows.execute_many(sql, params_of_each)
