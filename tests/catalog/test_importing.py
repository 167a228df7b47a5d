"""Files brought in: compared, retired where that is asked for, tried without a trace."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from domain.catalog import PermissionChanged, PermissionRetired
from projections.catalog.queries import listed_permissions
from server.catalog.entries import BadCatalog
from server.operations.catalog import import_file
from server.wiring import System
from tests.catalog.test_vendor_files import GITHUB, OKTA


def bring(system: System, path: Path, **wish: object) -> dict[str, Any]:
    heard: list[tuple[int, int]] = []
    body = json.dumps({"path": str(path), **wish}).encode()
    done = import_file(system, body, lambda p: heard.append((p["done"], p["total"])))
    assert heard == sorted(heard)
    assert heard[-1][0] == heard[-1][1]
    return done


def catalog(folder: Path, *permissions: str, app: str = "desk", source: str = "list") -> Path:
    file = folder / "catalog.json"
    content = {
        "apps": [{"id": app, "name": "Desk", "source": source}],
        "permissions": [
            {"id": one, "app_id": app, "label": one, "source": source} for one in permissions
        ],
    }
    file.write_text(json.dumps(content))
    return file


def labels(system: System, app_id: str) -> list[str]:
    with system.store.read() as rows:
        return [one.label for one in listed_permissions(rows, (), app_id=app_id).items]


def test_a_file_is_compared_and_what_is_absent_stays_unless_it_is_to_go(
    system: System, tmp_path: Path
) -> None:
    assert bring(system, catalog(tmp_path, "a", "b", "c"))["added"] == 4
    done = bring(system, catalog(tmp_path, "a", "b"))
    assert (done["unchanged"], labels(system, "desk")) == (3, ["a", "b", "c"])
    done = bring(system, catalog(tmp_path, "a", "b"), retire_absent=True)
    assert (done["unchanged"], done["retired"]) == (3, 1)
    assert labels(system, "desk") == ["a", "b"]
    head = system.store.head()
    bring(system, catalog(tmp_path, "a", "b"), retire_absent=True)
    assert system.store.head() == head


def test_a_file_of_policies_alone_is_taken_and_nothing_is_retired_by_what_it_leaves_out(
    system: System, tmp_path: Path
) -> None:
    bring(system, catalog(tmp_path, "a", "b"))
    file = tmp_path / "more.json"
    file.write_text(json.dumps({"policies": [{"id": "p", "approval": []}]}))
    assert bring(system, file)["added"] == 1
    file.write_text(json.dumps({"apps": [{"id": "desk", "name": "Desk", "source": "list"}]}))
    assert bring(system, file)["unchanged"] == 1
    with pytest.raises(BadCatalog, match="has both apps and permissions"):
        bring(system, file, retire_absent=True)
    assert labels(system, "desk") == ["a", "b"]


def test_another_source_is_never_retired(system: System, tmp_path: Path) -> None:
    bring(system, catalog(tmp_path, "a"))
    bring(system, catalog(tmp_path, "x", app="other", source="elsewhere"), retire_absent=True)
    assert labels(system, "desk") == ["a"]


def test_most_of_a_catalog_is_not_retired_by_mistake(system: System, tmp_path: Path) -> None:
    bring(system, catalog(tmp_path, *map(str, range(40))))
    head = system.store.head()
    with pytest.raises(BadCatalog, match="39 records would be retired and 2 kept"):
        bring(system, catalog(tmp_path, "0"), retire_absent=True)
    assert system.store.head() == head
    done = bring(system, catalog(tmp_path, "0"), retire_absent=True, retire_most=True)
    assert done["retired"] == 39


def test_a_trial_says_what_would_happen_and_leaves_no_trace(
    system: System, tmp_path: Path
) -> None:
    bring(system, catalog(tmp_path, "a", "b"))
    head = system.store.head()
    done = bring(system, catalog(tmp_path, "b", "c"), retire_absent=True, dry_run=True)
    assert (done["added"], done["retired"], done["dry_run"]) == (1, 1, True)
    assert system.store.head() == head
    assert labels(system, "desk") == ["a", "b"]


def test_a_permission_that_moves_between_apps_is_one_change(
    system: System, tmp_path: Path
) -> None:
    file = tmp_path / "catalog.csv"
    head = "app_id,app_name,permission_id,label\n"
    file.write_text(head + "a,App A,p,Role\nb,App B,,\n")
    bring(system, file)
    file.write_text(head + "a,App A,,\nb,App B,p,Role\n")
    assert bring(system, file)["changed"] == 1
    (last,) = system.store.events_after(system.store.head() - 1, 1)
    assert isinstance(last.envelope.event, PermissionChanged)
    assert (labels(system, "a"), labels(system, "b")) == ([], ["Role"])


def test_a_team_that_is_renamed_is_the_same_team_and_one_that_is_gone_is_retired(
    system: System, tmp_path: Path
) -> None:
    file = tmp_path / "github.json"
    file.write_text(json.dumps(GITHUB))
    done = bring(system, file, format="github")
    assert (done["added"], done["skipped"]) == (2, 1)
    (team, secret) = GITHUB["teams"]
    renamed = {**GITHUB, "teams": [{**team, "name": "Money", "slug": "money"}, secret]}
    file.write_text(json.dumps(renamed))
    assert bring(system, file, format="github")["changed"] == 1
    file.write_text(json.dumps({**GITHUB, "teams": [secret]}))
    assert bring(system, file, format="github", retire_absent=True)["retired"] == 1
    (last,) = system.store.events_after(system.store.head() - 1, 1)
    assert isinstance(last.envelope.event, PermissionRetired)


def test_a_vendors_catalog_is_put_under_an_audience_and_a_policy_that_is_there(
    system: System, tmp_path: Path
) -> None:
    file = tmp_path / "okta.json"
    file.write_text(json.dumps(OKTA))
    with pytest.raises(BadCatalog, match="names the policy none; there is none such"):
        bring(system, file, format="okta", policy="none")
    bring(system, file, format="okta", audience="sales")
    with system.store.read() as rows:
        mine = listed_permissions(rows, ("sales",), app_id="okta:groups")
        assert (mine.total, listed_permissions(rows, (), app_id="okta:groups").total) == (1, 0)
    with pytest.raises(BadCatalog, match="say themselves whose they are"):
        bring(system, catalog(tmp_path, "a"), audience="sales")


def test_an_empty_file_is_no_catalog(system: System, tmp_path: Path) -> None:
    file = tmp_path / "empty.json"
    file.touch()
    with pytest.raises(BadCatalog, match="it is empty"):
        bring(system, file)
