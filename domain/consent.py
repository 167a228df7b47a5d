"""A person's consent that a client may act for him on one resource, with these scopes, sent back
to this redirect origin. One stream for each such combination, for ever: an auditor reads here
which client acted for whom under which consent. A refused consent page is no consent and leaves
no event that could ever widen one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, assert_never

from domain.decider import Decider
from domain.values import Client, ConsentId, PersonId, Scopes, StreamId, stream_id


@dataclass(frozen=True, slots=True)
class GiveConsent:
    """Let `client` act for `person` on `resource` with `scopes`, and no longer with `declined`.
    `client_digest` stands for the client's metadata as the person saw it."""

    consent_id: ConsentId
    person: PersonId
    client: Client
    resource: str
    redirect_origin: str
    scopes: Scopes
    client_digest: str = ""
    declined: Scopes = ()


@dataclass(frozen=True, slots=True)
class RevokeConsent:
    """End the consent; every token family under it ends with it."""

    consent_id: ConsentId


@dataclass(frozen=True, slots=True)
class ConsentGiven:
    """A person consented: for the first time, again after revoking, or to a client that has
    changed since (`client_digest`, SHA-256 of its metadata)."""

    TOPIC: ClassVar[str] = "consent.given"
    SCHEMA: ClassVar[int] = 2
    consent_id: ConsentId
    person: PersonId
    client: Client
    resource: str
    redirect_origin: str
    scopes: Scopes
    client_digest: str


@dataclass(frozen=True, slots=True)
class ConsentWidened:
    """A person consented to more; `scopes` are all that now stand, `added` the new ones."""

    TOPIC: ClassVar[str] = "consent.widened"
    SCHEMA: ClassVar[int] = 1
    consent_id: ConsentId
    person: PersonId
    client: Client
    scopes: Scopes
    added: Scopes


@dataclass(frozen=True, slots=True)
class ConsentNarrowed:
    """A person took scopes back; `scopes` are all that still stand, `removed` those taken."""

    TOPIC: ClassVar[str] = "consent.narrowed"
    SCHEMA: ClassVar[int] = 1
    consent_id: ConsentId
    person: PersonId
    client: Client
    scopes: Scopes
    removed: Scopes


@dataclass(frozen=True, slots=True)
class ConsentRevoked:
    """The consent ended."""

    TOPIC: ClassVar[str] = "consent.revoked"
    SCHEMA: ClassVar[int] = 1
    consent_id: ConsentId
    person: PersonId
    client: Client


ConsentCommand = GiveConsent | RevokeConsent
ConsentEvent = ConsentGiven | ConsentWidened | ConsentNarrowed | ConsentRevoked


@dataclass(frozen=True, slots=True)
class NoConsent:
    """Nothing stands: never given, or revoked."""


@dataclass(frozen=True, slots=True)
class StandingConsent:
    """A consent that stands."""

    person: PersonId
    client: Client
    scopes: Scopes
    client_digest: str


Consent = NoConsent | StandingConsent


def decide(state: Consent, command: ConsentCommand, _facts: None) -> Sequence[ConsentEvent]:
    """Decide on one consent."""
    match command:
        case GiveConsent():
            return _give(state, command)
        case RevokeConsent():
            if isinstance(state, NoConsent):
                return []
            return [ConsentRevoked(command.consent_id, state.person, state.client)]
        case _ as never:
            assert_never(never)


def _give(state: Consent, command: GiveConsent) -> Sequence[ConsentEvent]:
    if isinstance(state, NoConsent) or state.client_digest != command.client_digest:
        return [_given(command)]
    added = tuple(sorted(set(command.scopes) - set(state.scopes)))
    removed = tuple(sorted(set(command.declined) & set(state.scopes)))
    wide = tuple(sorted({*state.scopes, *added}))
    narrow = tuple(scope for scope in wide if scope not in removed)
    consent_id, person, client = command.consent_id, state.person, command.client
    events: list[ConsentEvent] = []
    if added:
        events.append(ConsentWidened(consent_id, person, client, wide, added))
    if removed:
        events.append(ConsentNarrowed(consent_id, person, client, narrow, removed))
    return events


def _given(command: GiveConsent) -> ConsentGiven:
    return ConsentGiven(
        command.consent_id,
        command.person,
        command.client,
        command.resource,
        command.redirect_origin,
        tuple(sorted(set(command.scopes))),
        command.client_digest,
    )


def evolve(state: Consent, event: ConsentEvent) -> Consent:
    """Fold one consent event."""
    match event:
        case ConsentGiven():
            return StandingConsent(event.person, event.client, event.scopes, event.client_digest)
        case ConsentWidened() | ConsentNarrowed():
            digest = state.client_digest if isinstance(state, StandingConsent) else ""
            return StandingConsent(event.person, event.client, event.scopes, digest)
        case ConsentRevoked():
            return NoConsent()
        case _ as never:
            assert_never(never)


DECIDER: Decider[Consent, ConsentCommand, None, ConsentEvent] = Decider(
    category="consent", initial=NoConsent(), decide=decide, evolve=evolve
)


def consent_stream(consent_id: ConsentId) -> StreamId:
    """Return the stream of one consent."""
    return stream_id(DECIDER.category, consent_id)
