"""The shape of every aggregate: a pure `decide`, a pure `evolve`, and where its streams live.

A decider never reads a clock, draws an id or looks something up. What it must know beyond its own
state comes in as facts, and the facts a decision rested on are written into the event, so that
replay never judges the past again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

State = TypeVar("State")
Command = TypeVar("Command")
Facts = TypeVar("Facts")
Event = TypeVar("Event")


class Unfolded(list[Event], Generic[State, Event]):
    """Events and the state that they lead to, from a decision that had to fold them to go on."""

    __slots__ = ("state",)

    def __init__(self, state: State) -> None:
        """Begin with no event, and the state that is before the first."""
        super().__init__()
        self.state = state


@dataclass(frozen=True, slots=True)
class Decider(Generic[State, Command, Facts, Event]):
    """One aggregate's rules.

    `decide(state, command, facts)` returns the new events in order (none where the wish is
    already fulfilled) or raises a `domain.errors.Refused`; `evolve(state, event)` folds one event
    and never refuses.
    """

    category: str
    initial: State
    decide: Callable[[State, Command, Facts], Sequence[Event]]
    evolve: Callable[[State, Event], State]

    def fold(self, events: Iterable[Event]) -> State:
        """Return the state that `events`, in order and from the first, lead to."""
        state = self.initial
        for event in events:
            state = self.evolve(state, event)
        return state

    def after(self, state: State, decided: Sequence[Event]) -> State:
        """Return the state after what was decided at `state`."""
        if isinstance(decided, Unfolded):
            return cast("State", decided.state)
        for event in decided:
            state = self.evolve(state, event)
        return state
