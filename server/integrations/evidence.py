"""Who is said to have decided, and how well that is known: the integration says so, it signed what it
says, or the person's own identity provider says so, in an ID token whose nonce is the decision's id
(so that it is good for this decision and no other)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from domain.errors import Forbidden, UnknownPerson
from domain.policy import Evidence
from domain.ports import Rows
from domain.values import PersonId
from projections.integrations import integration_by_name
from projections.people import person_by_email, person_by_id, person_by_username
from server.integrations.reading import Command, Decision
from server.integrations.signatures import BadSignature, check_signature

Vouch = Callable[[str, str], Awaitable[PersonId | None]]
"""Takes an ID token and the nonce it must hold; returns whose it is, None if it is not good."""


@dataclass(eq=True, unsafe_hash=True)
class BadEvidence(Forbidden):
    """A signature or token was given that does not prove what it should."""

    code = "bad_evidence"
    template = "The decision cannot be believed: {why}."
    why: str


@dataclass(frozen=True, slots=True)
class Decider:
    """The person who decided (None: the integration itself), how that is known, and the signed
    statement."""

    person: PersonId | None
    evidence: Evidence
    proof: str | None


async def vouched_person(command: Command, vouch: Vouch | None) -> PersonId | None:
    """Return whom the person's own identity provider vouches for, None where no token was given;
    raises `BadEvidence`."""
    content = command.content
    token = content.user_token if isinstance(content, Decision) else None
    if token is None:
        return None
    found = await vouch(token, command.command_id) if vouch else None
    if found is None:
        raise BadEvidence("the user token is not good for this decision")
    return found


def decider_of(rows: Rows, principal: str, command: Command, vouched: PersonId | None) -> Decider:
    """Judge who decided; raises `BadEvidence` or `UnknownPerson`."""
    content = command.content
    proof = command.jws
    if proof is not None:
        integration = integration_by_name(rows, principal)
        try:
            check_signature(proof, integration.signing_key if integration else "")
        except BadSignature as fault:
            raise BadEvidence(str(fault)) from None
    named = content.decided_by if isinstance(content, Decision) else None
    person = _person(rows, named) if named else None
    if vouched is not None:
        if person not in (None, vouched):
            raise BadEvidence("the user token is another person's")
        return Decider(vouched, Evidence.USER_TOKEN, proof)
    level = Evidence.ASSERTED if proof is None else Evidence.INTEGRATION_SIGNED
    return Decider(person, level, proof)


def _person(rows: Rows, name: str) -> PersonId:
    found = (
        person_by_username(rows, name) or person_by_id(rows, name) or person_by_email(rows, name)
    )
    if found is None:
        raise UnknownPerson(name[:200])
    return found.person_id
