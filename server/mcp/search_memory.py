"""What searches have found, remembered for as long as the index stays as it is: many people ask the same
few things, and a search costs ten times what it takes to show its page. Remembered is what the index
and the catalog's own tables say to those in certain audiences; whether a person is in them, and what
he holds, is looked up each time. Both change in one transaction with the index's edition
(`server.follower`), so that the edition alone tells whether something is still so."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

MOST_WEIGHT = 20_000
"""Hits in memory: some ten megabytes."""
Found = TypeVar("Found")


class SearchMemory(Generic[Found]):
    """Remembers findings of one state of the index; those asked for last stay longest."""

    def __init__(self, weight: Callable[[Found], int], most: int = MOST_WEIGHT) -> None:
        """`weight` says how much of the room a finding takes."""
        self._weigh = weight
        self._most = most
        self._weight = 0
        self._state: object = None
        self._known: OrderedDict[Hashable, Found] = OrderedDict()
        self._lock = threading.Lock()

    def found(self, state: object, question: Hashable, find: Callable[[], Found]) -> Found:
        """Return what the index in this state says, by finding it or from memory."""
        with self._lock:
            if state == self._state and question in self._known:
                self._known.move_to_end(question)
                return self._known[question]
        found = find()
        with self._lock:
            self._remember(state, question, found)
        return found

    def _remember(self, state: object, question: Hashable, found: Found) -> None:
        if state != self._state:
            self._known.clear()
            self._state, self._weight = state, 0
        weight = self._weigh(found)
        if weight > self._most or question in self._known:
            return
        self._known[question] = found
        self._weight += weight
        while self._weight > self._most:
            self._weight -= self._weigh(self._known.popitem(last=False)[1])
