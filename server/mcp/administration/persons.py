"""How what there is is named in the administrators' tools, and how is answered what there is not."""

from __future__ import annotations

from domain.errors import NothingThere
from domain.ports import Rows
from projections.people import PersonRow, person_called
from server.mcp.schemas import Schema
from server.mcp.schemas.parts import ID

SHOWN = 100
PERSON: Schema = {**ID, "description": "An id or user name."}


def whom(rows: Rows, named: str) -> PersonRow:
    """Return the person of this id or user name; raises `NothingThere`."""
    found = person_called(rows, named)
    if found is None:
        raise absent("person", named, "find_people finds those there are")
    return found


def absent(kind: str, named: str, hint: str) -> NothingThere:
    """Return the refusal of a name that is nothing's, with no more of it than can do no harm."""
    shown = "".join(one for one in named[:SHOWN] if one.isprintable())
    return NothingThere(kind, shown, hint)
