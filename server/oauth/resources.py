"""The protected resources and their scopes: which there are, what each scope lets a client do in
words for the person who consents, and which role a person needs for it. A scope that a person's
role does not carry is never granted to a client of his (RFC 8707, RFC 6749 §3.3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from domain.person import Role
from domain.values import Scopes

OFFLINE_ACCESS = "offline_access"
"""Clients ask for it out of habit. Refresh tokens are given anyway, so it is taken and ignored; it
is advertised nowhere, since then clients would ask for consent each time."""


@dataclass(frozen=True, slots=True)
class ScopeMeaning:
    """A scope token, what it means in words, and the role it needs."""

    scope: str
    words: str
    role: Role


@dataclass(frozen=True, slots=True)
class Resource:
    """A protected resource: its path under the issuer, its name, and its scopes. `challenged` are
    those that a client without a token is told to ask for."""

    path: str
    name: str
    meanings: tuple[ScopeMeaning, ...]
    challenged: Scopes

    @property
    def scopes(self) -> Scopes:
        """All its scopes, sorted."""
        return tuple(one.scope for one in self.meanings)

    def url(self, issuer: str) -> str:
        """Return its identifier (RFC 8707 §2)."""
        return issuer + self.path

    def metadata_url(self, issuer: str) -> str:
        """Return where its metadata is, as challenges name it (RFC 9728 §5.1)."""
        return f"{issuer}/.well-known/oauth-protected-resource{self.path}"

    def carried(self, scopes: Iterable[str], roles: Iterable[Role]) -> Scopes:
        """Return those of the scopes that are its own and that the roles carry."""
        held, wanted = set(roles), set(scopes)
        return tuple(
            one.scope for one in self.meanings if one.scope in wanted and one.role in held
        )

    def in_words(self, scopes: Iterable[str]) -> list[ScopeMeaning]:
        """Return the meanings of these scopes, in the resource's order."""
        wanted = set(scopes)
        return [one for one in self.meanings if one.scope in wanted]


USER_READ = "doorward:user:read"
USER_WRITE = "doorward:user:write"
USER = Resource(
    path="/mcp/user",
    name="Doorward access requests",
    meanings=(
        ScopeMeaning(USER_READ, "search the catalog and read your access requests", Role.EMPLOYEE),
        ScopeMeaning(USER_WRITE, "submit access requests in your name", Role.EMPLOYEE),
    ),
    challenged=(USER_READ, USER_WRITE),
)

ADMIN_PEOPLE_READ = "doorward:admin:people:read"
ADMIN_PEOPLE_WRITE = "doorward:admin:people:write"
ADMIN = Resource(
    path="/mcp/admin",
    name="Doorward administration",
    meanings=(
        ScopeMeaning(
            ADMIN_PEOPLE_READ, "see which clients act for which people", Role.ADMINISTRATOR
        ),
        ScopeMeaning(ADMIN_PEOPLE_WRITE, "disconnect clients from any person", Role.ADMINISTRATOR),
    ),
    challenged=(ADMIN_PEOPLE_READ,),
)
RESOURCES = (USER, ADMIN)


def resource_at(url: str, issuer: str) -> Resource | None:
    """Return the resource of this identifier. Case of scheme and host and a slash at the end do
    not matter (RFC 3986 §6.2.2.1); the issuer alone means the user's."""
    wanted = normalised(url)
    if wanted == normalised(issuer):
        return USER
    return next((one for one in RESOURCES if normalised(one.url(issuer)) == wanted), None)


def normalised(url: str) -> str:
    """Return a URL as it is compared; one that is none is returned as it is."""
    try:
        parts = urlsplit(url)
        return urlunsplit(
            parts._replace(
                scheme=parts.scheme.lower(),
                netloc=parts.netloc.lower(),
                path=parts.path.rstrip("/"),
            )
        )
    except ValueError:
        return url
