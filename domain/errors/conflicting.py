"""Refusals because the world has moved on."""

from __future__ import annotations

from dataclasses import dataclass

from domain.errors.base import Conflicting


@dataclass(eq=True, unsafe_hash=True)
class AlreadyClosed(Conflicting):
    """The request has reached its end and takes no more decisions."""

    code = "already_closed"
    template = "The request is already {status}; submit a new one if access is needed."
    status: str


@dataclass(eq=True, unsafe_hash=True)
class StaleVersion(Conflicting):
    """The caller decided on an older version than the present one."""

    code = "stale_version"
    template = "You saw version {expected}, it is now {actual}; read it again."
    expected: int
    actual: int


@dataclass(eq=True, unsafe_hash=True)
class IdempotencyKeyReused(Conflicting):
    """The same idempotency key came with another body."""

    code = "idempotency_key_reused"
    template = "This idempotency_key was used for another submission; choose a new key."
    key: str


@dataclass(eq=True, unsafe_hash=True)
class ChangedMeanwhile(Conflicting):
    """Another writer changed the same thing at the same moment, several times."""

    code = "changed_meanwhile"
    template = "It changed while you were deciding; read it again and repeat."


@dataclass(eq=True, unsafe_hash=True)
class IdentityOfAnother(Conflicting):
    """The identity of the provider belongs to another person already."""

    code = "identity_of_another"
    template = "This identity belongs to another person here; ask an administrator."


@dataclass(eq=True, unsafe_hash=True)
class AlreadyHeld(Conflicting):
    """The person has this access already, or its removal is under way."""

    code = "already_held"
    template = "{item} is held already, through request {request_id}; nothing need be requested."
    item: str
    request_id: str


@dataclass(eq=True, unsafe_hash=True)
class AlreadyAsked(Conflicting):
    """Another open request, not an equal one, asks for the same item."""

    code = "already_asked"
    template = "{item} is asked for by request {request_id}, still open; leave it out or wait."
    item: str
    request_id: str


@dataclass(eq=True, unsafe_hash=True)
class TooManyOpen(Conflicting):
    """The requester has as many open requests as policy allows."""

    code = "too_many_open"
    template = "You have {limit} requests open, the most allowed; wait for one or cancel it."
    limit: int


@dataclass(eq=True, unsafe_hash=True)
class NotHeld(Conflicting):
    """Access that is to be extended or ended is not held, or not by this request."""

    code = "not_held"
    template = "{item} is not held through this request with an end that could be moved."
    item: str


@dataclass(eq=True, unsafe_hash=True)
class AlreadyDecided(Conflicting):
    """The item or stage was settled before this decision came."""

    code = "already_decided"
    template = "{what} is decided already; read the request again."
    what: str


@dataclass(eq=True, unsafe_hash=True)
class DecisionLapsed(Conflicting):
    """The decision itself says that it is no longer valid."""

    code = "decision_lapsed"
    template = "The decision came after the time until which it was good; decide again."


@dataclass(eq=True, unsafe_hash=True)
class NothingUnderWay(Conflicting):
    """No granting or removing that this report could be about is under way."""

    code = "nothing_under_way"
    template = "No {action} of {what} is under way; read the request again."
    action: str
    what: str


@dataclass(eq=True, unsafe_hash=True)
class PersonStillActive(Conflicting):
    """Who may still sign in is not forgotten."""

    code = "person_still_active"
    template = (
        "This person may still sign in; disable the account first: "
        "doorward people disable, or the tool disable_person."
    )


@dataclass(eq=True, unsafe_hash=True)
class PersonStillHolds(Conflicting):
    """Who still holds or asks for access is not forgotten."""

    code = "person_still_holds"
    template = "Request {request_id} has not ended; let it be removed first."
    request_id: str


@dataclass(eq=True, unsafe_hash=True)
class PersonForgottenBefore(Conflicting):
    """The id of a person who was forgotten is never used again."""

    code = "person_forgotten"
    template = "The person {person_id} was forgotten; give whoever this is another id."
    person_id: str


@dataclass(eq=True, unsafe_hash=True)
class LastAdministrator(Conflicting):
    """Without this person nobody would administer Doorward."""

    code = "last_administrator"
    template = "This is the last administrator; make somebody else one first."


@dataclass(eq=True, unsafe_hash=True)
class TooMuchForACall(Conflicting):
    """The work would take longer than anybody waits for an answer; `instead` says who does it."""

    code = "too_much_for_a_call"
    template = "{what} would take longer than a call may; {instead}."
    what: str
    instead: str


@dataclass(eq=True, unsafe_hash=True)
class CheckpointsUnreadable(Conflicting):
    """What is kept of checkpoints cannot be read, so that nothing can be proved by them."""

    code = "checkpoints_unreadable"
    template = "What is kept of checkpoints cannot be read; doorward audit verify says why."
