"""Every version of every event ever stored stays readable: the files in ``tests/samples`` are
written once, when a version is born, and never changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from adapters import event_codec, upcasters
from adapters.event_codec import Undecodable
from domain.events import EVENT_TYPES
from domain.values import StreamId

SAMPLES = sorted((Path(__file__).parents[1] / "samples").glob("*.json"))
STREAM = StreamId("s-1")


def test_every_version_of_every_event_has_a_sample() -> None:
    versions = {
        f"{topic}.{schema}"
        for topic, kind in EVENT_TYPES.items()
        for schema in range(1, kind.SCHEMA + 1)
    }
    assert {sample.stem for sample in SAMPLES} == versions


def test_topics_are_literal_and_their_own() -> None:
    for topic, kind in EVENT_TYPES.items():
        assert topic == kind.TOPIC
        assert topic not in kind.__module__
        assert topic == topic.lower()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
def test_a_sample_decodes(sample: Path) -> None:
    topic, schema = sample.stem.rsplit(".", 1)
    stored = sample.read_bytes().strip()
    envelope = event_codec.decode(topic, STREAM, 1, stored)
    assert isinstance(envelope.event, EVENT_TYPES[topic])
    if int(schema) == EVENT_TYPES[topic].SCHEMA:
        assert event_codec.encode(envelope) == stored


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
def test_a_field_that_nobody_knows_is_a_fault_to_be_seen(sample: Path) -> None:
    topic, _ = sample.stem.rsplit(".", 1)
    stored = json.loads(sample.read_bytes())
    with pytest.raises(Undecodable):
        event_codec.decode(topic, STREAM, 1, json.dumps({**stored, "more": 1}).encode())
    stored["event"].popitem()
    with pytest.raises(Undecodable):
        event_codec.decode(topic, STREAM, 1, json.dumps(stored).encode())


def test_an_unknown_topic_is_a_fault_to_be_seen() -> None:
    with pytest.raises(Undecodable, match="no event has the topic"):
        event_codec.decode("grant.given", STREAM, 1, b"{}")


def test_an_older_version_is_lifted_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """No event has a second version yet; this one's first is taken for a version 0."""
    sample = next(one for one in SAMPLES if one.stem == "app.retired.1")
    stored = json.loads(sample.read_bytes())
    stored["schema"] = 0
    stored["event"] = {"app": stored["event"]["app_id"]}
    lift = {("app.retired", 0): lambda event: {"app_id": event["app"]}}
    monkeypatch.setattr(upcasters, "UPCASTERS", lift)
    old = json.dumps(stored).encode()
    lifted = event_codec.decode("app.retired", STREAM, 1, old)
    assert lifted == event_codec.decode("app.retired", STREAM, 1, sample.read_bytes())
