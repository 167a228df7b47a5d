"""What was so at a past moment, for an auditor's client: who held what, which requests were open, which clients
acted for whom, what policy and catalog said. It is worked out from the log by `server.audit.looking_back`, a few
at a time, on a thread."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import islice

from domain.ports import EventStore
from domain.values import PersonId
from projections.columns import maybe_instant
from server.audit.looking_back.lists import Narrowing, Then
from server.audit.looking_back.moments import BadMoment, Moment, moment_at, moment_of
from server.audit.looking_back.names import Names
from server.audit.looking_back.tables import LISTINGS, Listing
from server.mcp.answers import LINE, Answer, Json
from server.mcp.arguments import Arguments, BadArguments
from server.scratch import Scratch
from server.turns import Turns

EMPTY = "There was nothing of the kind then."
BLANK = "state"
"""The name of a column that has none."""


@dataclass(frozen=True, slots=True)
class AuditPast:
    """Answers the tool that looks back. `scratch` opens an empty store in memory; `turns` bound how many look
    back at once."""

    store: EventStore
    scratch: Scratch
    turns: Turns

    async def list_as_of(self, arguments: Arguments) -> Answer:
        """Answer list_as_of."""
        return await self.turns.on_thread(partial(self._found, arguments))

    def _found(self, arguments: Arguments) -> Answer:
        moment = self._moment(arguments)
        listing = LISTINGS[arguments["what"]]
        then = Then(self.store, self.scratch, moment.position)
        narrowing = _narrowing(then, listing, arguments)
        page, size = arguments["page"], arguments["size"]
        entries = listing.entries(then, narrowing, Names(self.store, moment.position))
        # One more than is shown tells whether there are any: to count all would be to look all up.
        found = list(islice(iter(entries), (page - 1) * size, page * size + 1))
        shown = [cells for _, cells in found[:size]]
        columns = [column.lower().replace(" ", "_") or BLANK for column in listing.columns]
        fields: Json = {
            "as_of": {"position": moment.position, "at": maybe_instant(moment.recorded_at)},
            "what": listing.says,
            "items": [dict(zip(columns, cells, strict=True)) for cells in shown],
            "page": page,
            "size": size,
            "more": len(found) > size,
        }
        if not shown:
            fields["empty_reason"] = EMPTY
        head = f"As of position {moment.position}: {listing.says}."
        lines = [" | ".join(cells)[:LINE] for cells in shown]
        return Answer(fields, "\n".join([head, *(lines or [EMPTY])]))

    def _moment(self, arguments: Arguments) -> Moment:
        if "at" not in arguments:
            return moment_at(self.store, self.store.head())
        try:
            return moment_of(self.store, arguments["at"].strip())
        except BadMoment as fault:
            raise BadArguments(f"at: {fault}") from None


def _narrowing(then: Then, listing: Listing, arguments: Arguments) -> Narrowing:
    for name in ("person", "app"):
        if name in arguments and name not in listing.narrowed_to:
            raise BadArguments(f"{name} does not narrow this list; leave it out.")
    person: PersonId | None = None
    if "person" in arguments:
        person = then.person_named(arguments["person"])
        if person is None:
            raise BadArguments("person: nobody was known under this id or user name then.")
    return Narrowing(person, arguments.get("app"))
