"""The loops behind the scenes, each under its duty: of all processes that share a database, one at a time runs
it. `Rota.status` says which duties this process has, and which of its loops fail."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from functools import partial

from domain.duties import (
    CHECKPOINTS,
    EMBEDDING,
    MAIL,
    PUBLISHING,
    READING_COMMANDS,
    SWEEPING,
    TIMERS,
    WEBHOOKS,
)
from domain.ports import AnswerCommand, Publisher
from server.duties import Watch
from server.outgoing import deliveries, mail_delivery
from server.semantic.embedding import Embedding
from server.sweeping import Sweeping
from server.timers import Timers
from server.wiring import System

Loop = Callable[[], Awaitable[None]]


def watches(
    system: System, publisher: Publisher | None, answer: AnswerCommand
) -> Iterator[tuple[Watch, Loop]]:
    """Yield the watches of a server and the loop that each runs; `answer` takes commands from NATS."""
    watch = system.rota.watch
    for one in system.followers:
        yield watch(one.duty), one.run
    if publisher is not None:
        publishing = watch(PUBLISHING)
        yield publishing, partial(publisher.run, publishing.fence)
    reader = system.nats.reader(answer)
    if reader is not None:
        yield watch(READING_COMMANDS), reader.run
    timers = Timers(system.bus, system.reads, system.clock, system.new_id)
    system.growth.tell(timers.wake)
    yield watch(TIMERS), timers.run
    yield watch(WEBHOOKS), deliveries(system).run
    yield watch(MAIL), mail_delivery(system).run
    yield watch(CHECKPOINTS), system.checkpointing.run
    sweeping = watch(SWEEPING)
    yield sweeping, Sweeping(sweeping, system.reads, system.store, system.clock).run
    if system.meaning is not None:
        embedding = watch(EMBEDDING)
        yield embedding, Embedding(embedding, system.reads, system.meaning.embedder).run
