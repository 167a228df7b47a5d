"""What people type, and what they find, on every database."""

from __future__ import annotations

import pytest

from projections.catalog.search.findings import Match
from tests.catalog.shelf import Shelf, app, ids, permission

OFFICE = (
    app("salesforce", "Salesforce", "Customers, deals and their reports.", categories=("CRM",)),
    permission("salesforce:reports", "Salesforce / Sales Reports Viewer", "See dashboards."),
    permission("salesforce:rep", "Salesforce / Sales Rep", "Work on deals."),
    app("github", "GitHub", "Source code and pull requests.", categories=("Engineering",)),
    permission("github:write", "GitHub / Payments backend write", "Push to payments."),
    app("aws", "Amazon Web Services", "Cloud.", categories=("Cloud", "Engineering")),
    permission("aws:s3-read", "AmazonS3ReadOnlyAccess", "Read all buckets."),
    permission("aws:admin", "AdministratorAccess", "Everything."),
    app("power-bi", "Power BI", "Reports for everybody.", categories=("Analytics",)),
    app("workday", "Workday", "Payroll, time off, org chart.", categories=("People",)),
    app("bamboo", "BambooHR", "Employee records.", categories=("People",)),
    app("zoom", "Zoom", "Video meetings."),
)


@pytest.fixture
def office(shelf: Shelf) -> Shelf:
    shelf.put(*OFFICE)
    return shelf


@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("salesforce", "salesforce"),
        ("SALESFORCE", "salesforce"),
        ("Sälesforce", "salesforce"),
        ("saleforce", "salesforce"),
        ("slaesforce", "salesforce"),
        ("sales force", "salesforce"),
        ("salesf", "salesforce"),
        ("git hub", "github"),
        ("git", "github"),
        ("powerbi", "power-bi"),
        ("CRM", "salesforce"),
        ("payslips", "workday"),
        ("Urlaub beantragen", "workday"),
        ("video conferencing", "zoom"),
        ("where can I see my payroll please", "workday"),
        ("I need access to zoom so I can prepare the payroll workshop", "zoom"),
        ("AWS", "aws"),
        ("bamboo", "bamboo"),
        ("pull request", "github"),
        ("payroll NOT zoom -github", "workday"),
    ],
)
def test_the_best_app_is_the_one_that_is_meant(office: Shelf, query: str, best: str) -> None:
    assert ids(office.apps(query))[0] == best


@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("view sales reports", "salesforce:reports"),
        ("Salesforce / Sales Reports Viewer", "salesforce:reports"),
        ("Sales Reports Viewer", "salesforce:reports"),
        ("read only s3", "aws:s3-read"),
        ("amazons3readonlyaccess", "aws:s3-read"),
        ("AdministratorAccess", "aws:admin"),
        ("push code to payments", "github:write"),
        ("salesforce rep", "salesforce:rep"),
    ],
)
def test_the_best_permission_is_the_one_that_is_meant(
    office: Shelf, query: str, best: str
) -> None:
    assert ids(office.permissions(query))[0] == best


def test_an_app_is_found_by_its_permissions_and_names_them(office: Shelf) -> None:
    found = office.apps("payments backend")
    assert ids(found)[0] == "github"
    assert found.hits[0].parts == ("github:write",)


def test_what_is_called_just_so_comes_before_what_only_holds_the_words(shelf: Shelf) -> None:
    shelf.put(
        app("a", "Board"),
        app("b", "Board board", "Board of the board."),
        app("c", "The board of boards", "Board, board, board."),
    )
    assert ids(shelf.apps("board"))[0] == "a"


def test_a_misspelt_word_is_said_to_be_so_and_a_strange_one_to_be_unmatched(
    office: Shelf,
) -> None:
    found = office.apps("saleforce zebra")
    assert ids(found)[0] == "salesforce"
    assert dict(found.corrected) == {"saleforce": "salesforce"}
    assert found.unmatched == ("zebra",)


@pytest.mark.parametrize(
    ("query", "match"),
    [
        ("salesforce", Match.STRONG),
        ("nuclear reactor simulator reports", Match.WEAK),
        ("nuclear reactor simulator", Match.NONE),
        ("", Match.NONE),
        ("?!", Match.NONE),
    ],
)
def test_a_search_says_how_well_it_was_met(office: Shelf, query: str, match: Match) -> None:
    assert office.apps(query).match is match


def test_several_phrasings_are_fused_and_what_one_met_is_not_unmatched(office: Shelf) -> None:
    found = office.apps("zebra payroll", "time off", "org chart")
    assert ids(found)[0] == "workday"
    assert found.unmatched == ("zebra",)
    both = office.apps("salesforce", "zoom")
    assert set(ids(both)[:2]) == {"salesforce", "zoom"}
    assert both.match is Match.STRONG


def test_asking_twice_the_same_is_asking_once(office: Shelf) -> None:
    assert office.apps("zoom", "zoom") == office.apps("zoom")


def test_a_search_can_be_of_one_app_or_one_category_or_leave_something_out(office: Shelf) -> None:
    assert ids(office.permissions("read", app_id="aws")) == ["aws:s3-read"]
    assert ids(office.permissions("sales", app_id="aws")) == []
    assert ids(office.apps("code", category="engineering")) == ["github"]
    assert ids(office.apps("payroll", category="Engineering")) == []
    assert ids(office.apps("buckets", category="Cloud")) == ["aws"]
    assert ids(office.apps("buckets", category="People")) == []
    without = frozenset({"salesforce:reports"})
    assert "salesforce:reports" not in ids(office.permissions("sales", without=without))


def test_words_of_grammar_alone_are_searched_for_what_they_are(shelf: Shelf) -> None:
    shelf.put(app("who", "The Who"), app("it", "IT desk", "Help."))
    assert ids(shelf.apps("the who"))[0] == "who"
    assert ids(shelf.apps("IT")) == ["it"]


def test_a_person_of_very_many_groups_is_served_as_any(shelf: Shelf) -> None:
    groups = tuple(f"g{at}" for at in range(600))
    shelf.put(*(app(f"desk-{at}", f"Desk {at}", audience=f"g{at}") for at in range(600)))
    assert ids(shelf.apps("desk 555", groups=groups))[0] == "desk-555"
    assert ids(shelf.apps("desk 555", groups=groups[:300]))[0] != "desk-555"


def test_writing_without_blanks_is_found_in_the_middle(shelf: Shelf) -> None:
    shelf.put(app("kyuyo", "給与明細システム", "毎月の給与"), app("kaigi", "会議室予約"))
    assert ids(shelf.apps("給与明細")) == ["kyuyo"]
    assert ids(shelf.apps("会議")) == ["kaigi"]


def test_equally_good_ones_come_in_a_fixed_order(shelf: Shelf) -> None:
    shelf.put(app("b", "Desk one"), app("a", "Desk two"), app("c", "Desk no. 3"))
    assert ids(shelf.apps("desk")) == ["a", "b", "c"]


def test_more_are_never_ranked_than_are_worth_it(shelf: Shelf) -> None:
    shelf.fill(app(f"desk-{at}", f"Desk {'x' * (at % 7)} {at}") for at in range(700))
    assert len(shelf.apps("desk").hits) == 300
    assert ids(shelf.apps("desk 699"))[0] == "desk-699"
