"""What all parts of a simulation share. Time goes from one planned act to the next and never back, and
whatever is drawn, ids included, is drawn from the seed: the same seed gives the same history."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from heapq import heappop, heappush
from typing import Any

from domain.access_request import DECIDER, Request, request_stream
from domain.envelope import Recorded
from domain.events import EVENT_TYPES, Event
from domain.ports import Rows
from domain.values import Actor, RequestId
from projections.projection import Projection
from server.command_bus import CommandContext, Executed, UnitOfWork

MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0
Act = Callable[[], object]
_COUNTED = 34
"""Random bits behind the counter of an id; both together fill the 74 bits that a UUID leaves."""


class Scene:
    """The stage on which everything happens, one act after the other."""

    def __init__(self, seed: int, begins: datetime) -> None:
        """`seed` decides on everything that is left to chance."""
        self.chance = random.Random(seed)
        self.at = begins.timestamp()
        self.now = begins
        self.commands = 0
        self.mix: Counter[str] = Counter()
        self.work: UnitOfWork
        self._bits = random.Random(f"ids of {seed}")
        self._drawn = 0
        self._planned: list[tuple[float, int, Act]] = []
        self._acts = 0
        self._watching: dict[type[Event], list[Callable[[Any], None]]] = {}

    def plan(self, when: float, act: Act) -> None:
        """Let this happen at that moment (seconds since the epoch), or now if it has passed."""
        self._acts += 1
        heappush(self._planned, (max(when, self.at), self._acts, act))

    def step(self, until: float) -> bool:
        """Let the next thing happen; False if nothing is left to happen before `until`."""
        if not self._planned or self._planned[0][0] > until:
            return False
        self.at, _, act = heappop(self._planned)
        self.now = datetime.fromtimestamp(self.at, UTC)
        act()
        return True

    def happens(self, share: float) -> bool:
        """Say whether something happens that does so in this share of all cases."""
        return self.chance.random() < share

    def do(self, command: object, actor: Actor) -> Executed:
        """Execute a command as of now."""
        self.commands += 1
        try:
            return self.work.execute(command, CommandContext(actor, self.now, self.new_id()))
        except Exception as fault:
            fault.add_note(f"the simulation wished: {command}")
            raise

    def request(self, request_id: RequestId) -> Request:
        """Return a request as it stands now."""
        _, state = self.work.state_of(DECIDER, request_stream(request_id))
        if not isinstance(state, Request):
            raise LookupError(request_id)  # noqa: TRY004 - it is not there
        return state

    def new_id(self) -> str:
        """Return a UUID of version 7 at the simulated time; later ones sort after earlier ones."""
        self._drawn += 1
        low = self._drawn << _COUNTED | self._bits.getrandbits(_COUNTED)
        time, high, rest = int(self.at * 1_000), low >> 62, 1 << 63 | low & (1 << 62) - 1
        text = f"{time:012x}7{high:03x}{rest:016x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def new_digest(self) -> str:
        """Return what could be a SHA-256 in hex."""
        return f"{self._bits.getrandbits(256):064x}"

    def watch(self, kind: type[Event], told: Callable[[Any], None]) -> None:
        """Have every event of this kind told, whichever command led to it."""
        self._watching.setdefault(kind, []).append(told)

    def watching(self) -> Projection:
        """Return what must stand among the bus' projections for events to be told."""
        return Projection("watching", (), (), dict.fromkeys(EVENT_TYPES.values(), self._seen))

    def _seen(self, _rows: Rows, _recorded: Recorded, event: Event) -> None:
        self.mix[event.TOPIC] += 1
        for told in self._watching.get(type(event), ()):
            told(event)
