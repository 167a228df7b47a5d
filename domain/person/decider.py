"""The life of a person in the directory: registered and changed, linked to identities, given and denied
roles, forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from operator import itemgetter
from typing import assert_never

from domain.decider import Decider
from domain.errors import (
    IdentityOfAnother,
    MalformedText,
    PersonForgottenBefore,
    PersonStillActive,
    PersonStillHolds,
    TooMany,
    UnknownPerson,
)
from domain.person.names import check_unshared, check_username
from domain.person.roles import decide_role, described_after, note_described, standing_roles
from domain.person.vocabulary import (
    ISSUER_LIMIT,
    MOST_ATTRIBUTES,
    NAME_LIMIT,
    SUBJECT_LIMIT,
    AccessFacts,
    ForgetPerson,
    GrantRole,
    IdentityFacts,
    IdentityLinked,
    LinkIdentity,
    Person,
    PersonChanged,
    PersonCommand,
    PersonEvent,
    PersonFacts,
    PersonForgotten,
    PersonRecord,
    PersonRegistered,
    PutPerson,
    ReleaseRole,
    RevokeRole,
    RoleEvent,
    RoleFacts,
    RoleGranted,
    RoleReleased,
    RoleRevoked,
    RolesDescribed,
)
from domain.values import Personal, PersonId, StreamId, clean_text, identifier, stream_id


def _cleaned(person_id: PersonId, record: PersonRecord) -> PersonRecord:
    def text(field: str, value: Personal) -> Personal:
        return Personal(person_id, clean_text(field, value.text, limit=NAME_LIMIT))

    return PersonRecord(
        username=Personal(person_id, check_username(record.username.text)),
        given_name=text("given_name", record.given_name),
        family_name=text("family_name", record.family_name),
        email=text("email", record.email),
        manager=record.manager,
        groups=tuple(sorted({identifier("group", group) for group in record.groups})),
        roles=tuple(sorted(set(record.roles))),
        disabled=record.disabled,
        attributes=_attributes(person_id, record),
    )


def _attributes(person_id: PersonId, record: PersonRecord) -> tuple[tuple[str, Personal], ...]:
    if len(record.attributes) > MOST_ATTRIBUTES:
        raise TooMany("attributes", MOST_ATTRIBUTES)
    cleaned: dict[str, Personal] = {}
    for name, value in record.attributes:
        text = clean_text(name, value.text, limit=NAME_LIMIT)
        if text:
            cleaned[identifier("attribute", name)] = Personal(person_id, text)
    return tuple(sorted(cleaned.items(), key=itemgetter(0)))


def decide(state: Person, command: PersonCommand, facts: PersonFacts) -> Sequence[PersonEvent]:
    """Decide on one person."""
    match command:
        case PutPerson():
            return _put(state, command, facts)
        case LinkIdentity():
            return _link(state, command, facts)
        case ForgetPerson():
            return _forget(state, command, facts)
        case GrantRole() | RevokeRole() | ReleaseRole():
            return decide_role(
                state, command, facts if isinstance(facts, RoleFacts) else RoleFacts()
            )
        case _ as never:
            assert_never(never)


def _put(state: Person, command: PutPerson, facts: PersonFacts) -> Sequence[PersonEvent]:
    person_id = command.person_id
    identifier("person_id", person_id)
    if state.forgotten:
        raise PersonForgottenBefore(person_id)
    said = _cleaned(person_id, command.record)
    check_unshared(state, said.username.text, facts)
    record = replace(said, roles=standing_roles(state, said.roles))
    if state.record is None:
        return [PersonRegistered(person_id, record)]
    changed = [] if record == state.record else [PersonChanged(person_id, record)]
    return [*changed, *note_described(state, person_id, said.roles)]


def _forget(state: Person, command: ForgetPerson, facts: PersonFacts) -> Sequence[PersonEvent]:
    """Whoever may still sign in, or may still enter anything, has to be known."""
    if state.forgotten:
        return []
    if state.record is None:
        raise UnknownPerson(command.person_id)
    if not state.record.disabled:
        raise PersonStillActive
    if isinstance(facts, AccessFacts) and facts.request_id is not None:
        raise PersonStillHolds(facts.request_id)
    return [PersonForgotten(command.person_id)]


def _link(state: Person, command: LinkIdentity, facts: PersonFacts) -> Sequence[PersonEvent]:
    """An identity is one person's for ever: another's is never taken over."""
    person_id, issuer, subject = command.person_id, command.issuer, command.subject.text
    check_identity(issuer, subject)
    if state.record is None:
        raise UnknownPerson(person_id)
    holder = facts.holder if isinstance(facts, IdentityFacts) else None
    if holder not in (None, person_id):
        raise IdentityOfAnother
    linked = IdentityLinked(person_id, issuer, Personal(person_id, subject))
    return [] if holder == person_id else [linked]


def check_identity(issuer: str, subject: str) -> None:
    """Refuse what cannot name anybody: as `Invalid`, and before it meets any table."""
    identifier("issuer", issuer, limit=ISSUER_LIMIT)
    if not subject or clean_text("subject", subject, limit=SUBJECT_LIMIT) != subject:
        raise MalformedText("subject")


def evolve(state: Person, event: PersonEvent) -> Person:
    """Fold one person event."""
    match event:
        case PersonRegistered() | PersonChanged():
            described = described_after(state, event.record)
            return replace(state, record=event.record, described=described)
        case IdentityLinked():
            return state
        case PersonForgotten():
            return Person(forgotten=True)
        case RoleGranted() | RoleRevoked() | RoleReleased():
            return _decided_by_hand(state, event)
        case RolesDescribed():
            return replace(state, described=frozenset(event.roles))
        case _ as never:
            assert_never(never)


def _decided_by_hand(state: Person, event: RoleEvent) -> Person:
    role = frozenset({event.role})
    return replace(
        state,
        record=state.record and replace(state.record, roles=event.roles),
        granted=state.granted | role if isinstance(event, RoleGranted) else state.granted - role,
        withheld=state.withheld | role
        if isinstance(event, RoleRevoked)
        else state.withheld - role,
    )


DECIDER: Decider[Person, PersonCommand, PersonFacts, PersonEvent] = Decider(
    category="person", initial=Person(), decide=decide, evolve=evolve
)


def person_stream(person_id: PersonId) -> StreamId:
    """Return the stream of one person."""
    return stream_id(DECIDER.category, person_id)
