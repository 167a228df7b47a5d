"""How people and integrations are called in an answer. Everybody is looked up once, and everybody that an
answer names with one query, since its requests mostly wait for the same few."""

from __future__ import annotations

from collections.abc import Iterable

from domain.access_request import integration_voter
from domain.ports import Rows
from projections.people import PersonRow, people_by_id
from server.mcp.answers import Json

INTEGRATION = integration_voter("")
MOST_NAMED = 10
"""So many of those who may act are named; of the others, how many there are."""
MOST_TOLD = 3
"""So many of them are named in a line of text."""
Voters = tuple[str, ...]
"""Ids of people, and integrations as `integration_voter` names them."""


class Naming:
    """Names people as a directory calls them."""

    def __init__(self, directory: Rows) -> None:
        self._directory = directory
        self._people: dict[str, PersonRow | None] = {}
        self._users: dict[str, Json] = {}
        self._names: dict[str, str] = {}
        self._waiting: dict[Voters, list[Json]] = {}

    def meet(self, ids: Iterable[str]) -> None:
        """Look up all who are not known yet."""
        unknown = sorted(
            one for one in ids if one not in self._people and not one.startswith(INTEGRATION)
        )
        known = people_by_id(self._directory, unknown)
        for one in unknown:
            self._people[one] = known.get(one)

    def user(self, person_id: str) -> Json:
        """Return a person as Lumos' API shows one."""
        known = self._users.get(person_id)
        if known is None:
            known = self._users[person_id] = self._shown(person_id)
        return known

    def name(self, voter: str) -> str:
        """Return what somebody is called."""
        known = self._names.get(voter)
        if known is None:
            known = self._names[voter] = self._called(voter)
        return known

    def who(self, voter: str) -> Json:
        """Return who somebody is, in short."""
        if voter.startswith(INTEGRATION):
            name = voter.removeprefix(INTEGRATION)
            return {"kind": "integration", "id": name, "name": name}
        return {"kind": "person", "id": voter, "name": self.name(voter)}

    def waiting(self, voters: Voters) -> list[Json]:
        """Return those who have to act, the first of them."""
        known = self._waiting.get(voters)
        if known is None:
            known = self._waiting[voters] = [self.who(one) for one in voters[:MOST_NAMED]]
        return known

    def told(self, voters: Iterable[str]) -> str:
        """Return the names of some in a line of text."""
        return ", ".join(dict.fromkeys(map(self.name, voters)))

    def _shown(self, person_id: str) -> Json:
        found = self._person(person_id)
        if found is None:
            return {"id": person_id}
        return {
            "id": found.person_id,
            "email": found.email,
            "given_name": found.given_name,
            "family_name": found.family_name,
            "status": "DISABLED" if found.disabled else "ACTIVE",
        }

    def _called(self, voter: str) -> str:
        if voter.startswith(INTEGRATION):
            return voter.removeprefix(INTEGRATION)
        found = self._person(voter)
        return voter if found is None else found.full_name

    def _person(self, person_id: str) -> PersonRow | None:
        if person_id not in self._people:
            self.meet((person_id,))
        return self._people[person_id]
