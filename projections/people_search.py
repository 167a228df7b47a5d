"""People as administrators look for them: by the beginning of a name or address, and by what they are."""

from __future__ import annotations

from dataclasses import dataclass

from domain.person import Role
from domain.ports import Rows, Value
from domain.values import PersonId
from projections.columns import number
from projections.memberships import GROUP, ROLE
from projections.pages import Page
from projections.people import DELETED_MARK, PersonRow, person_row, qualified_columns

_BEGINNINGS = ("p.username_key", "LOWER(p.given_name)", "LOWER(p.family_name)", "LOWER(p.email)")


@dataclass(frozen=True, slots=True)
class SoughtPeople:
    """Which people are asked for; None asks for all. `text` begins a user name, a name or an address."""

    text: str = ""
    role: Role | None = None
    group: str | None = None
    manager: PersonId | None = None
    disabled: bool | None = None


def people_sought(rows: Rows, sought: SoughtPeople, page: int, size: int) -> Page[PersonRow]:
    """Return a page of these people by user name; whom the directory has deleted is not among them."""
    clauses, params = ["p.username NOT LIKE ?"], list[Value]([f"%{DELETED_MARK}%"])
    text = sought.text.strip()
    if text:
        begins = " OR ".join(f"{one} LIKE ? ESCAPE '!'" for one in _BEGINNINGS)
        clauses.append(f"({begins})")
        params += [f"{_literal(text.casefold())}%"] * len(_BEGINNINGS)
    for kind, name in ((ROLE, sought.role), (GROUP, sought.group)):
        if name is not None:
            clauses.append(
                "EXISTS (SELECT 1 FROM membership m WHERE m.kind = ? AND m.name = ? "
                "AND m.person_id = p.person_id)"
            )
            params += [kind, name]
    if sought.manager is not None:
        clauses.append("p.manager = ?")
        params.append(sought.manager)
    if sought.disabled is not None:
        clauses.append("p.disabled = ?")
        params.append(int(sought.disabled))
    where = " AND ".join(clauses)
    total = number(rows.select(f"SELECT COUNT(*) FROM person p WHERE {where}", params)[0][0])
    found = rows.select(
        f"SELECT {qualified_columns('p')} FROM person p WHERE {where} "
        "ORDER BY p.username_key, p.person_id LIMIT ? OFFSET ?",
        (*params, size, (page - 1) * size),
    )
    return Page(tuple(map(person_row, found)), total, page, size)


def _literal(text: str) -> str:
    """Return what LIKE takes for just these characters."""
    for one in "!%_":
        text = text.replace(one, f"!{one}")
    return text
