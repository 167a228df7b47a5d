"""Requests as the fields of Lumos' API, with what it does not tell: who has to act next, how far each
item has come, and on request the tasks, answers and history. A field that would say nothing is left out:
a model pays for each with every turn."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from domain.access_request import (
    CANCELLABLE,
    DEPROVISIONING,
    PROVISIONING,
    Status,
)
from domain.ports import Rows
from projections.access_requests import ItemRow, RequestRow, items_of
from projections.request_history import Told, history_of
from server.mcp.answers import Json, line
from server.mcp.naming import MOST_NAMED, MOST_TOLD, Naming, Voters


class RequestRendering:
    """Renders requests as `rows` hold them, which may be those of a past time; people are called as
    `directory` calls them. `issuer` is where a person can look at a request."""

    def __init__(self, rows: Rows, directory: Rows, issuer: str) -> None:
        self._rows = rows
        self._issuer = issuer
        self._naming = Naming(directory)

    def shown(
        self, found: Sequence[RequestRow], expand: Collection[str] = ()
    ) -> list[tuple[Json, str]]:
        """Return AccessRequests, each with what `expand` names, and a line of text for each."""
        items = items_of(self._rows, [one.request_id for one in found])
        self._meet(found, [one for of_one in items.values() for one in of_one])
        return [self._request(one, items.get(one.request_id, ()), expand) for one in found]

    def _meet(self, found: Sequence[RequestRow], items: Sequence[ItemRow]) -> None:
        """Look everybody up who will be named, all at once."""
        named: set[str] = {one.requester for one in found} | {one.target for one in found}
        for waiting in {one.waiting_for for one in items}:
            named.update(waiting[:MOST_NAMED])
        self._naming.meet(named)

    def _request(
        self, row: RequestRow, items: tuple[ItemRow, ...], expand: Collection[str]
    ) -> tuple[Json, str]:
        waiting = self._waiting(row, items)
        answer: Json = {
            "id": row.request_id,
            "app_id": row.app_id,
            "app_name": row.app_name,
            "requester_user": self._naming.user(row.requester),
            "target_user": self._naming.user(row.target),
            "status": row.status,
            "notes": _notes(row),
            "requested_at": row.requested_at,
            "updated_at": row.updated_at,
            "expiration_in_seconds": row.access_seconds,
            "requestable_permissions": _permissions(row),
            "items": [_item(one) for one in items],
            "waiting_on": waiting,
            "submitted_via": _way_in(row),
            "version": row.version,
            "cancelable": any(one.status in CANCELLABLE for one in items),
            "url": f"{self._issuer}/requests/{row.request_id}",
            **_seldom(row),
        }
        if expand:
            answer |= self._expanded(row, items, expand)
        return answer, self._line(row, items, waiting)

    def _expanded(
        self, row: RequestRow, items: tuple[ItemRow, ...], expand: Collection[str]
    ) -> Json:
        more: Json = {}
        if "tasks" in expand:
            more["tasks"] = [self._task(one) for one in items if _has_task(one)]
        if "custom_fields" in expand:
            more["custom_fields"] = [
                {"id": one.field_id, "prompt": one.prompt, "response": one.response}
                for one in row.answers
            ]
        if "history" in expand:
            told = history_of(self._rows, row.request_id)
            more["history"] = [self._told(one) for one in told]
        return more

    def _line(self, row: RequestRow, items: tuple[ItemRow, ...], waiting: list[Json]) -> str:
        more: list[str] = [row.status]
        first = [one for item in items for one in item.waiting_for[:MOST_TOLD]][:MOST_TOLD]
        if first and waiting:
            told = self._naming.told(first)
            more.append(f"waits for {told} to {waiting[0]['action']}")
        if row.expires_at is not None:
            more.append(f"until {_words(row.expires_at)}")
        return line(row.request_id, f"{row.app_name}: {row.what}", "; ".join(more))

    def _waiting(self, row: RequestRow, items: tuple[ItemRow, ...]) -> list[Json]:
        groups: dict[tuple[str, str, Voters], list[str]] = {}
        for one in items:
            action = _action(one, row)
            if action:
                group = (action, one.stage_name, one.waiting_for)
                groups.setdefault(group, []).append(one.item_id)
        return [
            {
                "action": action,
                "stage": stage,
                "items": members,
                "who": self._naming.waiting(who),
                "others": max(0, len(who) - MOST_NAMED),
            }
            for (action, stage, who), members in groups.items()
        ]

    def _task(self, one: ItemRow) -> Json:
        return {
            "item_id": one.item_id,
            "action": "grant" if one.status in PROVISIONING else "remove",
            "assigned_to": self._naming.waiting(one.waiting_for),
            "attempt": one.attempt,
            "handed_over": one.handed_over,
        }

    def _told(self, one: Told) -> Json:
        told: Json = {
            "at": one.at,
            "event": one.event,
            "by": self._naming.who(one.person) if one.person else None,
            "via": one.via,
            "client_name": one.client_name,
            "integration": one.service,
            "items": list(one.items),
            "detail": one.detail,
            "words": one.words,
        }
        return {name: value for name, value in told.items() if value not in (None, "", [])}


def _action(one: ItemRow, row: RequestRow) -> str:
    """Return what somebody, or the clock, has to do for this item; nothing if it is settled."""
    if one.status is Status.APPROVED:
        return "start" if row.starts_at else "grant"
    if one.status in PROVISIONING:
        return "grant"
    if one.status in DEPROVISIONING:
        return "remove"
    return "approve" if one.stage_name else ""


def _has_task(one: ItemRow) -> bool:
    return one.status in PROVISIONING or one.status in DEPROVISIONING


def _item(one: ItemRow) -> Json:
    shown: Json = {"id": one.item_id, "label": one.label, "status": one.status}
    if one.expires_at is not None:
        shown["expires_at"] = one.expires_at
    return shown


def _seldom(row: RequestRow) -> Json:
    """Return the fields that most requests do not have."""
    shown: Json = {}
    if row.starts_at is not None:
        shown["starts_at"] = row.starts_at
    if row.expires_at is not None:
        shown["expires_at"] = row.expires_at
    if row.extends is not None:
        shown["extends_request_id"] = row.extends
    if row.emergency:
        shown["emergency"] = True
    if row.closed_reason is not None:
        shown["closed_reason"] = row.closed_reason
    return shown


def _permissions(row: RequestRow) -> list[Json]:
    return [{"id": one.permission_id, "label": one.label} for one in row.permissions]


def _way_in(row: RequestRow) -> Json:
    """Return how it came: through which client, by its name, since its id is a long text that tells nobody
    anything, and under which consent."""
    shown: Json = {"via": row.via}
    if row.client_name is not None:
        shown["client_name"] = row.client_name
    if row.consent_id is not None:
        shown["consent_id"] = row.consent_id
    return shown


def _notes(row: RequestRow) -> Json:
    """Return what was said, by the status it was said for, as Lumos does."""
    said: Json = {Status.PENDING: row.justification} if row.justification else {}
    if row.closed_reason and row.status is not Status.PENDING:
        said[row.status] = row.closed_reason
    return said


def _words(moment: datetime) -> str:
    """Return a moment as it stands in fields once they are encoded."""
    return moment.isoformat().replace("+00:00", "Z")
