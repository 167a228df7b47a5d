"""Which patterns a form field may have: those that are decided soon, whatever somebody answers."""

from __future__ import annotations

import pytest

from domain.policy.patterns import fault_of

GROUP = "repeats a group; repeat single characters"
BACK = "looks around or back at what it has matched"
OFTEN = "repeats too often for answers of 500 characters; give a smaller maxLength"


@pytest.mark.parametrize(
    "pattern",
    [
        "^OPS-",
        "^[A-Z]{2,10}-[0-9]+$",
        r"^\d{4}-\d{2}-\d{2}$",
        "^(OPS|SEC|IT)-[0-9]{1,6}$",
        "^(?:INC)?[0-9]+$",
        "(?i)^yes$",
        r"^\(draft\)\*+$",
        "[)*(]{3}",
        "^.{50,}$",
        r"^https?://tickets\.example/[a-z0-9]+$",
        "",
    ],
)
def test_what_people_write_may_be_used(pattern: str) -> None:
    assert fault_of(pattern, 500) == ""


@pytest.mark.parametrize(
    ("pattern", "fault"),
    [
        ("(", "is no regular expression"),
        ("a{99999999999999999999}", "is no regular expression"),
        ("(" * 3_000, "is no regular expression"),
        ("^(a+)+$", GROUP),
        ("^(a|a)*$", GROUP),
        (r"^(?:\d{4}-){3}$", GROUP),
        ("(a?){20}", GROUP),
        (r"([)]a)*?b", GROUP),
        (r"^(a+)\1$", BACK),
        ("(?=a+)b", BACK),
        ("(?<!a)b", BACK),
        ("(?P<x>a)(?P=x)", BACK),
        (r"\w*\w*\w*x", OFTEN),
        ("a?" * 25 + "a" * 25, "has more than 12 groups and optional parts"),
    ],
)
def test_what_could_take_for_ever_may_not(pattern: str, fault: str) -> None:
    assert fault_of(pattern, 500) == fault


def test_short_answers_may_be_looked_at_more_closely() -> None:
    assert fault_of(r"^\w+@\w+\.\w+$", 100) == ""
    assert fault_of(r"^\w+@\w+\.\w+$", 119) != ""


@pytest.mark.parametrize("pattern", ["[]*+]", "[^]*+]", r"[\]*+]", r"[)*\\]", "[(+]", "[a*]b]"])
def test_signs_in_a_set_repeat_nothing(pattern: str) -> None:
    assert fault_of(pattern, 500_000) == ""
