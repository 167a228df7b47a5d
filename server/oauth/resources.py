"""The protected resources and their scopes: which there are, what each scope lets a client do in
words for the person who consents, and which role a person needs for it. A scope that a person's
role does not carry is never granted to a client of his (RFC 8707, RFC 6749 §3.3).

The administrators' resource is divided into toolsets, each with scopes of its own; which of them a client
wants it says in the query of the URL, which is no part of the resource's identifier (RFC 8707 §2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit, urlunsplit

from domain.person import Role
from domain.values import Scopes

OFFLINE_ACCESS = "offline_access"
"""Clients ask for it out of habit. Refresh tokens are given anyway, so it is taken and ignored; it
is advertised nowhere, since then clients would ask for consent each time."""


@dataclass(frozen=True, slots=True)
class ScopeMeaning:
    """A scope token, what it means in words, and the roles of which a person needs one; `toolset` is that
    part of the resource to which it lets in, if the resource is divided."""

    scope: str
    words: str
    roles: tuple[Role, ...]
    toolset: str = ""


@dataclass(frozen=True, slots=True)
class Resource:
    """A protected resource: its path under the issuer, its name, and its scopes. `challenged` are
    those that a client without a token is told to ask for: they may differ from request to request, and
    the resource is the same."""

    path: str
    name: str
    meanings: tuple[ScopeMeaning, ...]
    challenged: Scopes = field(compare=False)

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
            one.scope
            for one in self.meanings
            if one.scope in wanted and held.intersection(one.roles)
        )

    def in_words(self, scopes: Iterable[str]) -> list[ScopeMeaning]:
        """Return the meanings of these scopes, in the resource's order."""
        wanted = set(scopes)
        return [one for one in self.meanings if one.scope in wanted]


EMPLOYEES = (Role.EMPLOYEE,)
USER_READ = "doorward:user:read"
USER_WRITE = "doorward:user:write"
USER = Resource(
    path="/mcp/user",
    name="Doorward access requests",
    meanings=(
        ScopeMeaning(USER_READ, "search the catalog and read your access requests", EMPLOYEES),
        ScopeMeaning(USER_WRITE, "submit access requests in your name", EMPLOYEES),
    ),
    challenged=(USER_READ, USER_WRITE),
)

ADMINISTRATORS = (Role.ADMINISTRATOR,)
OVERSEERS = (Role.ADMINISTRATOR, Role.AUDITOR)


@dataclass(frozen=True, slots=True)
class Toolset:
    """A part of the administrators' resource: its name, its name in words, what reading and writing it
    mean, and who may read. Only administrators write; `writing` is empty where there is nothing to."""

    name: str
    title: str
    reading: str
    writing: str = ""
    readers: tuple[Role, ...] = ADMINISTRATORS

    @property
    def read(self) -> str:
        """The scope that lets read."""
        return f"doorward:admin:{self.name}:read"

    @property
    def write(self) -> str:
        """The scope that lets write; who has it needs that for reading beside it."""
        return f"doorward:admin:{self.name}:write"

    @property
    def scopes(self) -> Scopes:
        """Its scopes."""
        return (self.read, self.write) if self.writing else (self.read,)

    def meanings(self) -> tuple[ScopeMeaning, ...]:
        """Return what its scopes mean."""
        reading = ScopeMeaning(self.read, self.reading, self.readers, self.name)
        writing = ScopeMeaning(self.write, self.writing, ADMINISTRATORS, self.name)
        return (reading, writing) if self.writing else (reading,)


TOOLSETS = {
    one.name: one
    for one in (
        Toolset(
            "core",
            "The server",
            "see how the server is doing and which features are on",
            "turn features on and off",
            OVERSEERS,
        ),
        Toolset(
            "catalog",
            "The catalog",
            "see the whole catalog, and who sees what of it",
            "add, change and retire apps and permissions",
        ),
        Toolset(
            "policy",
            "Policies",
            "read the policies, and try them on past requests",
            "change, assign and retire policies",
        ),
        Toolset(
            "people",
            "People",
            "see people, their roles, and which clients act for them",
            "change people and their roles, disconnect clients from any person, forget who has left",
        ),
        Toolset(
            "requests",
            "Access requests",
            "read everybody's access requests",
            "cancel, hand over and end access requests of any person; approve and deny in your name, "
            "where the operator allows it",
        ),
        Toolset(
            "integrations",
            "Integrations",
            "see the integrations and webhooks, and how they are doing",
            "add, change and remove integrations and webhooks",
        ),
        Toolset(
            "audit",
            "The audit trail",
            "read the audit trail, and who had which access when",
            readers=OVERSEERS,
        ),
    )
}
"""The parts of the administrators' resource by name, in the order in which they are shown."""

ADMIN = Resource(
    path="/mcp/admin",
    name="Doorward administration",
    meanings=tuple(meaning for one in TOOLSETS.values() for meaning in one.meanings()),
    challenged=tuple(one.read for one in TOOLSETS.values()),
)


def admin_resource(toolsets: Iterable[str]) -> Resource:
    """Return the administrators' resource as it is for a client that has named the toolsets it wants: all
    their scopes are asked for at once, since not every client can ask for more later. Whoever names none
    is asked for reading alone."""
    named = set(toolsets)
    if not named:
        return ADMIN
    wanted = (scope for one in TOOLSETS.values() if one.name in named for scope in one.scopes)
    return replace(ADMIN, challenged=tuple(wanted))


RESOURCES = (USER, ADMIN)


def resource_at(url: str, issuer: str) -> Resource | None:
    """Return the resource of this identifier. Case of scheme and host and a slash at the end do
    not matter (RFC 3986 §6.2.2.1), nor does a query, which some clients leave standing; the issuer alone
    means the user's."""
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
                query="",
            )
        )
    except ValueError:
        return url
