"""Which sign-ins are looked at: who has failed too often waits. The same for every name, known or not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from domain.ports import Clock, Rows
from server.asking import for_ourselves
from server.command_bus import CommandBus, UnitOfWork
from server.limits.failed_sign_ins import Most, count_failure, forget_failures, seconds_to_wait
from server.reads import Reads
from server.telemetry.catalogue import RATE_LIMITED
from server.telemetry.meters import DEAF, Meters

ACCOUNT = Most("account", 5, timedelta(minutes=15))
ACCOUNT_HERE = Most("account and address", 5, timedelta(minutes=15))
ADDRESS = Most("address", 20, timedelta(minutes=1))


@dataclass(frozen=True, slots=True)
class SignInLimits:
    """Counts failed sign-ins. Each question returns the seconds to wait, or None to go on."""

    bus: CommandBus
    reads: Reads
    clock: Clock
    on: bool = True
    """Without it, nothing is counted and nobody waits."""
    meters: Meters = DEAF

    async def before(self, username: str, address: str) -> int | None:
        """Ask before a password is looked at."""
        if not self.on:
            return None
        now, here = self.clock(), _here(username, address)

        def longest(rows: Rows) -> int | None:
            waits = (
                seconds_to_wait(rows, ACCOUNT_HERE, here, now),
                seconds_to_wait(rows, ADDRESS, address, now),
            )
            return max((wait for wait in waits if wait is not None), default=None)

        return self._noted(await self.reads.point_query(longest))

    async def elsewhere(self, username: str) -> int | None:
        """Ask once the password has been looked at, so that time tells nobody for whom the answer
        does not count: an administrator whose password was right."""
        if not self.on:
            return None
        who, now = username.casefold(), self.clock()
        return self._noted(
            await self.reads.point_query(lambda rows: seconds_to_wait(rows, ACCOUNT, who, now))
        )

    def _noted(self, wait: int | None) -> int | None:
        if wait is not None:
            self.meters.count(RATE_LIMITED.name, "sign-in")
        return wait

    async def failed(self, username: str, address: str) -> None:
        """Count a wrong password, or a name that nobody has; whoever hung up has still failed."""
        if not self.on:
            return
        who, here, now = username.casefold(), _here(username, address), self.clock()
        failures = ((ACCOUNT, who), (ACCOUNT_HERE, here), (ADDRESS, address))
        with for_ourselves():
            await self.bus.call(lambda work: count_failure(work.rows, failures, now))

    async def succeeded(self, username: str, address: str) -> None:
        """Forget an account's failures; not those that make others wait, since only an
        administrator can sign in during that time and nobody else may see that one has."""
        if not self.on:
            return
        who, here, now = username.casefold(), _here(username, address), self.clock()

        def forget(work: UnitOfWork) -> None:
            forget_failures(work.rows, ACCOUNT_HERE, here)
            if seconds_to_wait(work.rows, ACCOUNT, who, now) is None:
                forget_failures(work.rows, ACCOUNT, who)

        await self.bus.call(forget)


def _here(username: str, address: str) -> str:
    return f"{username.casefold()} {address}"
