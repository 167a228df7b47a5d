"""Roles that somebody decided by hand stand against the groups that an identity provider claims."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from domain.person import GrantRole, ReleaseRole, RevokeRole, Role
from domain.values import PersonId
from projections.people import person_by_id
from server.wiring import System
from tests import seeds
from tests.sign_in.hostile import HostileProvider, finished, hostile_provider
from tests.sign_in.providers import doorward_at, visit

pytestmark = pytest.mark.anyio
ROLES = {"it admins": Role.ADMINISTRATOR, "audit": Role.AUDITOR}


@pytest.fixture
def provider() -> Iterator[HostileProvider]:
    with hostile_provider() as running:
        yield running


@pytest.mark.parametrize("database_url", ["memory"], indirect=True)
async def test_a_sign_in_undoes_nothing_that_was_decided_by_hand(
    system: System, provider: HostileProvider
) -> None:
    doorward = doorward_at(system, provider.issuer, oidc_roles=ROLES)
    provider.claims = {"given_name": "Eve", "groups": ["it admins"]}
    person_id = PersonId(await finished(doorward, provider, await visit(doorward)))

    def roles() -> tuple[Role, ...]:
        row = system.reads.blocking(lambda rows: person_by_id(rows, person_id))
        return row.roles if row else ()

    assert roles() == (Role.ADMINISTRATOR, Role.EMPLOYEE)
    await system.bus.execute(GrantRole(seeds.BOB, Role.ADMINISTRATOR), seeds.CONTEXT)
    await system.bus.execute(RevokeRole(person_id, Role.ADMINISTRATOR), seeds.CONTEXT)
    await system.bus.execute(GrantRole(person_id, Role.APPROVER), seeds.CONTEXT)
    provider.claims = {"given_name": "Eve", "groups": ["it admins", "audit"]}
    assert await finished(doorward, provider, await visit(doorward)) == person_id
    assert roles() == (Role.APPROVER, Role.AUDITOR, Role.EMPLOYEE)
    provider.claims = {"given_name": "Eva"}
    await finished(doorward, provider, await visit(doorward))
    for role in (Role.APPROVER, Role.ADMINISTRATOR):
        await system.bus.execute(ReleaseRole(person_id, role), seeds.CONTEXT)
    assert roles() == (Role.ADMINISTRATOR, Role.AUDITOR, Role.EMPLOYEE)
    await system.bus.execute(GrantRole(person_id, Role.APPROVER), seeds.CONTEXT)
    provider.claims = {"given_name": "Eve", "groups": []}
    await finished(doorward, provider, await visit(doorward))
    assert roles() == (Role.APPROVER, Role.EMPLOYEE)
