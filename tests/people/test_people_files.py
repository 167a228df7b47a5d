"""Files of people: what they say is made so, what they leave out stays, and a bad one changes nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from domain.person import Role
from projections.people import PersonRow, person_by_username
from server.operations import OPERATIONS
from server.people.file import BadPeople, format_people, parse_people
from server.wiring import System

CSV = """username,given_name,manager,groups,roles,disabled,department
dana,Dana,erik,sales; emea,approver,false,Sales
erik,Erik,,,administrator,,
"""


def bring_in(system: System, content: Any, *, dry_run: bool = False) -> dict[str, Any]:
    text = content if isinstance(content, str) else json.dumps(content)
    body = json.dumps({"content": text, "dry_run": dry_run}).encode()
    return OPERATIONS["people import"](system, body, lambda _progress: None)


def person(system: System, username: str) -> PersonRow:
    found = system.reads.blocking(lambda rows: person_by_username(rows, username))
    assert found is not None
    return found


def test_a_table_of_people_is_brought_in_with_managers_named_further_down(system: System) -> None:
    assert bring_in(system, CSV) == {"people": 2, "added": 2, "changed": 0, "unchanged": 0}
    dana, erik = person(system, "dana"), person(system, "erik")
    assert dana.manager == erik.person_id
    assert dana.groups == ("emea", "sales")
    assert dana.roles == (Role.APPROVER, Role.EMPLOYEE)
    assert dana.attributes == (("department", "Sales"),)
    assert erik.roles == (Role.ADMINISTRATOR, Role.EMPLOYEE)


def test_importing_again_appends_nothing_and_a_change_appends_one_event(system: System) -> None:
    bring_in(system, CSV)
    head = system.store.head()
    assert bring_in(system, CSV)["unchanged"] == 2
    assert system.store.head() == head
    changed = bring_in(system, CSV.replace("Sales\n", "Support\n"))
    assert (changed["changed"], system.store.head()) == (1, head + 1)


def test_what_a_record_leaves_out_stays(system: System) -> None:
    before = person(system, "alice")
    done = bring_in(system, {"people": [{"username": "alice", "given_name": "Alicia"}]})
    assert done["changed"] == 1
    after = person(system, "alice")
    assert after.given_name == "Alicia"
    assert (after.groups, after.manager, after.email) == (
        before.groups,
        before.manager,
        before.email,
    )
    assert after.person_id == before.person_id


def test_a_dry_run_says_what_would_change_and_changes_nothing(system: System) -> None:
    head = system.store.head()
    done = bring_in(system, CSV, dry_run=True)
    assert (done["added"], done["dry_run"]) == (2, True)
    assert system.store.head() == head


def test_what_is_exported_reads_back_and_changes_nothing(system: System) -> None:
    bring_in(system, CSV)
    exported = OPERATIONS["people export"](system, b"", lambda _progress: None)["content"]
    head = system.store.head()
    assert bring_in(system, exported)["unchanged"] == len(parse_people(exported))
    assert system.store.head() == head
    assert format_people([person(system, "dana")]).startswith(b"{")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "not a file of people"),
        ("[1, 2]", "not a file of people"),
        ('{"people": [{}]}', "people[0], field record: Object missing required field `username`"),
        ('{"people": [{"username": 7}]}', "people[0], field username"),
        ('{"people": [{"username": "a", "salary": 1}]}', "people[0]"),
        ('{"people": [{"username": "a"}, {"username": "a"}]}', "stands there twice"),
        ('{"people": [{"username": "a b"}]}', "username holds characters"),
        ('{"people": [{"username": "a", "manager": "nobody"}]}', "nobody is called 'nobody'"),
        ('{"people": [{"username": "a", "roles": ["king"]}]}', "roles[0]"),
        ('{"people": [{"username": "alice", "id": "other"}]}', "field id"),
        ('{"people": [' * 9_000, "not a file of people"),
        ("username,disabled\na,perhaps\n", "line 2, field disabled"),
        ("username,groups\na\n", "line 2: it has not as many fields"),
        ("username\na,b\n", "line 2: it has not as many fields"),
        ('username\n"a\n', "line"),
        ("username,attr 1\na,x\n", "attribute holds characters"),
    ],
)
def test_a_bad_file_is_named_by_record_and_field_and_changes_nothing(
    system: System, content: str, said: str
) -> None:
    head = system.store.head()
    with pytest.raises(BadPeople) as caught:
        bring_in(system, content)
    assert said in str(caught.value)
    assert system.store.head() == head
