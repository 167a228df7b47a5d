"""One who listens: what he asked for, and what he is to be told when his stream takes more. It lives on the
event loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

from domain.ports import Rows
from server.bearer import AccessGrant
from server.mcp.subscriptions.wishes import PROMPTS, TOOLS, Notice, Wishes

Tools = tuple[str, ...]
Standing = Callable[[Rows, Wishes], Tools | None]
"""Finds the tools that there are for the bearer of a token now; None where it is not good, or not for these
wishes."""


class Ending(StrEnum):
    """Why a stream ends."""

    LEFT = "client_left"
    SLOW = "too_slow"
    """He took no more of what was sent to him, and was cut off or went."""
    UNADMITTED = "token_ended"
    """His token is no longer good for this."""
    STOPPING = "server_stops"
    FAILED = "failed"


class Subscriber:
    """One stream."""

    def __init__(
        self,
        grant: AccessGrant,
        wishes: Wishes,
        expires_at: datetime,
        standing: Standing,
        resource: str = "",
    ) -> None:
        """`expires_at` is the end of his token; `resource` is the path at which he listens."""
        self.grant = grant
        self.resource = resource
        self.wishes = wishes
        self.expires_at = expires_at
        self._standing = standing
        self.ending: Ending | None = None
        self._tools: Tools | None = None
        self._untold: dict[Notice, None] = {}
        self._woken = asyncio.Event()

    @property
    def ended(self) -> bool:
        """Whether the stream is to end."""
        return self.ending is not None

    @property
    def names(self) -> tuple[str, ...]:
        """Of what a change makes him doubtful."""
        grant = self.grant
        return (grant.person.person_id, grant.consent_id, grant.family_id)

    def standing(self, rows: Rows) -> Tools | None:
        """Find the tools that there are for him now; None where he may listen no longer."""
        return self._standing(rows, self.wishes)

    def tell(self, notice: Notice) -> None:
        """Have it told, once, if he asked for it."""
        if self.wishes.takes(notice):
            self._untold[notice] = None
            self._woken.set()

    def honour(self, wishes: Wishes) -> None:
        """Tell no more than this from now on, of what has come meanwhile as well."""
        self.wishes = wishes
        self._untold = {one: None for one in self._untold if wishes.takes(one)}

    def begin(self, tools: Tools) -> None:
        """Take what `standing` found first, unless a later look has come before it."""
        if self._tools is None:
            self._tools = tools

    def stands(self, tools: Tools | None) -> None:
        """Take what `standing` has found since; who is admitted no longer is told nothing more."""
        if tools is None:
            self._untold.clear()
            self.end(Ending.UNADMITTED)
        elif self._tools is None:
            self._tools = tools
        elif tools != self._tools:
            self._tools = tools
            # A prompt is there for whoever has the tools that it leads to.
            self.tell(TOOLS)
            self.tell(PROMPTS)

    def take(self) -> tuple[Notice, ...]:
        """Return what is to be told now."""
        self._woken.clear()
        taken = tuple(self._untold)
        self._untold.clear()
        return taken

    def end(self, why: Ending) -> None:
        """Have the stream end; the first reason is the one that counts."""
        self.ending = self.ending or why
        self._woken.set()

    async def woken(self, seconds: float) -> None:
        """Wait until there is something to do, or for so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()
