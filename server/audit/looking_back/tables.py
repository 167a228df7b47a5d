"""Each list of a past moment as it is shown: as JSON, item by item with all that is known, and in
columns with what is looked at first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from domain.lengths import format_length
from domain.policy import Policy
from projections.catalog.rows import AppRow, PermissionRow
from projections.consents import ConsentRow
from projections.people import PersonRow
from server.audit.looking_back.json_form import Json, moment_text, plain
from server.audit.looking_back.lists import Holding, Narrowing, OpenRequest, Then
from server.audit.looking_back.names import Names
from server.audit.looking_back.policy_form import policy_document

Entry = tuple[Json, tuple[str, ...]]
"""An item as JSON, and its columns."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list that can be asked for: what it says, its columns, to what it can be narrowed (a person, an
    app), and how it is made."""

    says: str
    columns: tuple[str, ...]
    narrowed_to: tuple[str, ...]
    entries: Callable[[Then, Narrowing, Names], Iterable[Entry]]


def _holding(one: Holding, names: Names) -> Entry:
    until, ending = moment_text(one.held.expires_at), one.held.ending
    name = names(one.person)
    form = {"person": one.person, "username": name, "app_id": one.app_id, **plain(one.held)}
    end = "being removed" if ending else until or "for good"
    return form, (name, one.app_id, one.held.item_id, end, one.held.request_id)


def _request(one: OpenRequest, names: Names) -> Entry:
    request = one.request
    form = {
        **plain(request),
        "requester_username": names(request.requester),
        "target_username": names(request.target),
        "items": list(map(plain, one.items)),
    }
    waiting = sorted({who for item in one.items for who in item.waiting_for})
    columns = (
        request.request_id,
        moment_text(request.requested_at) or "",
        form["requester_username"],
        form["target_username"],
        request.what,
        str(request.status),
        ", ".join(map(names, waiting)),
    )
    return form, columns


def _consent(one: ConsentRow, names: Names) -> Entry:
    name = names(one.person)
    scopes = " ".join(one.scopes)
    form = {**plain(one), "username": name}
    given = moment_text(one.given_at) or ""
    return form, (name, one.client_name, one.resource, scopes, given, one.consent_id)


def _policy(one: Policy) -> Entry:
    stages = " > ".join(stage.name for stage in one.stages) or "nobody is asked"
    lengths = ", ".join(map(format_length, one.access_lengths))
    form = {"policy_id": one.policy_id, "version": one.version, "document": policy_document(one)}
    return form, (one.policy_id, str(one.version), stages, lengths)


def _person(one: PersonRow, names: Names) -> Entry:
    manager = names(one.manager) if one.manager else ""
    state = "disabled" if one.disabled else ""
    columns = (one.person_id, one.username, one.full_name, manager)
    return plain(one), (*columns, ", ".join(one.groups), ", ".join(one.roles), state)


def _app(one: AppRow) -> Entry:
    return plain(one), (one.app_id, one.name, one.audience, one.policy, one.owner)


def _permission(one: PermissionRow) -> Entry:
    return plain(one), (one.permission_id, one.app_id, one.label, one.policy or one.app_policy)


LISTINGS = {
    "holdings": Listing(
        "who held what",
        ("PERSON", "APP", "ITEM", "UNTIL", "REQUEST"),
        ("person", "app"),
        lambda then, by, names: (_holding(one, names) for one in then.holdings(by)),
    ),
    "requests": Listing(
        "which requests were open: something in them was neither granted nor refused yet",
        ("REQUEST", "ASKED", "BY", "FOR", "WHAT", "STATUS", "WAITS FOR"),
        ("person", "app"),
        lambda then, by, names: (_request(one, names) for one in then.requests(by)),
    ),
    "consents": Listing(
        "which clients were let act for whom",
        ("PERSON", "CLIENT", "RESOURCE", "SCOPES", "GIVEN", "CONSENT"),
        ("person",),
        lambda then, by, names: (_consent(one, names) for one in then.consents(by)),
    ),
    "policies": Listing(
        "which policies were in force, and what they said",
        ("POLICY", "VERSION", "STAGES", "LENGTHS"),
        (),
        lambda then, _by, _names: map(_policy, then.policies()),
    ),
    "people": Listing(
        "who was known",
        ("PERSON", "USER NAME", "NAME", "MANAGER", "GROUPS", "ROLES", ""),
        ("person",),
        lambda then, by, names: (_person(one, names) for one in then.people(by)),
    ),
    "apps": Listing(
        "which apps the catalog held",
        ("APP", "NAME", "AUDIENCE", "POLICY", "OWNER"),
        ("app",),
        lambda then, by, _names: map(_app, then.apps(by)),
    ),
    "permissions": Listing(
        "which permissions the catalog held",
        ("PERMISSION", "APP", "LABEL", "POLICY"),
        ("app",),
        lambda then, by, _names: map(_permission, then.permissions(by)),
    ),
}
"""Every list by the word that asks for it."""
