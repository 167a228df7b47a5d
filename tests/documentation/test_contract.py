"""The contract: every message that is sent fits its schema, what is sealed and what is open alike, and every
command that is taken does; the whole is AsyncAPI 3 with no reference that leads nowhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from jsonschema.validators import Draft202012Validator

from adapters import event_codec
from adapters.cloud_events import to_message
from adapters.jetstream import stream_configs
from adapters.outcomes import outcome_message
from domain.envelope import Recorded
from domain.ports import CommandOutcome
from domain.values import StreamId
from server.__main__ import main
from server.contract import document, event_topics, message_names, message_schema
from server.contract.asyncapi import STREAMS

SAMPLES = sorted((Path(__file__).parents[1] / "samples").glob("*.json"))
DECISION = {"decision_id": "d-1", "request_id": "r-1", "decision": "approve"}
REPORT = {"report_id": "f-1", "request_id": "r-1", "action": "provision", "result": "done"}


@pytest.mark.parametrize("name", message_names())
def test_a_schema_stands_alone(name: str) -> None:
    schema = message_schema(name)
    Draft202012Validator.check_schema(schema)
    assert {one for one in _references(schema) if not one.startswith("#/$defs/")} == set()
    assert {one.removeprefix("#/$defs/") for one in _references(schema)} <= set(schema["$defs"])


@pytest.mark.parametrize("sealed", [True, False])
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
def test_every_message_fits_its_schema_and_has_no_field_beyond_it(
    sample: Path, *, sealed: bool
) -> None:
    topic, _ = sample.stem.rsplit(".", 1)
    stream = StreamId(f"{topic.split('.')[0]}-1")
    envelope = event_codec.decode(topic, stream, 1, sample.read_bytes().strip())
    message = json.loads(to_message(Recorded(1, envelope), "main", sealed=sealed).payload)
    schema = message_schema(topic)
    jsonschema.validate(message, schema)
    assert set(message) <= set(schema["properties"])
    name = schema["properties"]["data"]["allOf"][0]["$ref"].removeprefix("#/$defs/")
    assert set(message["data"]) == {*schema["$defs"][name]["properties"], "actor"}


@pytest.mark.parametrize("accepted", [True, False])
def test_every_outcome_fits_its_schema(*, accepted: bool) -> None:
    outcome = CommandOutcome("d-1", "r-1", accepted=accepted, code="accepted")
    jsonschema.validate(
        json.loads(outcome_message(outcome, "main", "auto").payload), message_schema("outcome")
    )


def test_commands_fit_and_what_nobody_knows_does_not() -> None:
    jsonschema.validate(DECISION, message_schema("decide"))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**DECISION, "approved": True}, message_schema("decide"))


def test_the_document_names_every_message_and_all_its_references_lead_somewhere() -> None:
    whole = document("acme")
    assert whole["asyncapi"] == "3.0.0"
    assert set(whole["channels"]) == set(message_names())
    assert {one["address"].split(".")[1] for one in whole["channels"].values()} == {"acme"}
    for reference in _references(whole):
        found: Any = whole
        # Names of messages hold dots and no slashes.
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]


def test_its_streams_are_those_that_are_made() -> None:
    assert set(STREAMS.values()) <= {str(one.name) for one in stream_configs("main")}


def test_it_is_printed_listed_and_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["contract"]) == 0
    assert json.loads(capsys.readouterr().out) == document("main")
    assert main(["contract", "--list"]) == 0
    assert capsys.readouterr().out.splitlines() == list(message_names())
    assert main(["contract", "--to", str(tmp_path)]) == 0
    assert {one.stem for one in tmp_path.iterdir()} == {*message_names(), "asyncapi"}
    capsys.readouterr()
    assert main(["contract", "access_request.forgotten"]) == 1
    said = capsys.readouterr().err
    assert "doorward contract --list names all" in said
    assert len(event_topics()) > 60


def _references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "$ref":
                yield inner
            else:
                yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


@pytest.mark.parametrize(
    "asked", [["decide", "--list"], ["decide", "--to", "x"], ["--list", "--to", "x"]]
)
def test_one_thing_is_printed_or_written_at_a_time(
    asked: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        main(["contract", *asked])
    assert list(tmp_path.iterdir()) == []
