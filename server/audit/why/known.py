"""People, policies and consents as they stood when they counted, each stream read once."""

from __future__ import annotations

from collections.abc import Sequence

from domain import consent, person
from domain.access_request import RuleUsed
from domain.consent import ConsentGiven, ConsentRevoked, consent_stream
from domain.envelope import Recorded
from domain.person import Person, person_stream
from domain.policy import DEFAULT, PolicyPublished, policy_stream
from domain.ports import EventStore
from domain.values import REDACTED, ConsentId, PersonId, StreamId
from server.audit.looking_back.json_form import Json, moment_text, plain
from server.audit.looking_back.policy_form import policy_document


class Known:
    """What the streams beside a request's own say, up to a position and no further."""

    def __init__(self, store: EventStore, position: int) -> None:
        self._store = store
        self._position = position
        self._streams: dict[StreamId, Sequence[Recorded]] = {}

    def person_at_version(self, person_id: PersonId, version: int) -> Json:
        """Return what the directory said of a person at a version of his stream."""
        events = self._stream(person_stream(person_id))
        return _person(person_id, [one for one in events if one.envelope.version <= version])

    def person_at(self, person_id: PersonId, position: int) -> Json:
        """Return what the directory said of a person at a position."""
        events = self._stream(person_stream(person_id))
        return _person(person_id, [one for one in events if one.position <= position])

    def named(self, person_id: PersonId | None, position: int) -> Json | None:
        """Return a person by id and by the user name that he had at a position."""
        if person_id is None:
            return None
        found = self.person_at(person_id, position)
        return {"person_id": person_id, "username": found["username"]}

    def people(self, people: Sequence[PersonId], position: int) -> list[Json | None]:
        """Return the same of each of them."""
        return [self.named(one, position) for one in people]

    def policy(self, rule: RuleUsed) -> Json:
        """Return a version of a policy with its text, which is None if the log does not hold it."""
        found: Json = {
            "policy_id": rule.policy_id,
            "version": rule.version,
            "published_position": None,
            "published_at": None,
            "published_by": None,
            "built_in": False,
            "document": None,
        }
        if (rule.policy_id, rule.version) == (DEFAULT.policy_id, DEFAULT.version):
            return {**found, "built_in": True, "document": policy_document(DEFAULT)}
        for one in self._stream(policy_stream(rule.policy_id)):
            event, envelope = one.envelope.event, one.envelope
            if isinstance(event, PolicyPublished) and event.policy.version == rule.version:
                found |= {
                    "published_position": one.position,
                    "published_at": moment_text(envelope.recorded_at),
                    "published_by": self.named(envelope.actor.subject, one.position),
                    "document": policy_document(event.policy),
                }
        return found

    def consent(self, consent_id: ConsentId, position: int) -> Json:
        """Return a consent as it stood at a position, and when it ended if it has since."""
        events = self._stream(consent_stream(consent_id))
        then = [one for one in events if one.position <= position]
        given = [one for one in then if isinstance(one.envelope.event, ConsentGiven)]
        state = consent.DECIDER.fold(
            one.envelope.event  # type: ignore[misc]  # a consent's stream holds nothing else
            for one in then
        )
        ended = [
            moment_text(one.envelope.recorded_at)
            for one in events
            if one.position > position and isinstance(one.envelope.event, ConsentRevoked)
        ]
        first = plain(given[-1].envelope.event) if given else {}
        return {
            "consent_id": consent_id,
            "version": then[-1].envelope.version if then else None,
            "stood": isinstance(state, consent.StandingConsent),
            "given_at": moment_text(given[-1].envelope.recorded_at) if given else None,
            "client": first.get("client"),
            "client_digest": first.get("client_digest"),
            "resource": first.get("resource"),
            "redirect_origin": first.get("redirect_origin"),
            "scopes": list(getattr(state, "scopes", ())),
            "revoked_at": ended[0] if ended else None,
        }

    def events(self, stream: StreamId) -> Sequence[Recorded]:
        """Return the events of a stream."""
        return self._stream(stream)

    def _stream(self, stream: StreamId) -> Sequence[Recorded]:
        if stream not in self._streams:
            found = self._store.stream(stream)
            self._streams[stream] = [one for one in found if one.position <= self._position]
        return self._streams[stream]


def _person(person_id: PersonId, events: Sequence[Recorded]) -> Json:
    state: Person = person.DECIDER.fold(
        one.envelope.event  # type: ignore[misc]  # a person's stream holds nothing else
        for one in events
    )
    found: Json = {
        "person_id": person_id,
        "version": events[-1].envelope.version if events else 0,
        "username": REDACTED if state.forgotten else person_id,
        "name": REDACTED if state.forgotten else None,
        "manager": None,
        "groups": [],
        "roles": [],
        "disabled": state.forgotten,
        "attributes": {},
    }
    record = state.record
    if record is None:
        return found
    names = (record.given_name.text, record.family_name.text)
    return found | {
        "username": record.username.text,
        "name": REDACTED if REDACTED in names else " ".join(names).strip(),
        "manager": record.manager,
        "groups": list(record.groups),
        "roles": list(map(str, record.roles)),
        "disabled": record.disabled,
        "attributes": {name: value.text for name, value in record.attributes},
    }
