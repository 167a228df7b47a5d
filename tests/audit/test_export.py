"""Every export is read back, by the reader of its format, and compared with the log."""

from __future__ import annotations

import argparse
import csv
import json
import os
import stat
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet as reader

from adapters.event_codec import Decoder
from adapters.open_store import open_store
from domain.catalog import AppAdded, AppRecord
from domain.envelope import Envelope, Recorded
from domain.events import EVENT_TYPES
from domain.ports import EventStore
from domain.values import Actor, AppId, Client, ClientId, StreamId, Via
from server.audit.export import parquet
from server.audit.export.formats import Format, format_of
from server.audit.export.ocsf_activities import ACTIVITIES
from server.audit.export.parquet import MissingLibrary
from server.audit.export.public_form import Origin
from server.audit.export.table import COLUMNS, row
from server.audit.export.whole_file import UnusableFile, whole_file
from server.audit.export.writing import sought_events
from server.audit.reading import Sought
from server.command_line.audit_export import NoFormat, add_export
from server.config import Settings
from server.wiring import event_app, event_bodies
from tests.times import NOW

SAMPLES = Path(__file__).parents[1] / "samples"
OWN_IDS = {
    "access_request": "r-1", "review": "r-1", "app": "crm", "permission": "crm:reader",
    "person": "p-alice", "consent": "c-1", "token_family": "f-1", "policy": "sales", "group": "g-1",
    "integration": "jira", "resource_server": "reports", "webhook": "siem",
    "feature": "cancel_access_request",
}  # fmt: skip
ALWAYS = {
    "activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid",
}  # fmt: skip
REQUIRED = {
    3001: ALWAYS | {"user"},
    3002: ALWAYS | {"user", "service"},
    3004: ALWAYS | {"entity"},
    3005: ALWAYS | {"user", "privileges"},
    3006: ALWAYS | {"group"},
}
"""By class, what OCSF 1.3 to 1.8 require; of a service and an endpoint, Authentication needs one."""
NAMED = {
    3001: {1: "Create", 6: "Delete"},
    3002: {1: "Logon", 2: "Logoff"},
    3004: {
        1: "Create", 3: "Update", 4: "Delete", 8: "Enable", 9: "Disable", 12: "Suspend",
        13: "Resume",
    },
    3005: {1: "Assign Privileges", 2: "Revoke Privileges"},
    3006: {5: "Delete", 6: "Create"},
}  # fmt: skip
"""By class, the activities of OCSF that are used, as it names them."""


def envelopes() -> Iterator[Envelope]:
    """Every version of every event, each in the stream of its aggregate, openings first."""
    versions: Counter[str] = Counter()
    decoder = Decoder()
    for topic, kind in EVENT_TYPES.items():
        aggregate, _, _ = topic.partition(".")
        stream = StreamId(f"{aggregate}-{OWN_IDS[aggregate]}")
        for schema in range(1, kind.SCHEMA + 1):
            versions[stream] += 1
            state = (SAMPLES / f"{topic}.{schema}.json").read_bytes().strip()
            found = decoder.decode(topic, stream, versions[stream], state)
            number = versions.total()
            at = NOW + timedelta(seconds=number, microseconds=number)
            caused = f"event-{number - 1}" if number % 2 else None
            yield replace(found, event_id=f"event-{number}", recorded_at=at, causation_id=caused)


def append(store: EventStore, *added: Envelope) -> None:
    with store.write() as transaction:
        transaction.append(list(added))


def app_added(name: str, number: int, actor: Actor = Actor(Via.CLI)) -> Envelope:  # noqa: B008 - frozen
    event = AppAdded(AppId(name), AppRecord(name))
    stream = StreamId(f"app-{name}")
    return Envelope(f"more-{number}", stream, 1, NOW, actor, "c", None, event)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    data = tmp_path / "data"
    data.mkdir()
    return Settings(data_dir=data, nats_url="off")


@pytest.fixture
def store(settings: Settings) -> Iterator[EventStore]:
    """A log of all there is, in SQLite."""
    opened = open_store(settings.store_url)
    opened.create([])
    append(opened, *envelopes())
    yield opened
    opened.close()


@pytest.fixture
def log(store: EventStore) -> list[Recorded]:
    return list(store.events_after(0, 10_000))


@pytest.fixture
def origin(settings: Settings, store: EventStore) -> Origin:
    return Origin(store, event_bodies(settings), event_app)


Export = Callable[..., int]


@pytest.fixture
def export(settings: Settings, store: EventStore) -> Export:
    """The command, as it stands behind ``doorward audit``."""
    parser = argparse.ArgumentParser()

    def add_filters(to: argparse.ArgumentParser) -> None:
        to.add_argument("--type")

    def sought_from(_store: EventStore, asked: argparse.Namespace) -> Sought:
        return Sought(kind=asked.type)

    add_export(parser.add_subparsers(), add_filters, sought_from)

    def run(*arguments: object) -> int:
        asked = parser.parse_args(["export", *map(str, arguments)])
        code: int = asked.run(settings, asked)
        return code

    return run


def objects(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_bytes().splitlines()]


def records(export: Export, folder: Path) -> list[dict[str, Any]]:
    assert export(folder / "log.ocsf.jsonl") == 0
    return objects(folder / "log.ocsf.jsonl")


def expected(recorded: Recorded, origin: Origin) -> dict[str, Any]:
    """What the table says of an event, taken from the log and from the public form."""
    one, body = recorded.envelope, json.loads(origin.body(recorded))
    actor = body["data"]["actor"]
    client = actor["client"] or {}
    return {
        "position": recorded.position,
        "time": one.recorded_at,
        "type": one.event.TOPIC,
        "stream": one.stream,
        "version": one.version,
        "event_id": one.event_id,
        "correlation_id": one.correlation_id,
        "causation_id": one.causation_id,
        "actor_subject": actor["subject"],
        "actor_client_id": client.get("client_id"),
        "actor_client_name": client.get("name"),
        "actor_consent": actor["authorization"],
        "actor_service": actor.get("service"),
        "via": actor["via"],
        "app_id": event_app(one.event) or None,
        "request_id": body["data"].get("request_id"),
        "data": json.dumps(body["data"], separators=(",", ":"), ensure_ascii=False),
    }


def test_json_lines_are_the_very_bytes_of_the_public_form(
    export: Export, log: list[Recorded], origin: Origin, tmp_path: Path
) -> None:
    assert export(tmp_path / "log.jsonl") == 0
    lines = (tmp_path / "log.jsonl").read_bytes().split(b"\n")
    assert lines == [*map(origin.body, log), b""]
    assert json.loads(lines[0])["specversion"] == "1.0"


def test_csv_holds_the_log_cell_by_cell(
    export: Export, log: list[Recorded], origin: Origin, tmp_path: Path
) -> None:
    export(tmp_path / "log.csv")
    with (tmp_path / "log.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert tuple(found[0]) == COLUMNS
    for cells, recorded in zip(found, log, strict=True):
        wanted = expected(recorded, origin)
        wanted["time"] = json.loads(origin.body(recorded))["time"]
        assert cells == {name: "" if one is None else str(one) for name, one in wanted.items()}


def test_parquet_holds_the_log_typed(
    export: Export, log: list[Recorded], origin: Origin, tmp_path: Path
) -> None:
    export(tmp_path / "log.parquet")
    table = reader.read_table(tmp_path / "log.parquet")
    assert table.to_pylist() == [expected(one, origin) for one in log]
    types = {field.name: str(field.type) for field in table.schema}
    numbers = {"position": "int64", "version": "int64", "time": "timestamp[us, tz=UTC]"}
    assert types == {name: numbers.get(name, "string") for name in COLUMNS}


def test_parquet_is_written_in_groups_of_rows(
    log: list[Recorded], origin: Origin, tmp_path: Path
) -> None:
    file = tmp_path / "log.parquet"
    with file.open("wb") as opened:
        rows = (row(origin.public(one)) for one in log[:10])
        assert parquet.write(opened, rows, group=4) == 10
        assert not opened.closed
    written = reader.ParquetFile(file)
    groups = [written.metadata.row_group(at).num_rows for at in range(written.num_row_groups)]
    assert groups == [4, 4, 2]
    assert written.read().column("position").to_pylist() == list(range(1, 11))


@pytest.mark.parametrize("name", ["none.jsonl", "none.csv", "none.parquet", "none.ocsf"])
def test_where_nothing_is_sought_a_file_holds_nothing(
    export: Export, tmp_path: Path, name: str
) -> None:
    file = tmp_path / name
    assert export(file, "--type", "nothing") == 0
    if name == "none.parquet":
        assert reader.read_table(file).num_rows == 0
    else:
        header = ",".join(COLUMNS) + "\r\n" if name == "none.csv" else ""
        assert file.read_bytes().decode() == header


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_a_spreadsheet_runs_no_formula_that_somebody_put_into_a_name(
    export: Export, store: EventStore, tmp_path: Path, start: str
) -> None:
    client = Client(ClientId("dw1"), f'{start}"; a, "b"')
    append(store, app_added("n", 1, Actor(Via.MCP, client=client)))
    export(tmp_path / "log.csv", "--after", store.head() - 1)
    with (tmp_path / "log.csv").open(encoding="utf-8", newline="") as file:
        (cells,) = csv.DictReader(file)
    assert cells["actor_client_name"] == f"'{client.name}"
    assert json.loads(cells["data"])["actor"]["client"]["name"] == client.name


def test_every_topic_has_its_activity() -> None:
    assert ACTIVITIES.keys() == EVENT_TYPES.keys()


def test_every_activity_has_the_name_that_ocsf_gives_it() -> None:
    for topic, activity in ACTIVITIES.items():
        if activity.number == 99:
            assert activity.name, topic
        else:
            assert NAMED[activity.of][activity.number] == activity.name, topic


def test_every_record_has_what_its_class_requires(
    export: Export, log: list[Recorded], tmp_path: Path
) -> None:
    found = records(export, tmp_path)
    for record, recorded in zip(found, log, strict=True):
        assert REQUIRED[record["class_uid"]] <= record.keys()
        assert record["type_uid"] == record["class_uid"] * 100 + record["activity_id"]
        assert record["category_uid"] == record["class_uid"] // 1000 == 3
        assert record["metadata"]["product"].keys() == {"name", "vendor_name", "version"}
        assert record["metadata"]["sequence"] == recorded.position
        assert record["metadata"]["uid"] == recorded.envelope.event_id
        assert record["metadata"]["correlation_uid"] == recorded.envelope.correlation_id
        original = datetime.fromisoformat(record["metadata"]["original_time"])
        assert original == recorded.envelope.recorded_at
        assert record["time"] == int(original.timestamp() * 1000)
        assert record["actor"].keys() & {"user", "app_name"}
        for who in ("user", "group", "entity", "resource"):
            assert record.get(who, {"uid": "-"})["uid"]


def topics(records: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the last record of each topic."""
    return {one["metadata"]["event_code"][len("doorward.") : -len(".v1")]: one for one in records}


def test_whoever_gets_or_loses_access_is_named_in_every_record_of_a_request(
    export: Export, tmp_path: Path
) -> None:
    said = topics(records(export, tmp_path))
    for topic, record in said.items():
        if topic.startswith(("access_request.", "review.")):
            assert record["user"] == {"uid": "p-alice"}, topic
            assert record["privileges"] == ["crm:reader"], topic
            assert record["resource"] == {"uid": "crm", "name": "Sales CRM", "type": "app"}
    given, taken = said["access_request.provisioned"], said["access_request.deprovisioned"]
    assert (given["type_uid"], taken["type_uid"]) == (300501, 300502)
    assert given["actor"] == {"user": {"uid": "p-bob"}, "app_name": "jira"}
    assert given["unmapped"]["expires_at"] == "2026-12-02T09:00:00Z"
    assert said["access_request.provisioning_failed"]["status_id"] == 2


def test_what_came_before_the_events_that_are_exported_is_looked_up_in_the_log(
    export: Export, tmp_path: Path
) -> None:
    file = tmp_path / "log.ocsf"
    export(file, "--type", "access_request.approved")
    (approved,) = objects(file)
    assert approved["user"] == {"uid": "p-alice"}
    assert approved["resource"]["name"] == "Sales CRM"
    export(file, "--type", "token_family.code_redeemed", "--force")
    (redeemed,) = objects(file)
    assert redeemed["user"] == {"uid": "p-alice"}
    assert redeemed["service"]["uid"] == "https://r"


def test_sessions_accounts_entities_and_groups_are_told_in_words_of_ocsf(
    export: Export, tmp_path: Path
) -> None:
    said = topics(records(export, tmp_path))
    ended = said["token_family.ended"]
    assert (ended["type_uid"], ended["severity_id"]) == (300202, 4)
    assert ended["session"]["uid"] == said["token_family.opened"]["session"]["uid"] == "f-1"
    assert ended["actor"]["app_name"] == "Claude Code"
    alice = {"uid": "p-alice", "name": "alice", "email_addr": "alice@example.com"}
    assert said["person.registered"]["user"] == alice
    assert said["consent.given"]["user"] == {"uid": "p-alice"}
    assert said["consent.given"]["unmapped"]["scopes"] == ["read"]
    assert said["group.added"]["group"] == {"uid": "g-1", "name": "sales-team"}
    policy = {"uid": "sales", "name": "sales", "type_id": 99, "type": "policy", "version": "1"}
    assert said["policy.published"]["entity"] == policy
    assert said["permission.added"]["entity"]["name"] == "Sales CRM / Reader"
    assert said["access_request.submitted"]["severity_id"] == 3


def test_nothing_of_an_event_is_lost_in_its_record(
    export: Export, log: list[Recorded], origin: Origin, tmp_path: Path
) -> None:
    """Every text and number of the public form stands somewhere in the record."""
    for record, recorded in zip(records(export, tmp_path), log, strict=True):
        body = json.loads(origin.body(recorded))
        assert set(_leaves(body["data"])) <= set(_leaves(record)), recorded.envelope.event.TOPIC


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _leaves(one)
    elif value is not None:
        yield str(value)


class Growing:
    """A log to which somebody appends whenever it is read."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._added = 0

    def events_after(self, position: int, limit: int) -> Any:
        self._added += 1
        append(self._store, app_added(f"new-{self._added}", self._added))
        return self._store.events_after(position, limit)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def test_an_export_ends_where_the_log_ended_when_it_began(
    store: EventStore, origin: Origin
) -> None:
    head = store.head()
    heard: list[tuple[int, int]] = []
    growing: Any = Growing(store)
    told = replace(origin, store=growing)
    found = list(sought_events(told, Sought(), 0, lambda *p: heard.append(p)))
    assert [one.recorded.position for one in found] == list(range(1, head + 1))
    assert heard == [(head, head)]
    assert store.head() > head


def test_a_later_export_goes_on_after_a_position(
    export: Export, store: EventStore, tmp_path: Path
) -> None:
    export(tmp_path / "log.jsonl", "--after", 10, "--type", "access_request")
    found = [int(one["sequence"]) for one in objects(tmp_path / "log.jsonl")]
    wanted = [
        one.position
        for one in store.events_after(10, 10_000)
        if one.envelope.event.TOPIC.startswith("access_request.")
    ]
    assert found == wanted


def test_the_result_is_told_in_words_or_as_json(
    export: Export, store: EventStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "log.csv"
    export(file)
    assert capsys.readouterr() == (f"{store.head()} events written to {file}\n", "")
    export(file, "--force", "--json", "--format", "ocsf")
    result = json.loads(capsys.readouterr().out)
    assert result == {"events": store.head(), "format": "ocsf", "file": str(file)}


@pytest.mark.parametrize("wanted", ["jsonl", "csv", "ocsf", "parquet"])
def test_what_goes_to_stdout_is_what_a_file_holds(
    export: Export, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes], wanted: str
) -> None:
    export(tmp_path / "file", "--format", wanted)
    capfdbinary.readouterr()
    export("-", "--format", wanted)
    assert capfdbinary.readouterr() == ((tmp_path / "file").read_bytes(), b"")
    assert not sys.stdout.closed


def test_parquet_is_not_poured_onto_a_terminal(
    export: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    master, slave = os.openpty()
    with os.fdopen(slave, "w") as terminal:
        monkeypatch.setattr(sys, "stdout", terminal)
        with pytest.raises(NoFormat, match="not for a terminal"):
            export("-", "--format", "parquet")
        monkeypatch.undo()
    os.close(master)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("a.jsonl", Format.JSONL),
        ("a.NDJSON", Format.JSONL),
        ("a.csv", Format.CSV),
        ("a.parquet", Format.PARQUET),
        ("a.ocsf", Format.OCSF),
        ("a.ocsf.json", Format.OCSF),
        ("a.ocsf.jsonl", Format.OCSF),
        ("a.json", None),
        ("csv", None),
        ("-", None),
    ],
)
def test_a_name_tells_the_format(name: str, wanted: Format | None) -> None:
    assert format_of(name) is wanted


def test_without_a_format_nothing_is_written(export: Export, tmp_path: Path) -> None:
    with pytest.raises(NoFormat, match="give --format jsonl, csv, parquet, ocsf"):
        export(tmp_path / "log.txt")
    assert not (tmp_path / "log.txt").exists()


def test_a_file_that_exists_is_replaced_only_by_force(export: Export, tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    file.write_text("mine")
    with pytest.raises(UnusableFile, match="exists; --force replaces it"):
        export(file)
    assert file.read_text() == "mine"
    export(file, "--force")
    assert len(objects(file)) > 60


def test_only_the_owner_may_read_what_was_exported(export: Export, tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    export(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_what_is_no_file_is_not_replaced_even_by_force(export: Export, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "folder.csv").mkdir()
    for name in ("pipe.csv", "folder.csv"):
        with pytest.raises(UnusableFile, match="no regular file"):
            export(tmp_path / name, "--force")
    assert stat.S_ISFIFO((tmp_path / "pipe.csv").stat().st_mode)


def test_a_folder_that_is_missing_is_named_as_it_was_asked_for(
    export: Export, tmp_path: Path
) -> None:
    file = tmp_path / "none" / "log.csv"
    with pytest.raises(FileNotFoundError) as fault:
        export(file)
    assert fault.value.filename == str(file)


def test_an_export_that_fails_leaves_nothing_and_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    file.write_text("mine")
    with pytest.raises(KeyboardInterrupt), whole_file(file, replacing=True) as opened:
        opened.write(b"half")
        raise KeyboardInterrupt
    assert [one.name for one in tmp_path.iterdir()] == ["log.csv"]
    assert file.read_text() == "mine"


def test_a_missing_library_is_told_in_one_line_and_leaves_no_file(
    export: Export, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingLibrary) as fault:
        export(tmp_path / "log.parquet")
    assert str(fault.value) == "Parquet needs pyarrow: pip install 'doorward[parquet]'"
    assert not (tmp_path / "log.parquet").exists()
