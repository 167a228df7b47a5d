"""The catalog as an administrator looks at it: found, shown whole, exported. Lists come from the read model,
which follows; a record by its id comes from the log itself, with its version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from domain.catalog import (
    AppAdded,
    AppRecord,
    AppRetired,
    PermissionAdded,
    PermissionRecord,
    PermissionRetired,
    app_stream,
    permission_stream,
)
from domain.errors import NothingThere
from domain.ports import EventStore, Rows
from domain.values import AppId, PermissionId, StreamId
from projections.catalog.overview import (
    Sought,
    all_apps,
    all_permissions,
    ids_after,
    permission_count,
)
from projections.catalog.rows import AppRow, PermissionRow
from projections.columns import instant
from projections.holdings import requests_for_app, requests_that_ask_for
from projections.pages import Page
from projections.policies import policies, policy_for
from server.audit.looking_back.candidates import Lives, candidates
from server.bearer import AccessGrant
from server.catalog.entries import app_entry, permission_entry
from server.mcp.administration.catalog_planning import FIND, plain
from server.mcp.answers import Answer, Json, line, listing
from server.mcp.arguments import Arguments, BadArguments
from server.mcp.taking_time import may_take_time
from server.policies.writing import entry_of

GONE = {
    "app": Lives((AppRetired,), ended=(AppAdded,)),
    "permission": Lives((PermissionRetired,), ended=(PermissionAdded,)),
}
"""How it is told, by topics alone, what was retired and has not come back."""
NARROWS = ("app_id", "audience", "policy", "source")
NONE_FOUND = "Nothing in the catalog is like that."
NONE_GONE = "Nothing of the kind was retired."


@dataclass(frozen=True, slots=True)
class CatalogReading:
    """Answers the tools that only read."""

    store: EventStore

    def find(self, rows: Rows, _grant: AccessGrant, arguments: Arguments) -> Answer:
        """Answer find_catalog_entries."""
        may_take_time()
        if arguments["retired"]:
            return self._gone(arguments)
        sought = Sought(arguments.get("query"), *(arguments.get(one) for one in NARROWS))
        page, size = arguments["page"], arguments["size"]
        if arguments["kind"] == "app":
            if sought.app_id is not None:
                raise BadArguments("app_id narrows permissions; name the app in query.")
            apps = all_apps(rows, sought, page, size)
            return _listed(apps, [_app(one) for one in apps.items], NONE_FOUND)
        permissions = all_permissions(rows, sought, page, size)
        return _listed(permissions, [_permission(one) for one in permissions.items], NONE_FOUND)

    def _gone(self, arguments: Arguments) -> Answer:
        """List what was retired, the newest first; only its id is looked at."""
        if any(one in arguments for one in NARROWS):
            raise BadArguments("retired goes with query, page and size alone.")
        kind, words = arguments["kind"], arguments.get("query", "").lower()
        found = candidates(self.store.history, self.store.head(), GONE[kind])
        ids = [
            (placed[-1].position, stream.removeprefix(f"{kind}-"))
            for stream, placed in found.items()
            if words in stream.removeprefix(f"{kind}-").lower()
        ]
        ids.sort(reverse=True)
        page, size = arguments["page"], arguments["size"]
        shown = [self._retired(kind, one) for _, one in ids[(page - 1) * size : page * size]]
        return _listed(Page(tuple(shown), len(ids), page, size), shown, NONE_GONE)

    def _retired(self, kind: str, one: str) -> Json:
        app = kind == "app"
        stream = app_stream(AppId(one)) if app else permission_stream(PermissionId(one))
        *_, last, end = self.store.stream(stream)
        record: Any = getattr(last.envelope.event, "record", None)
        name = record.name if app else record.label
        fields = {"kind": kind, "id": one, "name": name, "policy": record.policy}
        return {**fields, "retired_at": instant(end.envelope.recorded_at)}

    def get(self, rows: Rows, _grant: AccessGrant, arguments: Arguments) -> Answer:
        """Answer get_catalog_entry."""
        may_take_time()
        kind, key = arguments["kind"], arguments["id"]
        stream = app_stream(key) if kind == "app" else permission_stream(key)
        events = self.store.stream(stream)
        records = [getattr(one.envelope.event, "record", None) for one in events]
        record = next((one for one in reversed(records) if one is not None), None)
        if record is None:
            raise NothingThere(kind, f"“{key}”", FIND)
        standing = records[-1] is not None
        of_app = isinstance(record, AppRecord)
        entry = app_entry(key, record) if of_app else permission_entry(key, record)
        fields: Json = {
            "kind": kind,
            "version": events[-1].envelope.version,
            "in_catalog": standing,
            "changed_at": instant(events[-1].envelope.recorded_at),
            "record": plain(entry),
            **self._governed(rows, key, record),
        }
        where = "in the catalog" if standing else "retired"
        name = record.name if of_app else record.label
        head = f"{name} [{key}], {where}, version {fields['version']}"
        return Answer(fields, f"{head}\n{_text(fields['record'])}")

    def _governed(self, rows: Rows, key: str, record: AppRecord | PermissionRecord) -> Json:
        if isinstance(record, AppRecord):
            app: AppRecord | None = record
            policy, requests = policy_for(rows, record.policy), requests_for_app(rows, key)
            counted: Json = {"permissions": permission_count(rows, key)}
        else:
            app = self._app(record.app_id)
            of_app = app.policy if app else ""
            policy, requests = (
                policy_for(rows, record.policy, of_app),
                requests_that_ask_for(rows, key),
            )
            counted = {}
        return {
            "visible_to": {
                "audience": app.audience if app else "",
                "requestable_by": list(policy.requestable_by),
            },
            "governing_policy": policy.policy_id,
            **counted,
            "open_requests": len(requests),
        }

    def _app(self, app_id: AppId) -> AppRecord | None:
        record = self._record(app_stream(app_id))
        return record if isinstance(record, AppRecord) else None

    def export(self, rows: Rows, _grant: AccessGrant, arguments: Arguments) -> Answer:
        """Answer export_catalog."""
        may_take_time()
        kind, after, size = arguments["kind"], arguments.get("after", ""), arguments["size"]
        if kind == "policy":
            ids = [one.policy_id for one in policies(rows) if one.policy_id > after]
            shown = {one.policy_id: one for one in policies(rows)}
            items = [plain(entry_of(shown[one])) for one in ids[:size]]
        else:
            ids = ids_after(rows, kind, after, size + 1)
            items = [one for key in ids[:size] if (one := self._entry(kind, key))]
        goes_on = ids[size - 1] if len(ids) > size else None
        on = f"\nMore with after={goes_on}." if goes_on else ""
        return Answer({"items": items, "goes_on": goes_on}, "\n".join(map(_text, items)) + on)

    def _entry(self, kind: str, key: str) -> Json | None:
        """Return a record as the log has it; None where it was retired just now."""
        app = kind == "app"
        record = self._record(
            app_stream(AppId(key)) if app else permission_stream(PermissionId(key))
        )
        if isinstance(record, AppRecord):
            return plain(app_entry(AppId(key), record))
        if isinstance(record, PermissionRecord):
            return plain(permission_entry(PermissionId(key), record))
        return None

    def _record(self, stream: StreamId) -> AppRecord | PermissionRecord | None:
        """Return what the last event of a stream says; None where it took the record away."""
        events = self.store.stream(stream)
        found: AppRecord | PermissionRecord | None = (
            getattr(events[-1].envelope.event, "record", None) if events else None
        )
        return found


def _listed(page: Page[Any], items: list[Json], empty: str) -> Answer:
    lines = [line(str(one["id"]), str(one["name"]), _more(one)) for one in items]
    return listing(page, items, empty, lines, "entry")


def _more(one: Json) -> str:
    said = {
        name: value for name, value in one.items() if name not in ("kind", "id", "name") and value
    }
    return ", ".join(f"{name} {value}" for name, value in said.items())


def _app(row: AppRow) -> Json:
    return {
        "kind": "app",
        "id": row.app_id,
        "name": row.name,
        "audience": row.audience,
        "policy": row.policy,
    }


def _permission(row: PermissionRow) -> Json:
    return {
        "kind": "permission",
        "id": row.permission_id,
        "name": row.label,
        "app_id": row.app_id,
        "audience": row.audience,
        "policy": row.policy or row.app_policy,
    }


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()
