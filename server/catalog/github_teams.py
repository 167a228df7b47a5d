"""GitHub: ``{"organization": {...}, "teams": [...], "team_repositories": {"<slug>": [...]}}``, where
`organization` is what ``GET /orgs/{org}`` returns, `teams` what ``GET /orgs/{org}/teams`` returns, and
`team_repositories` for each team, by its slug, what ``GET /orgs/{org}/teams/{slug}/repos`` returns. The
organisation is an app; a team that is not secret is a permission of it, described by the repositories
that it opens."""

from __future__ import annotations

import msgspec

from server.catalog.source import Catalog
from server.catalog.vendor_files import Collected, decoded

SOURCE = "github"
SECRET, KIND = "secret", "team"
MOST_REPOSITORIES = 20
"""Repositories that a description names."""


class _Organization(msgspec.Struct):
    login: str
    name: str | None = None
    description: str | None = None
    html_url: str | None = None
    avatar_url: str | None = None


class _Parent(msgspec.Struct):
    name: str


class _Team(msgspec.Struct):
    id: int
    name: str
    slug: str
    description: str | None = None
    privacy: str = "closed"
    parent: _Parent | None = None


class _Repository(msgspec.Struct):
    name: str
    role_name: str = "read"


class _File(msgspec.Struct):
    organization: _Organization
    teams: list[_Team]
    team_repositories: dict[str, list[_Repository]] = {}


def parse_github(data: bytes, audience: str, policy: str) -> Catalog:
    """Return the catalog of a GitHub organisation; raises `BadCatalog`."""
    file = decoded(data, _File)
    collected = Collected(SOURCE, audience, policy)
    organization = file.organization
    key, name = f"github:{organization.login}", f"GitHub {organization.name or organization.login}"
    collected.app(
        key,
        name,
        organization.description or f"Repositories of {organization.login}.",
        category="Engineering",
        logo_url=organization.avatar_url,
        website_url=organization.html_url,
    )
    for team in file.teams:
        if team.privacy == SECRET:
            collected.skipped += 1
            continue
        repositories = file.team_repositories.get(team.slug, [])
        # A team's number stays when its name and slug change.
        team_key = f"{key}:{team.id}"
        described = _description(team, repositories)
        collected.permission(team_key, key, f"{name} / {team.name}", described, KIND)
    return collected.catalog()


def _description(team: _Team, repositories: list[_Repository]) -> str:
    told = [team.description.strip().rstrip(".") + "."] if team.description else []
    if team.parent is not None:
        told.append(f"Part of {team.parent.name}.")
    by_role: dict[str, list[str]] = {}
    for one in repositories[:MOST_REPOSITORIES]:
        by_role.setdefault(one.role_name, []).append(one.name)
    told += [f"{role.capitalize()}: {', '.join(names)}." for role, names in by_role.items()]
    if len(repositories) > MOST_REPOSITORIES:
        told.append(f"And {len(repositories) - MOST_REPOSITORIES} more repositories.")
    return " ".join(told)
