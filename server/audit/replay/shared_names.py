"""User names that two people had before that was against the rules: whoever gave the second one decided rightly
then, and no rule of today says so."""

from __future__ import annotations

from domain.errors import NameTaken
from domain.person import DECIDER, NameFacts, PersonChanged, PersonRegistered, check_unshared
from projections.people import other_called
from server.audit.replay.before import Before, NotReplayable

SHARED_NAME = "another person had this user name, which was no rule before"


def check_name(before: Before, event: PersonRegistered | PersonChanged) -> None:
    """Raise `NotReplayable` if the event gives a person a name that another had at that moment."""
    username = event.record.username.text
    facts = NameFacts(other_called(before.work.rows, username, event.person_id))
    try:
        check_unshared(before.state(DECIDER), username, facts)
    except NameTaken:
        raise NotReplayable(SHARED_NAME) from None
