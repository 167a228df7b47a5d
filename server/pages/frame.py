"""What every page of a signed-in person has around it: who he is, the one bar of links to wherever he may go, and the
token of the button that signs him out. What he may not see is not in the bar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from domain.person import Role
from projections.people import PersonRow
from server.pages.forms import form_token

Frame = dict[str, Any]
EVERYBODY: frozenset[Role] = frozenset()
"""No role is needed: there may be people without one."""
OVERSEERS = frozenset({Role.ADMINISTRATOR, Role.AUDITOR})
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
ADMINISTRATION = "/admin"
ADMIN_PAGES = (
    ("/admin/roles", "Roles"),
    ("/admin/features", "Features"),
    ("/admin/connections", "All AI clients"),
)
"""What is under the one link of the bar to the administration, in the order of its own bar."""
PLACES = (
    ("/catalog", "Catalog", EVERYBODY),
    ("/access", "My access", EVERYBODY),
    ("/inbox", "Inbox", EVERYBODY),
    ("/emergency", "Emergency", EVERYBODY),
    ("/connections", "AI clients", EVERYBODY),
    ("/admin/requests", "All requests", OVERSEERS),
    ("/audit", "Audit", OVERSEERS),
    (ADMINISTRATION, "Administration", ADMINISTRATORS),
)
_BENEATH = {path: ADMINISTRATION for path, _ in ADMIN_PAGES}


@dataclass(frozen=True, slots=True)
class Link:
    """A link of the bar; `here` says that it leads to the page that is shown, or to what that belongs to."""

    where: str
    words: str
    here: bool


def frame(person: PersonRow, cookie: str, path: str) -> Frame:
    """Return what every page of this person shows around what it is about."""
    return {
        "me": person.full_name,
        "sign_out": form_token(cookie, "sign-out"),
        "path": path,
        "bar": [
            Link(where, words, where == _BENEATH.get(path, path))
            for where, words, roles in PLACES
            if roles == EVERYBODY or roles & set(person.roles)
        ],
        "admin_pages": ADMIN_PAGES,
    }
