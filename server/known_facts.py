"""States of people, apps and permissions as the deciders know them, read inside the command's own
transaction."""

from __future__ import annotations

from domain import catalog, person
from domain.access_request import KnownApp, KnownPermission, KnownPerson
from domain.person import PersonRecord, as_described, person_stream
from domain.values import AppId, PermissionId, PersonId
from server.command_bus import UnitOfWork


def known_person(work: UnitOfWork, person_id: PersonId) -> KnownPerson | None:
    """Return the person with the version of his stream."""
    version, state = work.state_of(person.DECIDER, person_stream(person_id))
    return KnownPerson(state.record, version) if state.record else None


def described_person(work: UnitOfWork, person_id: PersonId) -> PersonRecord | None:
    """Return the record as the directory gives it, for whoever puts a person and says nothing of roles: those
    that were given and taken by hand stand without his saying so, and shall not become the directory's word."""
    _, state = work.state_of(person.DECIDER, person_stream(person_id))
    return as_described(state)


def known_app(work: UnitOfWork, app_id: AppId) -> KnownApp | None:
    """Return the app with the version of its stream."""
    version, state = work.state_of(catalog.APP, catalog.app_stream(app_id))
    return KnownApp(state.record, version) if state.record else None


def known_permission(work: UnitOfWork, permission_id: PermissionId) -> KnownPermission | None:
    """Return the permission with the version of its stream, and its app."""
    stream = catalog.permission_stream(permission_id)
    version, state = work.state_of(catalog.PERMISSION, stream)
    if state.record is None:
        return None
    app = known_app(work, state.record.app_id)
    return KnownPermission(state.record, version, app.record if app else None)
