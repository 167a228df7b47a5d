"""Words as search takes them: parted, brought to their stems, corrected, said otherwise, highlighted."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.catalog.search.analysis import MOST_STEMS, MOST_TERM, stem, stems, whole
from projections.catalog.search.highlighting import highlights, marked
from projections.catalog.search.morphology import related
from projections.catalog.search.query_words import understand
from projections.catalog.search.spelling import letters, slips
from projections.catalog.search.thesaurus import BadThesaurus, parse_thesaurus, shipped
from server.catalog.thesaurus_file import ThesaurusFile


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sales Reports Viewer", ["sale", "report", "viewer"]),
        ("AmazonS3ReadOnlyAccess", ["amazons3readonlyaccess", "amazon", "s3", "read", "only", "access"]),
        ("IAMFullAccess", ["iamfullaccess", "iam", "full", "access"]),
        ("user_id-token", ["user", "id", "token"]),
        ("ADMIN", ["admin"]),
        ("GitHub", ["github", "git", "hub"]),
        ("Nómina électronique", ["nomina", "electronique"]),
        ("\uff21\uff37\uff33", ["aws"]),
        ("companies' statuses", ["company", "statuse"]),
        ("status bus analysis", ["status", "bus", "analysis"]),
        ("給与明細", ["給与", "与明", "明細"]),
        ("S3バケット", ["s3", "ハケ", "ケッ", "ット"]),
        ("a1\x00b2 \ud800", ["a1", "b2"]),
        ("", []),
    ],
)  # fmt: skip
def test_text_becomes_stems(text: str, expected: list[str]) -> None:
    assert stems(text) == expected


@given(st.text())
def test_any_text_becomes_bounded_stems_without_blanks(text: str) -> None:
    found = stems(text)
    assert len(found) <= MOST_STEMS
    assert all(one and len(one) <= MOST_TERM and not one.split()[1:] for one in found)
    assert whole(text) == whole(text.upper().lower()) or not text.isascii()
    assert all(stem(one) for one in found)


@given(st.text(), st.sets(st.sampled_from(["sale", "report", "a", "b"])))
def test_highlights_are_in_order_do_not_overlap_and_lose_nothing(
    text: str, terms: set[str]
) -> None:
    spans = highlights(text, terms)
    assert all(start < end for start, end in spans)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
    assert "".join(piece for piece, _ in marked(text, terms)) == text


def test_a_highlight_is_a_whole_word_as_it_was_written() -> None:
    assert marked("Sales-Reports, SalesForce.", {"sale"}) == (
        ("Sales", True),
        ("-Reports, ", False),
        ("SalesForce", True),
        (".", False),
    )
    assert marked("給与明細", {"給与", "与明"}) == (("給与明", True), ("細", False))


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("I need access to an app that lets me view sales reports so I can prepare the all-hands",
         {"view": 1.0, "sale": 1.0, "report": 1.0, "prepare": 0.25, "hand": 0.25}),
        ("IT ticketing", {"it": 1.0, "ticketing": 1.0}),
        ("I NEED IT NOW", {"need": 0.25, "now": 1.0}),
        ("the who", {"the": 1.0, "who": 1.0}),
        ("access", {"access": 1.0}),
        ('"sales" AND (reports* OR NOT -dash)', {"sale": 1.0, "report": 1.0}),
        ("read-only", {"read": 1.0, "only": 1.0}),
        ("", {}),
    ],
)  # fmt: skip
def test_a_query_is_understood(query: str, said: dict[str, float]) -> None:
    understood = {one.stem: one.weight for one in understand(query) if one.weight}
    assert said.items() <= understood.items()
    assert "need" not in said or "i" not in understood
    assert len(understand("word " * 500)) == 32


@pytest.mark.parametrize(
    ("one", "other", "most", "apart"),
    [
        ("salesforce", "salesforce", 2, 0),
        ("saleforce", "salesforce", 1, 1),
        ("slaesforce", "salesforce", 1, 1),
        ("kubernets", "kubernetes", 2, 1),
        ("confluance", "confluence", 2, 1),
        ("abcd", "badc", 2, 2),
        ("abcdef", "uvwxyz", 2, None),
        ("abc", "abcdef", 2, None),
    ],
)
def test_slips_are_counted(one: str, other: str, most: int, apart: int | None) -> None:
    assert slips(one, other, most) == slips(other, one, most) == apart


@given(st.text(max_size=12), st.text(max_size=12))
def test_words_some_slips_apart_differ_in_few_letters(one: str, other: str) -> None:
    apart = slips(one, other, 24)
    assert apart is not None
    assert (letters(one) ^ letters(other)).bit_count() <= 2 * apart


def test_words_of_one_family_are_related() -> None:
    assert related("reporting", "report")
    assert related("billing", "bill")
    assert related("administrator", "administration")
    assert not related("port", "report")
    assert not related("on", "one")


def test_the_shipped_thesaurus_is_good_and_says_more_than_one_step() -> None:
    thesaurus = parse_thesaurus(shipped())
    assert ("payroll",) in thesaurus.others["payslip",]
    assert ("vacation",) in thesaurus.farther["urlaub",]
    assert list(thesaurus.at(["who", "on", "call"], 1))[0] == (2, ("on", "call"))  # noqa: RUF015


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = b\nwrong", "line 2: a rule is a = b, or a > b, c"),
        ("a = b > c", "line 1: = and > do not go together"),
        ("# fine\na = ", "line 2: '' is not one to 4 words"),
        ("a > one two three four five six seven eight nine", "line 1: 'one two three"),
        ("a > " + ", ".join(map(str, range(60))), "line 1: more than 50 phrases"),
        ("a = b\n" * 20_001, "line 20001: more than 20000 lines"),
    ],
)
def test_a_bad_thesaurus_names_its_line(text: str, message: str) -> None:
    with pytest.raises(BadThesaurus) as caught:
        parse_thesaurus(text)
    assert message in str(caught.value)


def test_an_administrators_file_is_read_again_when_it_changes_and_a_bad_one_is_not_taken(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "words.txt"
    file.write_text("sfdc = salesforce\n")
    thesaurus = ThesaurusFile(file)
    assert thesaurus().others["sfdc",] == (("salesforce",),)
    file.write_text("the lift > elevator\n")
    assert thesaurus().others["the", "lift"] == (("elevator",),)
    file.write_bytes(b"\xff\xfe bad")
    assert thesaurus().others["the", "lift"] == (("elevator",),)
    assert "the thesaurus stays as it was" in caplog.text
    file.unlink()
    assert thesaurus().others["the", "lift"] == (("elevator",),)
    with pytest.raises(OSError, match="No such file"):
        ThesaurusFile(file)
