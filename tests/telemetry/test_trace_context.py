"""What a stranger sends as `traceparent`, and what of it is kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.trace_context import sampled, span_id, trace_id, traceparent

GOOD = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
HOSTILE = (
    None,
    17,
    b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "",
    "00",
    GOOD.upper(),
    GOOD + "\n",
    GOOD + "-extra",
    " " + GOOD[:-1],
    GOOD.replace("00-4b", "ff-4b"),
    GOOD.replace("00-4b", "01-4b"),
    "00-" + "0" * 32 + "-00f067aa0ba902b7-01",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-" + "0" * 16 + "-01",
    "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0\r",
    "00-\N{FULLWIDTH DIGIT FOUR}bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "alice@example.com wants to write to our GitHub repositories",
)


def test_what_is_of_the_form_is_kept_and_read() -> None:
    kept = traceparent(GOOD)
    assert kept == GOOD
    assert trace_id(kept) == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert span_id(kept) == "00f067aa0ba902b7"
    assert sampled(kept)


def test_flags_that_nobody_has_defined_are_cleared() -> None:
    assert traceparent(GOOD[:-2] + "fe") == GOOD[:-2] + "02"


@pytest.mark.parametrize("sent", HOSTILE, ids=repr)
def test_what_is_not_of_the_form_is_dropped(sent: object) -> None:
    assert traceparent(sent) is None


@given(st.text(max_size=70))
def test_whatever_is_kept_holds_hexadecimal_digits_alone(sent: str) -> None:
    kept = traceparent(sent)
    assert kept is None or set(kept) <= set("0123456789abcdef-")
