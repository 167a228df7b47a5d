"""The tools that follow requests, as they stand or as they stood at a past time. They find the caller's
own requests and no others: whose he is not looks like none at all."""

from __future__ import annotations

from dataclasses import dataclass

from domain.access_request import Status
from domain.errors import UnknownRequest
from domain.ports import Clock, Rows
from domain.values import PersonId, RequestId
from projections.access_requests import Part, RequestRow, Wanted, request_of, requests_of
from server.bearer import AccessGrant
from server.mcp.answers import Answer, listing
from server.mcp.arguments import Arguments, BadArguments, moment
from server.mcp.request_rendering import RequestRendering
from server.mcp.schemas import STATUS_GROUPS
from server.mcp.schemas.requests import EXPAND
from server.mcp.taking_time import may_take_time
from server.past import Past
from server.reads import Reads

NONE_YET = "This person has no access requests yet."
NONE_LIKE_THAT = (
    "This person has no access requests like that; ask with fewer conditions to see the others."
)
SHORT, NEAR = 20, 20
"""Requests of a page that is no long one, and pages that are not far away."""
SOUGHT = ("statuses", "status_group", "app_id", "updated_since", "expand")
"""Arguments for which all of somebody's requests may have to be gone through, or more than they be read."""
CONDITIONS = ("statuses", "status_group", "access_request_id", "app_id", "updated_since")


@dataclass(frozen=True, slots=True)
class RequestQueries:
    """Runs the tools, each for one caller."""

    reads: Reads
    past: Past
    clock: Clock
    issuer: str

    def find(self, rows: Rows, grant: AccessGrant, arguments: Arguments) -> Answer:
        """Answer list_access_requests."""
        person = grant.person.person_id
        as_of = moment(arguments, "as_of")
        if as_of is None:
            return self._found(rows, rows, person, arguments)
        if as_of > self.clock():
            raise BadArguments("as_of lies in the future; leave it out to see the present.")
        may_take_time()
        with self.past.requests_of(rows, person, as_of) as then:
            return self._found(then, rows, person, arguments)

    def get(self, rows: Rows, grant: AccessGrant, arguments: Arguments) -> Answer:
        """Answer get_access_request."""
        request_id = RequestId(arguments["access_request_id"])
        return self._one(rows, grant.person.person_id, request_id, "")

    async def one(self, person: PersonId, request_id: RequestId, said: str) -> Answer:
        """Return one request with all that there is to it; raises `UnknownRequest`."""
        return await self.reads.query(lambda rows: self._one(rows, person, request_id, said))

    def _one(self, rows: Rows, person: PersonId, request_id: RequestId, said: str) -> Answer:
        row = _known(rows, person, request_id)
        ((shown, line),) = RequestRendering(rows, rows, self.issuer).shown((row,), EXPAND)
        return Answer({"access_request": shown}, f"{said}\n{line}".strip())

    async def check(self, person: PersonId, request_id: RequestId) -> None:
        """Raise `UnknownRequest` unless the request is this person's own."""
        await self.reads.query(lambda rows: _known(rows, person, request_id))

    def _found(self, rows: Rows, present: Rows, person: PersonId, arguments: Arguments) -> Answer:
        if not _is_short(arguments):
            may_take_time()
        page = requests_of(rows, person, _wanted(arguments))
        rendering = RequestRendering(rows, present, self.issuer)
        shown = rendering.shown(page.items, arguments.get("expand", ()))
        narrowed = any(name in arguments for name in CONDITIONS)
        empty = NONE_LIKE_THAT if narrowed else NONE_YET
        items, lines = [fields for fields, _ in shown], [line for _, line in shown]
        answer = listing(page, items, empty, lines, "request")
        if "as_of" not in arguments:
            return answer
        as_of = arguments["as_of"]
        return Answer({**answer.fields, "as_of": as_of}, f"As of {as_of}: {answer.text}")


def _known(rows: Rows, person: PersonId, request_id: RequestId) -> RequestRow:
    row = request_of(rows, person, request_id)
    if row is None:
        raise UnknownRequest(request_id)
    return row


def _is_short(arguments: Arguments) -> bool:
    """Say whether a list takes little time, however many requests the person has."""
    if arguments["size"] > SHORT or arguments["page"] > NEAR:
        return False
    return not any(name in arguments for name in SOUGHT)


def _wanted(arguments: Arguments) -> Wanted:
    return Wanted(
        part=Part(arguments["role"]),
        statuses=_statuses(arguments),
        request_id=arguments.get("access_request_id"),
        app_id=arguments.get("app_id"),
        updated_since=moment(arguments, "updated_since"),
        newest_first=arguments["sort"] == "DESC",
        page=arguments["page"],
        size=arguments["size"],
    )


def _statuses(arguments: Arguments) -> tuple[Status, ...] | None:
    """Return the asked statuses; those in both, if statuses and a group are given."""
    named = tuple(Status(one) for one in arguments.get("statuses", ())) or None
    group = STATUS_GROUPS.get(arguments.get("status_group", ""))
    if named is None:
        return None if group is None else tuple(sorted(group))
    return named if group is None else tuple(one for one in named if one in group)
