"""Which lengths suit several policies at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.policy import DAY, DEFAULT, HOUR, Policy, check_length, common_lengths, usual_length


def offering(*lengths: int | None) -> Policy:
    return replace(DEFAULT, access_lengths=lengths, default_access_length=lengths[-1])


SLOW, STRICT = offering(8 * HOUR, 30 * DAY, None), offering(4 * HOUR, 2 * HOUR)


@pytest.mark.parametrize(
    ("policies", "lengths"),
    [
        ((STRICT,), (2 * HOUR, 4 * HOUR)),
        ((SLOW,), (8 * HOUR, 30 * DAY, None)),
        ((SLOW, STRICT), (2 * HOUR, 4 * HOUR)),
        ((SLOW, offering(DAY, None)), (8 * HOUR, DAY, None)),
        ((STRICT, offering(None)), ()),
    ],
)
def test_a_length_suits_all_policies_that_take_it(
    policies: tuple[Policy, ...], lengths: tuple[int | None, ...]
) -> None:
    found = common_lengths(policies)
    for one in found:
        for policy in policies:
            check_length(policy, one)
    assert found == lengths


def test_the_usual_length_is_the_shortest_default() -> None:
    assert usual_length((SLOW,)) is None
    assert usual_length((SLOW, STRICT)) == 2 * HOUR
