"""A person's AI client that has been let in, as if he had signed in and agreed: its token, without the browser."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from domain.consent import GiveConsent
from domain.token_family import OpenFamily
from domain.values import Client, ClientId, ConsentId, FamilyId, PersonId
from server.command_bus import UnitOfWork
from server.oauth.resources import USER
from server.oauth.token_rows import CODE_LIFE, FAMILY_LIFE, store_access_token
from server.secret_tokens import ACCESS, CODE, digest, new_secret
from server.wiring import System
from tests.seeds import CONTEXT

CLIENT = Client(ClientId("known-client"), "Known client")


def connected(work: UnitOfWork, system: System, who: PersonId, now: datetime) -> str:
    """Let a client act for a person from `now` on; return its token."""
    context = replace(CONTEXT, now=now)
    resource = USER.url(system.settings.issuer)
    consent, family = ConsentId(system.new_id()), FamilyId(system.new_id())
    given = GiveConsent(consent, who, CLIENT, resource, "http://127.0.0.1", USER.scopes, "")
    work.execute(given, context)
    opened = OpenFamily(
        family_id=family,
        consent_id=consent,
        person=who,
        client=CLIENT,
        resource=resource,
        scopes=USER.scopes,
        code_digest=digest(new_secret(CODE)),
        code_expires_at=now + CODE_LIFE,
        family_expires_at=now + FAMILY_LIFE,
    )
    work.execute(opened, context)
    token = new_secret(ACCESS)
    store_access_token(work.rows, token, family, USER.scopes, now)
    return token
