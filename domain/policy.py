"""What a request must satisfy before anybody looks at it: how long, why, for whom. Pure functions
over facts that are passed in. A policy is a value with an id and a version, and the decision
records both; until administrators publish their own (issue 4), `DEFAULT` stands for every app."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from domain.catalog import EVERYONE, AppRecord
from domain.errors import DurationNotOffered, OnBehalfNotAllowed, PersonDisabled
from domain.person import PersonRecord
from domain.values import PersonId

HOUR = 3_600
DAY = 24 * HOUR


class OnBehalf(StrEnum):
    """Who may request for another person."""

    NOBODY = "nobody"
    MANAGER = "manager"


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules for one app's requests. Lengths are seconds of access, None is unlimited."""

    policy_id: str
    version: int
    access_lengths: tuple[int | None, ...]
    default_access_length: int | None
    justification_required: bool
    on_behalf: OnBehalf


DEFAULT = Policy(
    policy_id="default",
    version=1,
    access_lengths=(
        2 * HOUR,
        4 * HOUR,
        8 * HOUR,
        12 * HOUR,
        1 * DAY,
        2 * DAY,
        3 * DAY,
        7 * DAY,
        14 * DAY,
        30 * DAY,
        90 * DAY,
        None,
    ),
    default_access_length=30 * DAY,
    justification_required=True,
    on_behalf=OnBehalf.MANAGER,
)


def may_see(app: AppRecord, person: PersonRecord) -> bool:
    """Say whether the app's audience includes the person."""
    return app.audience == EVERYONE or app.audience in person.groups


def check_length(policy: Policy, seconds: int | None) -> None:
    """Raise `DurationNotOffered` unless access may last `seconds`.

    Any whole number of seconds up to the longest offered length will do: asking for less than a
    policy offers is never refused.
    """
    if seconds in policy.access_lengths:
        return
    finite = [length for length in policy.access_lengths if length is not None]
    if seconds is None or seconds <= 0 or seconds > max(finite, default=0):
        raise DurationNotOffered(seconds, policy.access_lengths)


def check_on_behalf(
    policy: Policy, requester: PersonId, target: PersonId, target_record: PersonRecord
) -> None:
    """Raise unless `requester` may ask for `target`, and `target` can hold access at all."""
    if requester != target:
        allowed = policy.on_behalf is OnBehalf.MANAGER and target_record.manager == requester
        if not allowed:
            raise OnBehalfNotAllowed(target)
    if target_record.disabled:
        raise PersonDisabled(target)
