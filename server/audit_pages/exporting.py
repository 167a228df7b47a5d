"""``/audit/export``: the events of a filter as a file, written as it is read: a batch is found, said in its
format and sent before the next one is looked for, so that the size of the log does not matter."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from io import BytesIO

import anyio
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from domain.ports import Rows
from projections.audit_trail import searching
from projections.audit_trail.searching import Wanted
from server.audit.export.formats import Format, write
from server.audit.export.public_form import Origin
from server.audit.export.table import COLUMNS
from server.audit_pages.asking import asked_of, meant_by
from server.audit_pages.gate import AUDIT, Gate
from server.pages import message
from server.pages.frame import Frame
from server.turns import Turns
from server.wiring import System, event_app, event_bodies

EXPORT = "/audit/export"
BATCH = 500
MOST_AT_ONCE = 4
MEDIA = {
    Format.JSONL: ("application/jsonl", "jsonl"),
    Format.CSV: ("text/csv; charset=utf-8", "csv"),
    Format.OCSF: ("application/jsonl", "ocsf.jsonl"),
}
"""The formats that are offered here, their media types and endings. Parquet cannot be sent before it is
whole."""
CSV_HEAD = (",".join(COLUMNS) + "\r\n").encode()


@dataclass(frozen=True, slots=True)
class Batch:
    """A part of the file, and after which position the next one begins; None after the last."""

    content: bytes
    goes_on: int | None


@dataclass(frozen=True, slots=True)
class Exporting:
    """Sends the file."""

    system: System
    gate: Gate
    turns: Turns

    def routes(self) -> list[BaseRoute]:
        """Return the route."""
        return [Route(EXPORT, self.gate.page(self.send, path=AUDIT), methods=["GET"])]

    async def send(self, request: Request, frame: Frame) -> Response:
        """Send what is asked for."""
        query, asked = request.query_params, asked_of(request.query_params)
        format_ = next((one for one in MEDIA if one == query.get("format")), None)
        if asked.faults or format_ is None:
            why = " ".join(asked.faults) or "Say which format: jsonl, csv or ocsf."
            link = (asked.url(AUDIT), "The timeline")
            return message("Nothing was exported", why, link=link, around=frame)
        store, reads = self.system.store, self.system.reads
        meant = await reads.query(lambda rows: meant_by(asked, store, rows))
        bodies = event_bodies(self.system.settings, sealed=query.get("open") != "1")
        origin = Origin(store, bodies, event_app)
        media_type, ending = MEDIA[format_]
        name = f"doorward-audit-{self.system.clock():%Y%m%dT%H%M%SZ}.{ending}"
        headers = {
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }
        content = self._content(origin, meant.wanted, format_)
        return StreamingResponse(content, media_type=media_type, headers=headers)

    async def _content(
        self, origin: Origin, wanted: Wanted, format_: Format
    ) -> AsyncIterator[bytes]:
        position: int | None = 0
        head = await anyio.to_thread.run_sync(origin.store.head)
        while position is not None:
            part = partial(self._batch, origin, wanted, format_, position, head)
            batch = await self.turns.on_thread(part)
            first = position == 0
            yield batch.content if first else batch.content.removeprefix(CSV_HEAD)
            position = batch.goes_on

    def _batch(
        self, origin: Origin, wanted: Wanted, format_: Format, position: int, head: int
    ) -> Batch:
        def look(rows: Rows) -> searching.Stretch:
            return searching.after(rows, wanted, position, BATCH)

        found = self.system.reads.blocking(look)
        positions = [one for one in found.positions if one <= head]
        events = map(origin.public, origin.store.history.at(positions))
        content = BytesIO()
        write(content, format_, events, origin)
        beyond = found.goes_on is None or found.goes_on >= head
        return Batch(content.getvalue(), None if beyond else found.goes_on)
