"""What an identity provider's claims say about a person, as the directory's record. A claim of the
wrong type says nothing; what claims do not say stays as the directory has it. Claims never enable
or disable anybody, and never decide who somebody is: that is issuer and subject alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from domain.errors import Invalid
from domain.person import NAME_LIMIT, PersonRecord, Role, check_identity
from domain.values import Personal, PersonId, clean_text, identifier
from server.config import Settings

Claims = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Described:
    """Whom the claims describe: his id here, the directory's present record, if any, and which user names
    others have."""

    person_id: PersonId
    present: PersonRecord | None
    taken: Callable[[str], bool] = lambda _username: False


def first_person_id(issuer: str, subject: str) -> PersonId:
    """Return the id that an identity gets at its first sign-in: the same however often it is
    asked, so that two first sign-ins at once make one person."""
    return PersonId(str(uuid5(NAMESPACE_URL, f"{issuer}\n{subject}")))


def record_of(
    claims: Claims, settings: Settings, described: Described, person_of: Callable[[str], PersonId]
) -> PersonRecord:
    """Return the record; `person_of` says who a subject of the same provider is here."""
    person_id, present = described.person_id, described.present or _unknown(described.person_id)
    given, family = _names(claims, present)
    groups = _words(claims.get(settings.oidc_groups_claim))
    return PersonRecord(
        username=Personal(person_id, _username(claims, settings, described)),
        given_name=Personal(person_id, given),
        family_name=Personal(person_id, family),
        email=Personal(person_id, _email(claims) or present.email.text),
        manager=_manager(claims, settings, person_id, person_of) or present.manager,
        groups=present.groups if groups is None else _audiences(groups),
        roles=_roles(groups, settings, present),
        disabled=present.disabled,
        attributes=present.attributes,
    )


def _unknown(person_id: PersonId) -> PersonRecord:
    nothing = Personal(person_id, "")
    return PersonRecord(nothing, nothing, nothing, nothing)


def _username(claims: Claims, settings: Settings, described: Described) -> str:
    """Return a name to show. It signs nobody in, and one that another has says nothing: who is locked out by it
    would be at the mercy of whoever is called so first."""
    known = described.present.username.text if described.present else None
    candidates = (claims.get(settings.oidc_username_claim), known, claims.get("sub"))
    named = (one for one in candidates if isinstance(one, str) and _names_something(one))
    found = (one for one in named if one == known or not described.taken(one))
    return next(found, described.person_id)


def _names(claims: Claims, present: PersonRecord) -> tuple[str, str]:
    """Return given and family name; the whole name for both where neither is claimed."""
    given, family = _text(claims, "given_name"), _text(claims, "family_name")
    whole = _text(claims, "name")
    if whole and not given and not family and not present.family_name.text:
        return whole, ""
    return given or present.given_name.text, family or present.family_name.text


def _email(claims: Claims) -> str:
    """Return an address unless the provider says that nobody has checked it."""
    checked = claims.get("email_verified") not in (False, "false")
    return _text(claims, "email") if checked else ""


def _manager(
    claims: Claims,
    settings: Settings,
    person_id: PersonId,
    person_of: Callable[[str], PersonId],
) -> PersonId | None:
    subject = claims.get(settings.oidc_manager_claim)
    if not isinstance(subject, str):
        return None
    try:
        check_identity(settings.oidc_issuer, subject)
    except Invalid:
        return None
    manager = person_of(subject)
    return None if manager == person_id else manager


def _audiences(groups: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({group for group in groups if _names_something(group)}))


def _roles(
    groups: tuple[str, ...] | None, settings: Settings, present: PersonRecord
) -> tuple[Role, ...]:
    """Return every employee's role and those of his groups; the directory's own where the
    settings map no group, or the claims name none. What somebody decided by hand stands against
    either: see `domain.person.roles`."""
    if groups is None or not settings.oidc_roles:
        return tuple(sorted({Role.EMPLOYEE, *present.roles}))
    mapped = {role for group, role in settings.oidc_roles.items() if group in groups}
    return tuple(sorted({Role.EMPLOYEE, *mapped}))


def _words(claim: object) -> tuple[str, ...] | None:
    """Return a claim's texts; some providers send one text where others send a list of one."""
    if isinstance(claim, str):
        return (claim,)
    if isinstance(claim, list):
        return tuple(word for word in claim if isinstance(word, str))
    return None


def _text(claims: Claims, name: str) -> str:
    """Return a text as the domain takes it, cut to its limit; empty where there is none."""
    value = claims.get(name)
    if not isinstance(value, str):
        return ""
    # Normalization can lengthen a text, so it is cut again afterwards.
    return clean_text(name, value[:NAME_LIMIT], limit=NAME_LIMIT)[:NAME_LIMIT]


def _names_something(text: str) -> bool:
    try:
        identifier("name", text)
    except Invalid:
        return False
    return True
