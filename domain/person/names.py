"""Who may be called what. A user name is one person's, however it is written: `ALICE` beside `alice` would be read
as her by whoever approves, and by whoever names approvers in a policy. Two people who were called so before this
was a rule keep their names, and may be changed otherwise; but nobody new comes to a name that they share."""

from __future__ import annotations

from domain.errors import NameTaken
from domain.person.vocabulary import NameFacts, Person, PersonFacts
from domain.values import REDACTED, identifier


def check_username(username: str) -> str:
    """Return the user name if it can be one; else it is refused, and before it meets any table."""
    return identifier("username", username)


def username_key(username: str) -> str:
    """Return what is the same for all ways to write a user name. These are ASCII, so that case is all in which
    one can look like another; what is not ASCII is nobody's, and must not be made somebody's."""
    return username.lower() if username.isascii() else username


def check_unshared(state: Person, username: str, facts: PersonFacts) -> None:
    """Raise `NameTaken` for a new name that another has; the name that a person has is his. In a replay those who
    were forgotten have no name, all of them."""
    former = state.record.username.text if state.record else None
    holder = facts.holder if isinstance(facts, NameFacts) else None
    if holder is not None and username not in (former, REDACTED):
        raise NameTaken(username)
