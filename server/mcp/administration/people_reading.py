"""The tools that find people and show one."""

from __future__ import annotations

from dataclasses import dataclass

from domain import person
from domain.person import Role, person_stream
from domain.ports import Rows
from projections.consents import consents_of
from projections.holdings import held_items, requests_with_open_items
from projections.people import PersonRow, person_by_id
from projections.people_search import SoughtPeople, people_sought
from server.bearer import AccessGrant
from server.mcp.administration.backing import Backing
from server.mcp.administration.defining import MAYBE, TEXT, asking
from server.mcp.administration.persons import PERSON, whom
from server.mcp.answers import Answer, Json, line, listing
from server.mcp.arguments import Arguments
from server.mcp.schemas import Schema, closed_input, identifier_field, list_output, paging
from server.mcp.schemas.parts import WORDS, object_of
from server.mcp.taking_time import may_take_time

ROLE: Schema = {"type": "string", "enum": [one.value for one in Role]}
_TEXTS: Schema = {"type": "array", "items": TEXT}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_SHORT: dict[str, Schema] = {
    "id": TEXT,
    "username": TEXT,
    "name": TEXT,
    "email": TEXT,
    "roles": _TEXTS,
    "disabled": {"type": "boolean"},
}
FIND = asking(
    "find_people",
    "Find people",
    "Find people by the beginning of a user name, name or address, by role, group or manager.",
    closed_input(
        [],
        query=WORDS,
        role=ROLE,
        group=identifier_field(),
        manager=PERSON,
        disabled={"type": "boolean"},
        **paging(),
    ),
    list_output(object_of(**_SHORT)),
)
GET = asking(
    "get_person",
    "Get a person",
    "Show one person: groups, manager, attributes, how much they hold and ask for, and how many clients "
    "act for them.",
    closed_input(["person"], person=PERSON),
    object_of(
        **_SHORT,
        given_name=TEXT,
        family_name=TEXT,
        manager={"type": ["object", "null"]},
        groups=_TEXTS,
        attributes={"type": "object"},
        reports=_COUNT,
        holds=_COUNT,
        open_requests=_COUNT,
        connected_clients=_COUNT,
        roles_by_hand=_TEXTS,
        version=_COUNT,
        last_access_ends_at=MAYBE,
    ),
)
NOBODY = "Nobody is like that."


def find(rows: Rows, _grant: AccessGrant, arguments: Arguments) -> Answer:
    """Answer find_people."""
    may_take_time()
    manager = whom(rows, arguments["manager"]).person_id if "manager" in arguments else None
    sought = SoughtPeople(
        text=arguments.get("query", ""),
        role=Role(arguments["role"]) if "role" in arguments else None,
        group=arguments.get("group"),
        manager=manager,
        disabled=arguments.get("disabled"),
    )
    page = people_sought(rows, sought, arguments["page"], arguments["size"])
    lines = [line(one.person_id, one.full_name, one.username) for one in page.items]
    return listing(page, list(map(_short, page.items)), NOBODY, lines, "person")


@dataclass(frozen=True, slots=True)
class Getting:
    """Runs get_person."""

    backing: Backing

    async def __call__(self, _grant: AccessGrant, arguments: Arguments) -> Answer:
        """Answer the tool."""
        named: str = arguments["person"]
        found, fields = await self.backing.system.reads.query(lambda rows: _whole(rows, named))
        stream = person_stream(found.person_id)
        version, state = await self.backing.system.bus.call(
            lambda work: work.state_of(person.DECIDER, stream)
        )
        roles = ", ".join(found.roles) or "no role"
        more = f"{found.username}; {roles}{'; disabled' if found.disabled else ''}"
        text = line(found.person_id, found.full_name, f"{more}; holds {fields['holds']}")
        whole = {**fields, "roles_by_hand": sorted(state.by_hand), "version": version}
        return Answer(whole, f"{text} (version {version})")


def _short(one: PersonRow) -> Json:
    return {
        "id": one.person_id,
        "username": one.username,
        "name": one.full_name,
        "email": one.email,
        "roles": list(one.roles),
        "disabled": one.disabled,
    }


def _whole(rows: Rows, named: str) -> tuple[PersonRow, Json]:
    found = whom(rows, named)
    who = found.person_id
    manager = person_by_id(rows, found.manager) if found.manager else None
    held = held_items(rows, who)
    ends = [one.expires_at for one in held if one.expires_at is not None]
    return found, {
        **_short(found),
        "given_name": found.given_name,
        "family_name": found.family_name,
        "manager": {"id": manager.person_id, "name": manager.full_name} if manager else None,
        "groups": list(found.groups),
        "attributes": dict(found.attributes),
        "reports": people_sought(rows, SoughtPeople(manager=who), 1, 1).total,
        "holds": len(held),
        "open_requests": len(requests_with_open_items(rows, who)),
        "connected_clients": consents_of(rows, who, page=1, size=1).total,
        "last_access_ends_at": max(ends) if ends and len(ends) == len(held) else None,
    }
