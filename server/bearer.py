"""What an access token lets its bearer do, found by one query: the token has not expired, its
family has not ended, its consent stands, and its person is not disabled. The scopes are those of
the token that the consent still carries. The same query says which features are on, so that no answer
rests on an older state of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.feature import features_on
from domain.ports import Rows
from domain.values import Client, ClientId, ConsentId, FamilyId, Scopes
from projections.columns import instant, text_list
from projections.features import SWITCHED, switched
from projections.people import PersonRow, person_row, qualified_columns
from server.secret_tokens import ACCESS, digest

_QUERY = (
    "SELECT f.family_id, f.client_id, f.client_name, f.consent_id, t.scopes_json, c.scopes_json, "
    f"{SWITCHED}, {qualified_columns('p')} "
    "FROM access_token t JOIN token_family f ON f.family_id = t.family_id "
    "JOIN consent c ON c.consent_id = f.consent_id "
    "JOIN person p ON p.person_id = f.person "
    "WHERE t.digest = ? AND t.expires_at > ? AND f.resource = ? AND f.ended = 0 "
    "AND p.disabled = 0"
)


@dataclass(frozen=True, slots=True)
class AccessGrant:
    """A verified token: who acts, through which client, under which consent, with what scopes, and which
    features are on."""

    person: PersonRow
    client: Client
    consent_id: ConsentId
    family_id: FamilyId
    scopes: Scopes
    features: frozenset[str] = frozenset()


def verify(
    rows: Rows, token: str, resource: str, now: datetime, initially: frozenset[str] = frozenset()
) -> AccessGrant | None:
    """Return the token's grant if it is good for this resource now (RFC 8707 §2), else None. `initially` are
    the features that are on until somebody switches them."""
    if not token.startswith(ACCESS):
        return None
    found = rows.select(_QUERY, (digest(token), instant(now), resource))
    if not found:
        return None
    family_id, client_id, client_name, consent_id, scopes, consented, flags, *person = found[0]
    standing = text_list(consented)
    return AccessGrant(
        person_row(tuple(person)),
        Client(ClientId(str(client_id)), str(client_name)),
        ConsentId(str(consent_id)),
        FamilyId(str(family_id)),
        tuple(one for one in text_list(scopes) if one in standing),
        features_on(switched(flags), initially),
    )
