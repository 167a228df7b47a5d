"""How people reach Doorward through clients: an identity is linked at the first sign-in, a consent is
given, a code opens a token family, and from then on refresh tokens rotate with every use. Consents are
widened and revoked; families lapse, are given back and, rarely, end by a replay."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from domain.consent import GiveConsent, RevokeConsent
from domain.person import LinkIdentity
from domain.token_family import (
    GRACE,
    EndFamily,
    EndReason,
    FamilyEnded,
    OpenFamily,
    RedeemCode,
    RotateRefreshToken,
)
from domain.values import (
    Actor,
    Client,
    ClientId,
    ConsentId,
    FamilyId,
    Personal,
    PersonId,
    Scopes,
    Via,
)
from server.oauth.resources import USER, USER_READ, USER_WRITE
from server.oauth.token_rows import ACCESS_LIFE, CODE_LIFE, FAMILY_LIFE, REFRESH_IDLE_LIFE
from tests.bench.simulation.scene import Scene

ISSUER = "https://doorward.company.example"
PROVIDER = "https://login.company.example"
ORIGIN = "http://127.0.0.1"
CLIENTS = tuple(
    Client(ClientId(f"https://{host}.example/client.json"), name)
    for host, name in (("chat", "Chat assistant"), ("code", "Code editor"), ("shell", "Terminal"))
)
READING: Scopes = (USER_READ,)
WRITING: Scopes = (USER_READ, USER_WRITE)
REVOKED, RETURNED, REPLAYED = 0.003, 0.004, 0.000_5
"""After which share of the visits a consent is revoked, a family given back, an old token shown."""


@dataclass(slots=True)
class Connection:
    """A person's client, its consent, and the token family it uses at the moment."""

    person: PersonId
    client: Client
    consent_id: ConsentId
    scopes: Scopes = ()
    family_id: FamilyId | None = None
    token: str = ""
    former: str = ""
    used_at: float = 0.0
    opened_at: float = 0.0

    def actor(self, via: Via) -> Actor:
        """Return who acts when the client does."""
        return Actor(via, self.person, self.client, self.consent_id)


class Connections:
    """All connections, one for each person."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._of: dict[PersonId, Connection] = {}
        scene.watch(FamilyEnded, self._family_ended)

    def used(self, person: PersonId, *, writing: bool) -> Connection:
        """Return the person's connection with an access token that is good at this moment."""
        found = self._of.get(person) or self._first(person)
        wanted = WRITING if writing else found.scopes or READING
        scene, life = self._scene, FAMILY_LIFE.total_seconds()
        idle = scene.at - found.used_at
        lapsed = idle >= REFRESH_IDLE_LIFE.total_seconds() or scene.at >= found.opened_at + life
        if not set(wanted) <= set(found.scopes):
            self._consent(found, wanted)
            self._open(found)
        elif found.family_id is None or lapsed:
            self._open(found)
        elif idle >= ACCESS_LIFE.total_seconds():
            self._rotate(found)
        return found

    def leave(self, connection: Connection) -> None:
        """Let happen what seldom does at the end of a visit."""
        drawn = self._scene.chance.random()
        if connection.family_id is None:
            return
        if drawn < REVOKED:
            connection.scopes = ()
            web = Actor(Via.WEB, connection.person)
            self._scene.do(RevokeConsent(connection.consent_id), web)
        elif drawn < REVOKED + RETURNED:
            ending = EndFamily(connection.family_id, EndReason.REVOKED_BY_CLIENT)
            self._scene.do(ending, connection.actor(Via.HTTP))
        elif drawn < REVOKED + RETURNED + REPLAYED and self._replayable(connection):
            self._scene.do(
                self._rotation(connection, connection.former), connection.actor(Via.HTTP)
            )

    def _replayable(self, connection: Connection) -> bool:
        past = self._scene.at - connection.used_at
        return bool(connection.former) and past >= GRACE.total_seconds()

    def _first(self, person: PersonId) -> Connection:
        scene = self._scene
        subject = Personal(person, f"subject-{person}")
        scene.do(LinkIdentity(person, PROVIDER, subject), Actor(Via.WEB, person))
        client = scene.chance.choice(CLIENTS)
        name = f"{person}\n{client.client_id}\n{USER.url(ISSUER)}\n{ORIGIN}"
        made = Connection(person, client, ConsentId(str(uuid5(NAMESPACE_URL, name))))
        self._of[person] = made
        return made

    def _consent(self, connection: Connection, scopes: Scopes) -> None:
        given = GiveConsent(
            consent_id=connection.consent_id,
            person=connection.person,
            client=connection.client,
            resource=USER.url(ISSUER),
            redirect_origin=ORIGIN,
            scopes=scopes,
            client_digest="0" * 64,
        )
        self._scene.do(given, connection.actor(Via.WEB))
        connection.scopes = scopes

    def _open(self, connection: Connection) -> None:
        scene, now = self._scene, self._scene.now
        family = FamilyId(scene.new_id())
        opening = OpenFamily(
            family_id=family,
            consent_id=connection.consent_id,
            person=connection.person,
            client=connection.client,
            resource=USER.url(ISSUER),
            scopes=connection.scopes,
            code_digest=scene.new_digest(),
            code_expires_at=now + CODE_LIFE,
            family_expires_at=now + FAMILY_LIFE,
        )
        scene.do(opening, connection.actor(Via.WEB))
        token = scene.new_digest()
        client_id, until = connection.client.client_id, now + REFRESH_IDLE_LIFE
        scene.do(RedeemCode(family, client_id, token, until, now), connection.actor(Via.HTTP))
        connection.family_id, connection.token, connection.former = family, token, ""
        connection.used_at = connection.opened_at = scene.at

    def _rotate(self, connection: Connection) -> None:
        fresh = self._scene.new_digest()
        self._scene.do(
            self._rotation(connection, connection.token, fresh), connection.actor(Via.HTTP)
        )
        connection.former, connection.token = connection.token, fresh
        connection.used_at = self._scene.at

    def _rotation(self, connection: Connection, shown: str, fresh: str = "") -> RotateRefreshToken:
        family = connection.family_id
        assert family is not None
        return RotateRefreshToken(
            family_id=family,
            client_id=connection.client.client_id,
            presented_digest=shown,
            refresh_digest=fresh or self._scene.new_digest(),
            refresh_expires_at=self._scene.now + REFRESH_IDLE_LIFE,
            scopes=connection.scopes,
            now=self._scene.now,
        )

    def _family_ended(self, event: FamilyEnded) -> None:
        found = self._of[event.person]
        if found.family_id == event.family_id:
            found.family_id = None
