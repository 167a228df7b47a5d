"""The unit of work of a past moment: the very one of the command bus, over a store in memory. Events come from
the log, commands only say what they would lead to."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from domain.decider import Decider
from domain.envelope import Envelope, Recorded
from domain.ports import Transaction
from domain.values import StreamId
from projections.projection import Projection
from server.command_bus import CommandContext, Executed, UnitOfWork
from server.handlers import HANDLERS
from server.scratch import Scratch, scratch_tables

DECIDERS: Mapping[str, Decider[Any, Any, Any, Any]] = {
    one.decider.category: one.decider for one in HANDLERS.values()
}
SUPPOSED = "supposed"
"""Stands for the ids of events that nobody keeps."""


class _TakenBack(Exception):  # noqa: N818 - says what happened
    """What was supposed is over."""


class PastWork(UnitOfWork):
    """What was known at a moment of the past, which `take` moves on."""

    def __init__(self, transaction: Transaction, projections: Sequence[Projection]) -> None:
        """`projections` are the inline ones: what the facts of commands are read from."""
        super().__init__(HANDLERS, projections, lambda: SUPPOSED, {})
        self._heard: list[object] | None = None
        self.begin(transaction)

    def execute(
        self, command: object, context: CommandContext, *, dry_run: bool = True
    ) -> Executed:
        """Return what a command leads to at this moment; nothing is appended."""
        del dry_run
        if self._heard is not None:
            self._heard.append(command)
            return Executed(StreamId(""), 0, self.head, (), changed=False)
        return super().execute(command, context, dry_run=True)

    def overhear(
        self,
        react: Callable[[UnitOfWork, Any, CommandContext], None],
        event: object,
        context: CommandContext,
    ) -> Sequence[object]:
        """Return the commands that a reaction to an event gives at this moment."""
        heard: list[object] = []
        self._heard = heard
        try:
            react(self, event, context)
        finally:
            self._heard = None
        return heard

    def take(self, run: Sequence[Recorded]) -> None:
        """Let these events have happened."""
        self.keep()
        self._transaction.append([one.envelope for one in run])
        self._project(run)
        self._transaction.settle()
        for recorded in run:
            self._lookups.moving(recorded.envelope.stream)
            self._evolve(recorded.envelope)
        self._states.commit()
        self._lookups.begin()

    def _evolve(self, envelope: Envelope) -> None:
        """Move the state on that is in memory; another is loaded when it is asked for."""
        decider = DECIDERS.get(envelope.stream.partition("-")[0])
        known = self._states.find(envelope.stream)
        if decider is not None and known is None and envelope.version == 1:
            known = (0, decider.initial)
        if decider is not None and known is not None:
            state = decider.evolve(known[1], envelope.event)
            self._states.batch[envelope.stream] = (envelope.version, state)

    @contextmanager
    def supposing(self, commands: Iterable[object], context: CommandContext) -> Iterator[None]:
        """Let these commands have been executed, inside the block alone; raises what they are
        refused with."""
        self.keep()
        self._states.commit()
        try:
            with contextlib.suppress(_TakenBack), self._transaction.savepoint():
                for command in commands:
                    super().execute(command, context)
                yield
                raise _TakenBack
        finally:
            self.drop()
            self._lookups.begin()


@contextmanager
def past(scratch: Scratch, projections: Sequence[Projection]) -> Iterator[PastWork]:
    """Open the moment before the first event; `scratch` opens an empty store in memory."""
    schema = [statement for one in projections for statement in one.schema]
    with scratch_tables(scratch, schema) as transaction:
        yield PastWork(transaction, projections)
