"""Refusals because the rules say no."""

from __future__ import annotations

from dataclasses import dataclass

from domain.errors.base import Forbidden


@dataclass(eq=True, unsafe_hash=True)
class PersonDisabled(Forbidden):
    """The person is disabled in the directory."""

    code = "person_disabled"
    template = "This account is disabled; ask an administrator."
    person_id: str


@dataclass(eq=True, unsafe_hash=True)
class OnBehalfNotAllowed(Forbidden):
    """Policy does not let this person request for that one."""

    code = "on_behalf_not_allowed"
    template = "You may request access for yourself and for people who report to you."
    target: str


@dataclass(eq=True, unsafe_hash=True)
class ConflictOfDuties(Forbidden):
    """One person would hold two items that exclude each other (separation of duties)."""

    code = "conflict_of_duties"
    template = "Nobody may hold both {asked} and {other} (rule {conflict_id}); give up one first."
    asked: str
    other: str
    conflict_id: str


@dataclass(eq=True, unsafe_hash=True)
class BreakGlassNotAllowed(Forbidden):
    """No emergency rule lets this person take access at once."""

    code = "break_glass_not_allowed"
    template = "Policy has no emergency access for you here; submit an ordinary request."


@dataclass(eq=True, unsafe_hash=True)
class ExtensionNotAllowed(Forbidden):
    """Policy does not let this access be made longer."""

    code = "extension_not_allowed"
    template = "Access to {item} cannot be extended; request it again when it has ended."
    item: str


@dataclass(eq=True, unsafe_hash=True)
class NotAnApprover(Forbidden):
    """Who decides is none of those who may decide now."""

    code = "not_an_approver"
    template = "You are not among those who may decide on this request now."


@dataclass(eq=True, unsafe_hash=True)
class SelfApproval(Forbidden):
    """Nobody acts as judge of a request that they made or that is for them."""

    code = "self_approval"
    template = "Nobody decides on a request of their own; leave it to the others who may."


@dataclass(eq=True, unsafe_hash=True)
class IntegrationNotAllowed(Forbidden):
    """The integration is unknown, removed, or may not do this for this app."""

    code = "integration_not_allowed"
    template = "{integration} may not do this here; an administrator sets what it may do."
    integration: str


@dataclass(eq=True, unsafe_hash=True)
class WouldWiden(Forbidden):
    """A decision names more than was asked for: another item, or a longer time."""

    code = "would_widen"
    template = "A decision may only narrow a request; {what} was not asked for."
    what: str


@dataclass(eq=True, unsafe_hash=True)
class EvidenceTooWeak(Forbidden):
    """Policy asks for better evidence of who decided."""

    code = "evidence_too_weak"
    template = "Policy wants a decision on this with evidence of level {minimum} or better."
    minimum: str


@dataclass(eq=True, unsafe_hash=True)
class NotAssigned(Forbidden):
    """The work is somebody else's."""

    code = "not_assigned"
    template = "Granting or removing this access is not assigned to you."


@dataclass(eq=True, unsafe_hash=True)
class AdministratorsOnly(Forbidden):
    """Only an administrator may do this."""

    code = "administrators_only"
    template = "Only an administrator may do this; ask one."


@dataclass(eq=True, unsafe_hash=True)
class OwnRole(Forbidden):
    """Nobody gives themselves a role."""

    code = "own_role"
    template = "Nobody gives themselves the role {role}; ask another administrator for it."
    role: str


@dataclass(eq=True, unsafe_hash=True)
class OperatorOnly(Forbidden):
    """What would let an AI client decide for people is not switched on by an AI client."""

    code = "operator_only"
    template = (
        "An AI client must not give itself the leave {feature}. People turn it on without one, if they want it: an "
        "administrator on the web page of the features, or the operator at the command line."
    )
    feature: str
