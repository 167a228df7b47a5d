"""Which open requests name whom in their routes: a group, a role, the manager of their target. When
the directory changes, these are the requests whose approvers have to be looked up anew."""

from __future__ import annotations

from collections.abc import Iterable

from domain.access_request import RequestClosed, RequestRouted, RequestSubmitted
from domain.envelope import Recorded
from domain.policy import ApproverKind, references
from domain.ports import Rows
from domain.values import RequestId
from projections.projection import Projection

TARGET = "target"
"""Besides the kinds of approvers: the person whose manager a route may name."""


def _put(rows: Rows, request_id: str, named: Iterable[tuple[str, str]]) -> None:
    rows.execute_many(
        "INSERT INTO approver_reference (request_id, kind, name) VALUES (?, ?, ?) "
        "ON CONFLICT (request_id, kind, name) DO NOTHING",
        [(request_id, kind, name) for kind, name in named],
    )


def _submitted(rows: Rows, _recorded: Recorded, event: RequestSubmitted) -> None:
    _put(rows, event.request_id, ((TARGET, event.target),))


def _routed(rows: Rows, _recorded: Recorded, event: RequestRouted) -> None:
    named = {
        ref
        for route in event.routes
        for ref in references(route.stages, route.waiting, route.provisioning)
    }
    _put(rows, event.request_id, ((ref.kind, ref.name) for ref in sorted(named)))


def _closed(rows: Rows, _recorded: Recorded, event: RequestClosed) -> None:
    rows.execute_many("DELETE FROM approver_reference WHERE request_id = ?", [(event.request_id,)])


PROJECTION = Projection(
    name="approver_references",
    keyed=True,
    tables=("approver_reference",),
    schema=(
        "CREATE TABLE IF NOT EXISTS approver_reference ("
        "request_id TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, "
        "PRIMARY KEY (request_id, kind, name))",
        "CREATE INDEX IF NOT EXISTS approver_reference_by_name ON approver_reference (kind, name)",
    ),
    handlers={RequestSubmitted: _submitted, RequestRouted: _routed, RequestClosed: _closed},
)


def requests_that_name(rows: Rows, kind: ApproverKind | str, name: str = "") -> set[RequestId]:
    """Return the requests that are not closed and name this."""
    found = rows.select(
        "SELECT request_id FROM approver_reference WHERE kind = ? AND name = ?", (kind, name)
    )
    return {RequestId(str(row[0])) for row in found}
