"""The tools that find anybody's access requests and show one. They are for those who oversee all requests; what
people see of their own is ``/mcp/user``'s."""

from __future__ import annotations

from dataclasses import dataclass

from domain.access_request import Status
from domain.ports import Rows
from projections.access_requests import (
    ItemRow,
    RequestRow,
    Sought,
    all_requests,
    items_of,
    request_by_id,
)
from server.bearer import AccessGrant
from server.mcp.administration.defining import TEXT, asking
from server.mcp.administration.persons import PERSON, absent, whom
from server.mcp.answers import Answer, Json, line, listing
from server.mcp.arguments import Arguments
from server.mcp.naming import MOST_TOLD, Naming
from server.mcp.request_rendering import RequestRendering
from server.mcp.schemas import closed_input, identifier_field, list_output, paging
from server.mcp.schemas.parts import object_of
from server.mcp.schemas.requests import EXPAND
from server.mcp.taking_time import may_take_time

FIND = asking(
    "find_requests",
    "Find access requests",
    "Find anybody's access requests, the newest first. person made it or is the one it is for.",
    closed_input(
        [],
        status={"type": "string", "enum": [one.value for one in Status]},
        person=PERSON,
        app_id=identifier_field(),
        **paging(),
    ),
    list_output(
        object_of(
            id=TEXT,
            app_id=TEXT,
            what=TEXT,
            status=TEXT,
            requester=TEXT,
            target=TEXT,
            requested_at=TEXT,
            waits_for={"type": "array", "items": TEXT},
            version={"type": "integer"},
        )
    ),
)
GET = asking(
    "get_request",
    "Get an access request",
    "Show anybody's access request with its tasks, answers and whole history.",
    closed_input(["request_id"], request_id=identifier_field()),
    object_of(access_request={"type": "object"}),
)
NONE = "There is no access request like that."
UNFOUND = "find_requests finds those there are"


def find(rows: Rows, _grant: AccessGrant, arguments: Arguments) -> Answer:
    """Answer find_requests."""
    may_take_time()
    sought = Sought(
        status=Status(arguments["status"]) if "status" in arguments else None,
        person=whom(rows, arguments["person"]).person_id if "person" in arguments else None,
        app_id=arguments.get("app_id"),
    )
    page = all_requests(rows, sought, arguments["page"], arguments["size"])
    items = items_of(rows, [one.request_id for one in page.items])
    naming = Naming(rows)
    waiting = {one: _waits_for(of_one) for one, of_one in items.items()}
    everybody = {who for who_waits in waiting.values() for who in who_waits}
    naming.meet(everybody | {who for one in page.items for who in (one.requester, one.target)})
    shown = [_short(one, waiting.get(one.request_id, []), naming) for one in page.items]
    lines = [
        line(one.request_id, one.what, f"{one.status}; for {naming.name(one.target)}")
        for one in page.items
    ]
    return listing(page, shown, NONE, lines, "request")


@dataclass(frozen=True, slots=True)
class Getting:
    """Answers get_request; `issuer` is where a person can look at a request."""

    issuer: str

    def __call__(self, rows: Rows, _grant: AccessGrant, arguments: Arguments) -> Answer:
        """Answer the tool."""
        row = request_by_id(rows, arguments["request_id"])
        if row is None:
            raise absent("request", arguments["request_id"], UNFOUND)
        ((fields, text),) = RequestRendering(rows, rows, self.issuer).shown((row,), EXPAND)
        return Answer({"access_request": fields}, f"{text} (version {row.version})")


def _waits_for(items: tuple[ItemRow, ...]) -> list[str]:
    return list(dict.fromkeys(who for one in items for who in one.waiting_for))[:MOST_TOLD]


def _short(row: RequestRow, waiting: list[str], naming: Naming) -> Json:
    return {
        "id": row.request_id,
        "app_id": row.app_id,
        "what": row.what,
        "status": row.status,
        "requester": naming.name(row.requester),
        "target": naming.name(row.target),
        "requested_at": row.requested_at,
        "waits_for": [naming.name(one) for one in waiting],
        "version": row.version,
    }
