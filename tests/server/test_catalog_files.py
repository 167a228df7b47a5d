"""Catalog files: read whole or not at all, imported by comparison, exported as they were."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server import demo
from server.catalog.entries import BadCatalog
from server.catalog.exporting import export_catalog
from server.catalog.file import format_catalog, parse_catalog
from server.operations.catalog import catalog_import
from server.operations.read_models import rebuild_all
from server.wiring import System

DEMO = (Path(demo.__file__).parent / "catalog-demo.json").read_bytes()
APP = {"id": "crm", "name": "CRM"}
ROLE = {"id": "crm:reader", "app_id": "crm", "label": "Reader"}


def file(apps: list[Any], permissions: list[Any]) -> bytes:
    return json.dumps({"apps": apps, "permissions": permissions}).encode()


def ignore(_progress: object) -> None:
    """Hear progress and say nothing."""


def test_the_demo_catalog_is_good() -> None:
    catalog = parse_catalog(DEMO)
    assert (len(catalog.apps), len(catalog.permissions)) == (182, 375)


def test_what_is_written_reads_back_equal() -> None:
    catalog = parse_catalog(DEMO)
    assert parse_catalog(format_catalog(catalog)) == catalog


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a catalog file"),
        (b"[]", "not a catalog file"),
        (b"\xff\xfe", "not a catalog file"),
        (b'{"apps": {}}', "Expected `array"),
        (b"{}", "not a catalog file: it has no policies, apps or permissions"),
        (b'{"a":' * 5000, "not a catalog file"),
        (file([{"id": "crm"}], []), "apps[0], field record: Object missing required field `name`"),
        (file([APP, {**APP, "id": 7}], []), "apps[1], field id: Expected `str`, got `int`"),
        (file([{**APP, "colour": "red"}], []), "apps[0], field record: Object contains unknown"),
        (file([APP, APP], []), "apps[1] (id 'crm'), field id: it stands in this file twice"),
        (file([{**APP, "id": "a b"}], []), "apps[0] (id 'a b'), field id"),
        (file([{**APP, "name": ""}], []), "apps[0] (id 'crm'), field name"),
        (file([{**APP, "logo_url": "javascript:1"}], []), "field logo_url"),
        (
            file([{**APP, "description": "x" * 5000}], []),
            "field description: description is longer",
        ),
        (file([APP], [{**ROLE, "app_id": "hr"}]), "field app_id: there is no app hr in this file"),
        (file([APP], [ROLE, {**ROLE, "label": None}]), "permissions[1], field label"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_a_bad_file_is_refused_whole_with_record_and_field(content: bytes, message: str) -> None:
    with pytest.raises(BadCatalog) as caught:
        parse_catalog(content)
    assert message in str(caught.value)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_bytes_are_more_than_a_bad_catalog(content: bytes) -> None:
    with pytest.raises(BadCatalog):
        parse_catalog(content)


def test_importing_again_appends_nothing_and_a_change_appends_one_event(system: System) -> None:
    first = catalog_import(system, DEMO, ignore)
    assert (first["added"], first["changed"]) == (560, 0)
    head = system.store.head()
    again = catalog_import(system, DEMO, ignore)
    assert (again["unchanged"], system.store.head()) == (560, head)
    catalog = json.loads(DEMO)
    catalog["apps"][0]["description"] = "Changed."
    changed = catalog_import(system, json.dumps(catalog).encode(), ignore)
    assert (changed["changed"], system.store.head()) == (1, head + 1)


def test_progress_ends_at_the_whole(system: System) -> None:
    heard: list[tuple[int, int]] = []
    catalog_import(system, DEMO, lambda p: heard.append((p["done"], p["total"])))
    assert heard == sorted(heard)
    assert heard[-1] == (560, 560)


def test_a_bad_file_leaves_the_log_as_it_was(system: System) -> None:
    head = system.store.head()
    with pytest.raises(BadCatalog):
        catalog_import(system, file([APP], [{**ROLE, "app_id": "hr"}]), ignore)
    assert system.store.head() == head


def test_an_export_holds_what_was_imported(system: System) -> None:
    catalog_import(system, DEMO, ignore)
    exported, imported = export_catalog(system.store), parse_catalog(DEMO)
    assert imported.apps.items() <= exported.apps.items()
    assert imported.permissions.items() <= exported.permissions.items()
    head = system.store.head()
    catalog_import(system, format_catalog(exported), ignore)
    assert system.store.head() == head


def test_the_demo_can_be_prepared_again_and_again(empty_system: System) -> None:
    demo.prepare(empty_system)
    head = empty_system.store.head()
    password = demo.prepare(empty_system)
    assert empty_system.store.head() == head
    assert len(password) >= 12


def test_rebuilding_reaches_the_head(system: System) -> None:
    assert rebuild_all(system, b"", ignore)["position"] == system.store.head()
