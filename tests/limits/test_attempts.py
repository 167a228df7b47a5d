"""Attempts that are counted in memory, by a wall clock that somebody may set."""

from __future__ import annotations

import time

import pytest

from server.limits.attempts import REGISTRATIONS, Attempts


def test_a_clock_that_is_set_back_keeps_nobody_out_and_one_that_runs_on_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real, ahead = time.time, [7_200.0]
    monkeypatch.setattr(time, "time", lambda: real() + ahead[0])
    limits = Attempts(on=True)
    for _ in range(REGISTRATIONS.amount):
        assert limits.registration("203.0.113.7") is None
    assert limits.registration("203.0.113.7") is not None
    ahead[0] = 7_198.0
    assert limits.registration("203.0.113.7") is not None
    ahead[0] = 0.0
    assert limits.registration("203.0.113.7") is None
