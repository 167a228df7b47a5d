"""A catalog from a spreadsheet."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.catalog.csv_file import CsvFile
from server.catalog.entries import BadCatalog
from server.catalog.source import Catalog, gathered

HEAD = "app_id,app_name,app_categories,permission_id,label,description\n"


def read(content: str | bytes) -> Catalog:
    return gathered(CsvFile(io.BytesIO(content.encode() if isinstance(content, str) else content)))


def test_a_line_is_a_permission_and_the_first_describes_its_app() -> None:
    catalog = read(
        "\ufeff" + HEAD + "crm,Sales CRM,Sales; Support,crm:r,Reader,See\n"
        'crm,,,crm:w,"Writer, whole",a\x85b\n'
        "crm,Sales CRM,,crm:a,Admin,\n"
        "wiki,Wiki,,,,\n",
    )
    assert {key: app.name for key, app in catalog.apps.items()} == {
        "crm": "Sales CRM",
        "wiki": "Wiki",
    }
    assert catalog.apps["crm"].categories == ("Sales", "Support")  # type: ignore[index]
    assert [one.label for one in catalog.permissions.values()] == [
        "Reader",
        "Writer, whole",
        "Admin",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the column app_id is missing"),
        ("name\nx\n", "there is no column 'name'; there are: app_id"),
        (HEAD + "crm,CRM\n", "line 2: it has more or fewer fields"),
        (HEAD + "crm,CRM,,,,,,\n", "line 2: it has more or fewer fields"),
        (HEAD + "crm,,,,,\n", "line 2 (id 'crm'), field name"),
        (HEAD + ",CRM,,,,\n", "line 2 (id ''), field id"),
        (HEAD + "crm,CRM,,a,A,\ncrm,Other,,b,B,\n", "line 3 (id 'crm'), field app_name: another"),
        (HEAD + "crm,CRM,,a,A,\ncrm,,,a,A,\n", "line 3 (id 'a'), field id: it stands"),
        (HEAD + "crm,CRM,,,A,\n", "line 2 (id 'crm'), field permission_id: it is empty"),
        (HEAD + 'crm,"CRM\n', "not a CSV file"),
        (HEAD.encode() + b"crm,\xff,,,,\n", "it is not UTF-8"),
        (HEAD + f"crm,{'x' * 70_000},,,,\n", "not a CSV file"),
    ],
)
def test_a_bad_file_is_refused_with_line_and_field(content: str | bytes, message: str) -> None:
    with pytest.raises(BadCatalog) as caught:
        read(content)
    assert message in str(caught.value)


@settings(max_examples=200)
@given(content=st.binary(max_size=80) | st.text(max_size=80).map(lambda one: HEAD + one))
def test_no_bytes_are_more_than_a_bad_file(content: str | bytes) -> None:
    try:
        read(content if isinstance(content, bytes) else content.encode("utf-8", "replace"))
    except BadCatalog as refusal:
        assert str(refusal)
