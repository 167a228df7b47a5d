"""Two administrators who take the role from each other, or release it, at the same moment, through two
processes' worth of servers on one PostgreSQL: one of them stays."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Barrier

import pytest

from domain.errors import Refused
from domain.person import GrantRole, ReleaseRole, RevokeRole, Role
from domain.values import Actor, PersonId, Via
from projections.memberships import holders_of
from server.command_bus import CommandContext, UnitOfWork
from server.config import Settings
from server.wiring import System, open_system
from tests import seeds
from tests.seeds import BOB, CAROL

ROUNDS = 10


@pytest.mark.parametrize("kind", [RevokeRole, ReleaseRole])
def test_of_two_who_revoke_each_other_at_once_one_stays(
    postgres_url: str, tmp_path: Path, kind: type[RevokeRole | ReleaseRole]
) -> None:
    settings = Settings(data_dir=tmp_path, database_url=postgres_url, nats_url="off")
    with open_system(settings) as one, open_system(settings) as other:
        seeds.seed_system(one)
        for _ in range(ROUNDS):
            for who in (BOB, CAROL):
                one.bus.call_blocking(partial(_do, GrantRole(who, Role.ADMINISTRATOR)))
            start = Barrier(2)
            with ThreadPoolExecutor(2) as threads:
                tried = [
                    threads.submit(_take, system, start, by, kind(whom, Role.ADMINISTRATOR, by))
                    for system, by, whom in ((one, BOB, CAROL), (other, CAROL, BOB))
                ]
            assert sorted(each.result() for each in tried) == [False, True]
            assert len(one.reads.blocking(partial(holders_of, role=Role.ADMINISTRATOR))) == 1


def _take(system: System, start: Barrier, by: PersonId, command: RevokeRole | ReleaseRole) -> bool:
    """Say whether the role was taken."""
    context = CommandContext(Actor(Via.MCP, by), seeds.CONTEXT.now, system.new_id())
    start.wait()
    try:
        system.bus.call_blocking(lambda work: work.execute(command, context))
    except Refused:
        return False
    return True


def _do(command: object, work: UnitOfWork) -> None:
    work.execute(command, seeds.CONTEXT)
