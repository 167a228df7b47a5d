"""Which webhooks are there, what is sent to each, and does it go on?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.envelope import Recorded
from domain.ports import Row, Rows
from domain.webhook import (
    WebhookAdded,
    WebhookChanged,
    WebhookDisabled,
    WebhookPaused,
    WebhookRemoved,
    WebhookResumed,
    WebhookState,
)
from projections.columns import instant, json_text, parse_instant, text_list
from projections.projection import Projection

COLUMNS = "name, url, host, events_json, apps_json, state, reason, added_at, changed_at"


@dataclass(frozen=True, slots=True)
class WebhookRow:
    """A webhook; `reason` says why it is disabled, where it is."""

    name: str
    url: str
    host: str
    events: tuple[str, ...]
    apps: tuple[str, ...]
    state: WebhookState
    reason: str
    added_at: datetime
    changed_at: datetime


def _added(rows: Rows, recorded: Recorded, event: WebhookAdded) -> None:
    at = instant(recorded.envelope.recorded_at)
    rows.execute(
        f"INSERT INTO webhook ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, '', ?, ?)",
        (
            event.name,
            event.target_url,
            event.target_host,
            json_text(event.events),
            json_text(event.apps),
            WebhookState.ACTIVE,
            at,
            at,
        ),
    )


def _changed(rows: Rows, recorded: Recorded, event: WebhookChanged) -> None:
    rows.execute(
        "UPDATE webhook SET url = ?, host = ?, events_json = ?, apps_json = ?, changed_at = ? "
        "WHERE name = ?",
        (
            event.target_url,
            event.target_host,
            json_text(event.events),
            json_text(event.apps),
            instant(recorded.envelope.recorded_at),
            event.name,
        ),
    )


def _paused(rows: Rows, recorded: Recorded, event: WebhookPaused) -> None:
    _became(rows, recorded, event.name, WebhookState.PAUSED)


def _resumed(rows: Rows, recorded: Recorded, event: WebhookResumed) -> None:
    _became(rows, recorded, event.name, WebhookState.ACTIVE)


def _disabled(rows: Rows, recorded: Recorded, event: WebhookDisabled) -> None:
    _became(rows, recorded, event.name, WebhookState.DISABLED, event.reason)


def _became(
    rows: Rows, recorded: Recorded, name: str, state: WebhookState, reason: str = ""
) -> None:
    rows.execute(
        "UPDATE webhook SET state = ?, reason = ?, changed_at = ? WHERE name = ?",
        (state, reason, instant(recorded.envelope.recorded_at), name),
    )


def _removed(rows: Rows, _recorded: Recorded, event: WebhookRemoved) -> None:
    rows.execute("DELETE FROM webhook WHERE name = ?", (event.name,))


PROJECTION = Projection(
    name="webhooks",
    tables=("webhook",),
    schema=(
        "CREATE TABLE IF NOT EXISTS webhook ("
        "name TEXT PRIMARY KEY, url TEXT NOT NULL, host TEXT NOT NULL, events_json TEXT NOT NULL, "
        "apps_json TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL, "
        "added_at TEXT NOT NULL, changed_at TEXT NOT NULL)",
    ),
    handlers={
        WebhookAdded: _added,
        WebhookChanged: _changed,
        WebhookPaused: _paused,
        WebhookResumed: _resumed,
        WebhookDisabled: _disabled,
        WebhookRemoved: _removed,
    },
)


def webhook(rows: Rows, name: str) -> WebhookRow | None:
    """Return the webhook of this name."""
    found = rows.select(f"SELECT {COLUMNS} FROM webhook WHERE name = ?", (name,))
    return _row(found[0]) if found else None


def webhooks(rows: Rows) -> list[WebhookRow]:
    """Return all webhooks, by name."""
    return [_row(row) for row in rows.select(f"SELECT {COLUMNS} FROM webhook ORDER BY name")]


def _row(row: Row) -> WebhookRow:
    name, url, host, events, apps, state, reason, added_at, changed_at = row
    return WebhookRow(
        name=str(name),
        url=str(url),
        host=str(host),
        events=text_list(events),
        apps=text_list(apps),
        state=WebhookState(str(state)),
        reason=str(reason),
        added_at=parse_instant(added_at),
        changed_at=parse_instant(changed_at),
    )
