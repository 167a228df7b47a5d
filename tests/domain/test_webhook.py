"""The rules of webhooks: what may be added, what a change does, and where a replay may begin."""

from __future__ import annotations

import pytest

from domain.errors import MalformedText, NameTaken, Refused, TextTooLong, TooMany
from domain.webhook import (
    DECIDER,
    AddWebhook,
    BadTopicPattern,
    ChangeWebhook,
    DisableWebhook,
    NoSuchPosition,
    PauseWebhook,
    RedeliverWebhook,
    RemoveWebhook,
    ReplayWebhook,
    ResumeWebhook,
    RotateWebhookSecret,
    UnknownDelivery,
    UnknownWebhook,
    UnusableUrl,
    WebhookAdded,
    WebhookChanged,
    WebhookDisabled,
    WebhookPaused,
    WebhookRecord,
    WebhookRedelivered,
    WebhookRemoved,
    WebhookReplayed,
    WebhookResumed,
    WebhookSecretRotated,
)
from domain.webhook.decider import FILTER_LIMIT, URL_LIMIT
from tests.spec import Spec
from tests.times import NOW

URL = "https://hooks.example/doorward?key=k1"
RECORD = WebhookRecord(URL, ("access_request.*",), ("github",))
ADDED = WebhookAdded("siem", URL, "hooks.example", ("access_request.*",), ("github",), 1)
PAUSED, RESUMED, REMOVED = WebhookPaused("siem"), WebhookResumed("siem"), WebhookRemoved("siem")
DISABLED = WebhookDisabled("siem", "gone")
HEAD = 41


def test_a_webhook_begins_at_its_position_or_after_the_newest_event() -> None:
    Spec(DECIDER).given().when(AddWebhook("siem", RECORD, 0), HEAD).then(ADDED)
    Spec(DECIDER).given().when(AddWebhook("siem", RECORD, 1), HEAD).then(ADDED)
    later = WebhookAdded("siem", URL, "hooks.example", RECORD.events, RECORD.apps, HEAD + 1)
    Spec(DECIDER).given().when(AddWebhook("siem", RECORD), HEAD).then(later)
    Spec(DECIDER).given(ADDED).when(AddWebhook("siem", RECORD), HEAD).refused(NameTaken("siem"))
    Spec(DECIDER).given(ADDED, REMOVED).when(AddWebhook("siem", RECORD, 1), HEAD).then(ADDED)


@pytest.mark.parametrize("position", [-1, HEAD + 2, 2**70])
def test_a_position_beyond_the_log_is_refused(position: int) -> None:
    refusal = NoSuchPosition(position, HEAD)
    Spec(DECIDER).given().when(AddWebhook("siem", RECORD, position), HEAD).refused(refusal)
    Spec(DECIDER).given(ADDED).when(ReplayWebhook("siem", position), HEAD).refused(refusal)


def test_a_replay_goes_back_to_any_position() -> None:
    for asked, first in ((0, 1), (1, 1), (7, 7), (HEAD + 1, HEAD + 1)):
        replayed = WebhookReplayed("siem", first)
        Spec(DECIDER).given(ADDED).when(ReplayWebhook("siem", asked), HEAD).then(replayed)


def test_what_failed_is_tried_again_where_there_is_anything_that_failed() -> None:
    every, one = RedeliverWebhook("siem", None, 3), RedeliverWebhook("siem", "e-1", 1)
    Spec(DECIDER).given(ADDED).when(every, HEAD).then(WebhookRedelivered("siem", None, 3))
    Spec(DECIDER).given(ADDED).when(one, HEAD).then(WebhookRedelivered("siem", "e-1", 1))
    Spec(DECIDER).given(ADDED).when(RedeliverWebhook("siem", None, 0), HEAD).then()
    unknown = UnknownDelivery("siem", "e-1")
    Spec(DECIDER).given(ADDED).when(RedeliverWebhook("siem", "e-1", 0), HEAD).refused(unknown)


def test_a_change_keeps_what_is_not_named_and_is_none_where_nothing_differs() -> None:
    changed = WebhookChanged("siem", URL, "hooks.example", ("*",), ("github",))
    webhooks = Spec(DECIDER)
    webhooks.given(ADDED).when(ChangeWebhook("siem", events=("*",)), HEAD).then(changed)
    webhooks.given(ADDED, changed).when(ChangeWebhook("siem", events=("*",)), HEAD).then()
    elsewhere = WebhookChanged("siem", "https://b.example", "b.example", ("*",), ())
    command = ChangeWebhook("siem", "https://b.example", apps=())
    webhooks.given(ADDED, changed).when(command, HEAD).then(elsewhere)


def test_it_is_paused_disabled_and_resumed_and_each_wish_is_fulfilled_once() -> None:
    webhooks, disable = Spec(DECIDER), DisableWebhook("siem", "gone")
    webhooks.given(ADDED).when(PauseWebhook("siem"), HEAD).then(PAUSED)
    webhooks.given(ADDED, PAUSED).when(PauseWebhook("siem"), HEAD).then()
    webhooks.given(ADDED, PAUSED).when(ResumeWebhook("siem"), HEAD).then(RESUMED)
    webhooks.given(ADDED).when(ResumeWebhook("siem"), HEAD).then()
    webhooks.given(ADDED).when(disable, HEAD).then(DISABLED)
    webhooks.given(ADDED, PAUSED).when(disable, HEAD).then(DISABLED)
    webhooks.given(ADDED, DISABLED).when(disable, HEAD).then()
    webhooks.given(ADDED, DISABLED).when(PauseWebhook("siem"), HEAD).then()
    webhooks.given(ADDED, DISABLED).when(ResumeWebhook("siem"), HEAD).then(RESUMED)
    webhooks.given(ADDED, DISABLED).when(RemoveWebhook("siem"), HEAD).then(REMOVED)


def test_a_rotation_tells_until_when_the_former_secret_signs_and_no_secret() -> None:
    rotated = WebhookSecretRotated("siem", NOW)
    Spec(DECIDER).given(ADDED).when(RotateWebhookSecret("siem", NOW), HEAD).then(rotated)


def test_nothing_is_done_to_a_webhook_that_is_not_there() -> None:
    for command in (
        ChangeWebhook("siem"),
        RotateWebhookSecret("siem", NOW),
        PauseWebhook("siem"),
        ResumeWebhook("siem"),
        DisableWebhook("siem", "gone"),
        ReplayWebhook("siem", 0),
        RedeliverWebhook("siem", None, 1),
        RemoveWebhook("siem"),
    ):
        Spec(DECIDER).given().when(command, HEAD).refused(UnknownWebhook("siem"))
        Spec(DECIDER).given(ADDED, REMOVED).when(command, HEAD).refused(UnknownWebhook("siem"))


@pytest.mark.parametrize("name", ["", "-x", "a b", "a/b", "x" * 101, "nämé", "a\n"])
def test_a_name_is_plain(name: str) -> None:
    Spec(DECIDER).given().when(AddWebhook(name, RECORD), HEAD).refused(MalformedText("name"))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example",
        "ftp://hooks.example/",
        "https://",
        "https:///path",
        "https://user:secret@hooks.example/",
        "https://hooks.example@evil.example/",
        "https://hooks.example\\@evil.example/",
        "https://hooks.example/\\evil",
        "https://hooks.example/#part",
        "https://hooks.example/a b",
        "https://hooks.example/\r\nX: y",
        "https://hooks.example/\n",
        "https://höoks.example/",
        "https://hooks.example:123456/",
        "https://hooks.example:x/",
        "HTTPS://hooks.example/",
        "https://HOOKS.example/",
        " https://hooks.example/",
        "javascript:alert(1)",
        "https://[::1/",
        "https://[::1%25eth0]/",
    ],
)
def test_a_url_that_two_readers_could_read_differently_is_refused(url: str) -> None:
    with pytest.raises(Refused) as caught:
        DECIDER.decide(DECIDER.initial, AddWebhook("siem", WebhookRecord(url, ("*",))), HEAD)
    assert isinstance(caught.value, UnusableUrl)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://hooks.example", "hooks.example"),
        ("http://localhost:8080/x", "localhost"),
        ("https://[fd00::1]:8443/a?b=c&d=%20", "fd00::1"),
        ("https://hooks.example?only=query", "hooks.example"),
        ("https://hooks.example/it's!$&*+,;=:@(~)^|{}", "hooks.example"),
    ],
)
def test_other_systems_are_told_the_host(url: str, host: str) -> None:
    added = WebhookAdded("siem", url, host, ("*",), (), 1)
    command = AddWebhook("siem", WebhookRecord(url, ("*",)), 1)
    Spec(DECIDER).given().when(command, HEAD).then(added)


def test_a_filter_is_short_and_of_the_form_of_a_topic() -> None:
    def refused(record: WebhookRecord, refusal: Refused) -> None:
        Spec(DECIDER).given().when(AddWebhook("siem", record), HEAD).refused(refusal)

    for pattern in ("", "**", "a.b.c", "access_request", "*a.b", "a.*b", "A.b", ".*", "a.b\n"):
        refused(WebhookRecord(URL, (pattern,)), BadTopicPattern(pattern))
    refused(WebhookRecord(URL, ()), MalformedText("events"))
    refused(WebhookRecord(URL, ("*",) * (FILTER_LIMIT + 1)), TooMany("events", FILTER_LIMIT))
    apps = ("github",) * (FILTER_LIMIT + 1)
    refused(WebhookRecord(URL, ("*",), apps), TooMany("apps", FILTER_LIMIT))
    refused(WebhookRecord(URL, ("*",), ("git hub",)), MalformedText("apps"))
    refused(WebhookRecord("https://a/" + "x" * URL_LIMIT, ("*",)), TextTooLong("url", URL_LIMIT))


def test_a_filter_is_kept_sorted_and_without_repeats() -> None:
    record = WebhookRecord(URL, ("person.*", "*.added", "person.*"), ("b", "a", "b"))
    added = WebhookAdded("siem", URL, "hooks.example", ("*.added", "person.*"), ("a", "b"), 1)
    Spec(DECIDER).given().when(AddWebhook("siem", record, 1), HEAD).then(added)
