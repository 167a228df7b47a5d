"""Events over HTTP, to a real receiver on every database: signed, retried, replayed, never lost."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from adapters.cloud_events import to_message
from domain.duties import WEBHOOKS
from server.command_bus import UnitOfWork
from server.config import Settings
from server.webhooks.retries import SCHEDULE
from server.wiring import System, open_system
from server.wiring.outward import webhook_sender
from tests import seeds
from tests.webhooks.receiver import TAKEN, Answer, Received, Receiver
from tests.webhooks.scene import Scene, delivering, on_watch, until

pytestmark = pytest.mark.anyio


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver().listening() as listening:
        yield listening


@pytest.fixture
async def scene(system: System) -> AsyncIterator[Scene]:
    async with delivering(system) as running:
        yield running


def failing(status: int = 500, **headers: str) -> Any:
    """Return an answer that is never good."""
    return lambda _one: (status, {name.replace("_", "-"): text for name, text in headers.items()})


async def test_an_event_arrives_signed_as_nats_gets_it_with_text_about_people_open(
    scene: Scene, receiver: Receiver
) -> None:
    secret = await scene.add(receiver.url, events=["access_request.submitted"])
    await scene.submit("r-1")
    await until(lambda: len(receiver.calls) == 1)
    (call,) = receiver.calls
    verified = Webhook(secret).verify(call.body, dict(call.headers))
    assert verified["type"] == "doorward.access_request.submitted.v1"
    (recorded,) = scene.system.store.events_after(call.position - 1, 1)
    assert call.body == to_message(recorded, "main", sealed=False).payload
    assert call.webhook_id == recorded.envelope.event_id == verified["id"]
    assert call.headers["content-type"] == "application/cloudevents+json"
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(call.body + b" ", dict(call.headers))
    shown = await scene.until_shown(position=scene.system.store.head())
    assert (shown["failures_in_a_row"], shown["fault"]) == (0, "")
    assert shown["delivered_at"] is not None


async def test_only_what_was_asked_for_arrives_by_topic_and_by_app(
    scene: Scene, receiver: Receiver
) -> None:
    await scene.add(receiver.url, events=["access_request.submitted"], apps=["vault"])
    await scene.submit("r-1")
    await scene.submit("r-2", app_id=seeds.VAULT, permission_ids=(seeds.OPENER,))
    await scene.until_shown(lag=0)
    await until(lambda: bool(receiver.calls))
    assert [one.event["subject"] for one in receiver.calls] == ["r-2"]


async def test_a_receivers_url_is_told_to_nobody(scene: Scene, receiver: Receiver) -> None:
    await scene.add(f"{receiver.url}?token=of-theirs")
    await until(lambda: len(receiver.calls) == 1)
    (call,) = receiver.calls
    assert call.event["type"] == "doorward.webhook.added.v1"
    assert call.event["data"]["target_host"] == "127.0.0.1"
    assert call.path == "/hook?token=of-theirs"
    assert b"of-theirs" not in call.body


async def test_events_arrive_in_order_each_once_when_all_is_well(
    scene: Scene, receiver: Receiver
) -> None:
    await scene.add(receiver.url, from_position=0)
    await until(lambda: len(receiver.calls) == scene.system.store.head())
    assert receiver.ids == scene.logged()


async def test_a_replay_sends_all_again_under_the_same_ids(
    scene: Scene, receiver: Receiver
) -> None:
    """The event of the replay itself may arrive early, and then again: it is not asked for here."""
    seeded, last = scene.logged(), scene.system.store.head()
    topics = ["person.*", "app.*", "permission.*"]
    await scene.add(receiver.url, from_position=0, events=topics)
    await until(lambda: receiver.ids == seeded)
    receiver.calls.clear()
    await scene.operate("webhook replay", name="siem", from_position=0)
    await until(lambda: receiver.ids == seeded)
    receiver.calls.clear()
    await scene.operate("webhook replay", name="siem", from_position=5)
    await until(lambda: receiver.positions == list(range(5, last + 1)))
    await scene.until_shown(lag=0)
    assert receiver.positions == list(range(5, last + 1))


async def test_an_event_that_cannot_be_digested_is_put_aside_and_holds_up_no_other(
    scene: Scene, receiver: Receiver
) -> None:
    receiver.answer = lambda one: (500, {}) if one.event.get("subject") == "r-1" else TAKEN
    await scene.add(receiver.url, events=["access_request.submitted"])
    await scene.submit("r-1")
    await scene.submit("r-2", permission_ids=(seeds.WRITER,))
    shown = await scene.until_shown(lag=0, waiting=1)
    assert [one.event["subject"] for one in receiver.calls] == ["r-1", "r-2"]
    assert (shown["state"], shown["dead_letters"]) == ("active", 0)


async def test_it_is_tried_on_schedule_and_then_rests_as_a_dead_letter_until_redelivered(
    scene: Scene, receiver: Receiver
) -> None:
    receiver.answer = failing()
    await scene.add(receiver.url, events=["access_request.submitted"])
    await scene.submit("r-1")
    for attempt, wait in enumerate(SCHEDULE.waits, start=1):
        await scene.until_shown(failures_in_a_row=attempt)
        (failure,) = (await scene.failures()).values()
        assert failure["attempts"] == attempt == len(receiver.calls)
        failed_at, due_at = (
            datetime.fromisoformat(failure[name]) for name in ("failed_at", "next_attempt_at")
        )
        assert wait <= due_at - failed_at <= wait * 1.2
        await scene.later(seconds=(due_at - scene.hands()).total_seconds() - 0.001)
        assert len(receiver.calls) == attempt
        await scene.later(minutes=16)
    shown = await scene.until_shown(dead_letters=1, waiting=0)
    assert "answered 500" in shown["fault"]
    ((event_id, dead),) = (await scene.failures()).items()
    assert (dead["attempts"], dead["next_attempt_at"]) == (len(SCHEDULE.waits) + 1, None)
    await scene.later(days=30)
    receiver.answer = lambda _one: TAKEN
    assert len(receiver.calls) == len(SCHEDULE.waits) + 1
    await scene.operate("webhook redeliver", name="siem", event_id=event_id)
    await scene.until_shown(dead_letters=0, waiting=0)
    assert set(receiver.ids) == {event_id}
    assert len(receiver.calls) == len(SCHEDULE.waits) + 2


async def test_410_disables_the_webhook_and_resuming_sends_the_same_event(
    scene: Scene, receiver: Receiver
) -> None:
    receiver.answer = failing(410)
    await scene.add(receiver.url, events=["access_request.submitted"])
    await scene.submit("r-1")
    shown = await scene.until_shown(state="disabled")
    assert "410" in shown["reason"]
    assert shown["waiting"] == shown["dead_letters"] == 0
    receiver.answer = lambda _one: TAKEN
    await scene.submit("r-2", permission_ids=(seeds.WRITER,))
    await scene.operate("webhook resume", name="siem")
    await scene.until_shown(lag=0, state="active")
    assert [one.event["subject"] for one in receiver.calls] == ["r-1", "r-1", "r-2"]


@pytest.mark.parametrize("as_date", [False, True])
async def test_a_receiver_that_asks_for_time_is_left_alone_as_a_whole(
    scene: Scene, receiver: Receiver, as_date: bool
) -> None:
    asked = timedelta(hours=1)
    date = format_datetime((scene.hands() + asked).replace(microsecond=0), usegmt=True)
    receiver.answer = failing(429, Retry_After=date if as_date else "3600")
    await scene.add(receiver.url, events=["access_request.submitted"])
    await scene.submit("r-1")
    shown = await scene.until_shown(failures_in_a_row=1)
    rests_until = datetime.fromisoformat(shown["rests_until"])
    assert asked - timedelta(minutes=1) < rests_until - scene.hands() <= asked
    await scene.submit("r-2", permission_ids=(seeds.WRITER,))
    receiver.answer = lambda _one: TAKEN
    await scene.later(minutes=50)
    assert (await scene.show())["lag"] > 0
    assert {one.event["subject"] for one in receiver.calls} == {"r-1"}
    await scene.later(minutes=11)
    await scene.until_shown(lag=0, waiting=0)
    assert sorted(one.event["subject"] for one in receiver.calls) == ["r-1", "r-1", "r-2"]


async def test_a_receiver_that_is_down_is_not_called_for_every_event(
    scene: Scene, receiver: Receiver
) -> None:
    receiver.answer = failing(503)
    await scene.add(receiver.url, from_position=0)
    shown = await scene.until_shown(failures_in_a_row=5)
    assert shown["rests_until"] is not None
    assert shown["waiting"] == 5
    assert len(receiver.calls) == 5
    receiver.answer = lambda _one: TAKEN
    await scene.later(seconds=31)
    await scene.until_shown(waiting=0, lag=0, failures_in_a_row=0)
    assert set(receiver.ids) == set(scene.logged())


async def test_a_redirect_is_a_failure_and_is_not_followed(
    scene: Scene, receiver: Receiver
) -> None:
    with Receiver().listening() as elsewhere:
        receiver.answer = failing(307, Location=elsewhere.url)
        await scene.add(receiver.url, events=["access_request.submitted"])
        await scene.submit("r-1")
        shown = await scene.until_shown(waiting=1)
        assert "redirect" in shown["fault"]
        assert elsewhere.calls == []


async def test_nothing_listening_is_a_failure_and_the_event_arrives_later(scene: Scene) -> None:
    with Receiver().listening() as gone:
        await scene.add(gone.url, events=["access_request.submitted"])
        port = gone.port
    await scene.submit("r-1")
    shown = await scene.until_shown(waiting=1)
    assert "nothing listens" in shown["fault"]
    with Receiver().listening(port=port) as back:
        await scene.later(seconds=7)
        await scene.until_shown(waiting=0)
        assert [one.event["subject"] for one in back.calls] == ["r-1"]


async def test_both_secrets_sign_after_a_rotation_until_the_former_ends(
    scene: Scene, receiver: Receiver
) -> None:
    former = await scene.add(receiver.url, events=["access_request.submitted"])
    fresh = (await scene.operate("webhook rotate", name="siem"))["secret"]
    await scene.submit("r-1")
    await until(lambda: len(receiver.calls) == 1)
    for secret in (former, fresh):
        Webhook(secret).verify(receiver.calls[0].body, dict(receiver.calls[0].headers))
    await scene.later(hours=24, seconds=1)
    await scene.submit("r-2", permission_ids=(seeds.WRITER,))
    await until(lambda: len(receiver.calls) == 2)
    assert receiver.calls[1].signed_by(fresh)
    assert not receiver.calls[1].signed_by(former)
    newest = (await scene.operate("webhook rotate", name="siem", at_once=True))["secret"]
    await scene.submit("r-3", app_id=seeds.WIKI, permission_ids=())
    await until(lambda: len(receiver.calls) == 3)
    assert receiver.calls[2].signed_by(newest)
    assert not receiver.calls[2].signed_by(fresh)


async def test_secrets_are_in_no_event_and_in_no_row_as_they_are(
    scene: Scene, receiver: Receiver
) -> None:
    secret = await scene.add(receiver.url)
    with scene.system.store.read() as rows:
        stored = repr(rows.select("SELECT * FROM webhook_secret"))
    assert secret.removeprefix("whsec_") not in stored
    assert secret not in repr(scene.system.store.events_after(0, 1_000))


async def test_a_sealed_secret_cannot_be_passed_off_as_another_webhooks(
    scene: Scene, receiver: Receiver
) -> None:
    await scene.add(receiver.url, events=["access_request.submitted"])
    await scene.operate("webhook add", name="theirs", url=receiver.url, events=["person.*"])

    def swap(work: Any) -> None:
        (stolen,) = work.rows.select(
            "SELECT sealed, secret_id FROM webhook_secret WHERE webhook = 'theirs'"
        )
        work.rows.execute(
            "UPDATE webhook_secret SET sealed = ?, secret_id = ? WHERE webhook = 'siem'", stolen
        )

    await scene.system.bus.call(swap)
    await scene.submit("r-1")
    shown = await scene.until_shown(state="disabled")
    assert "rotate it" in shown["reason"]
    assert receiver.calls == []
    fresh = (await scene.operate("webhook rotate", name="siem"))["secret"]
    await scene.operate("webhook resume", name="siem")
    await until(lambda: len(receiver.calls) == 1)
    assert receiver.calls[0].signed_by(fresh)


async def test_rotated_keys_seal_the_secrets_anew_so_that_the_former_key_can_go(
    scene: Scene, receiver: Receiver
) -> None:
    secret = await scene.add(receiver.url, events=["access_request.submitted"])
    keys = scene.system.signing_keys
    (former,) = keys.ring()
    fresh = keys.rotate()
    await scene.later(seconds=1)

    def sealed_by() -> list[str]:
        with scene.system.store.read() as rows:
            return [str(one) for (one,) in rows.select("SELECT key_id FROM webhook_secret")]

    await until(lambda: sealed_by() == [fresh.key_id])
    assert keys.drop(former.key_id)
    await scene.submit("r-1")
    await until(lambda: len(receiver.calls) == 1)
    assert receiver.calls[0].signed_by(secret)


async def test_a_paused_webhook_gets_nothing_and_misses_nothing(
    scene: Scene, receiver: Receiver
) -> None:
    await scene.add(receiver.url, events=["access_request.submitted"])
    await scene.operate("webhook pause", name="siem")
    await scene.submit("r-1")
    await scene.later(hours=1)
    assert (await scene.show())["state"] == "paused"
    assert receiver.calls == []
    await scene.operate("webhook resume", name="siem")
    await until(lambda: len(receiver.calls) == 1)


async def test_a_removed_webhook_leaves_nothing_behind(scene: Scene, receiver: Receiver) -> None:
    receiver.answer = failing()
    await scene.add(receiver.url, events=["access_request.submitted"])
    await scene.submit("r-1")
    await scene.until_shown(waiting=1)
    await scene.operate("webhook remove", name="siem")
    with scene.system.store.read() as rows:
        for table in ("webhook", "webhook_cursor", "webhook_failure", "webhook_secret"):
            assert rows.select(f"SELECT * FROM {table}") == []


async def test_a_slow_receiver_holds_up_no_other(scene: Scene, receiver: Receiver) -> None:
    others_are_through = threading.Event()

    def slow(_one: Received) -> Answer:
        assert others_are_through.wait(30)
        return TAKEN

    receiver.answer = slow
    await scene.add(receiver.url, from_position=0)
    with Receiver().listening() as quick:
        await scene.operate(
            "webhook add", name="quick", url=quick.url, events=["*"], from_position=0
        )
        await until(lambda: quick.ids == scene.logged())
        assert receiver.calls == []
        others_are_through.set()
        await until(lambda: receiver.ids == scene.logged())


async def test_two_processes_on_one_database_deliver_each_event_once(
    postgres_url: str, tmp_path: Path, receiver: Receiver
) -> None:
    settings = Settings(data_dir=tmp_path / "data", database_url=postgres_url, nats_url="off")
    with open_system(settings) as here, open_system(settings) as there:
        seeds.seed_system(here)
        async with on_watch(here) as one, on_watch(there) as other:
            await one.add(receiver.url, from_position=0)
            for number in range(20):
                permission = seeds.READER if number % 2 else seeds.WRITER
                scene = one if number % 4 else other
                await scene.submit(f"r-{number}", permission_ids=(permission,))
            await one.until_shown(lag=0)
            assert receiver.ids == one.logged()


async def test_the_word_of_a_process_whose_tenure_is_over_is_not_written_down(
    postgres_url: str, tmp_path: Path, receiver: Receiver
) -> None:
    """It called the receiver, was paused, and hears the answer when another has taken over."""
    settings = Settings(data_dir=tmp_path / "data", database_url=postgres_url, nats_url="off")
    called, over = threading.Event(), threading.Event()

    def gone(_one: Received) -> Answer:
        called.set()
        assert over.wait(30)
        receiver.answer = lambda _one: TAKEN
        return 410, {}

    def begin_another(work: UnitOfWork) -> None:
        work.rows.execute("UPDATE duty SET epoch = epoch + 1 WHERE name = ?", (WEBHOOKS,))

    receiver.answer = gone
    with open_system(settings) as system:
        seeds.seed_system(system)
        async with on_watch(system) as scene:
            await scene.add(receiver.url, from_position=0)
            await until(called.is_set)
            await system.bus.call(begin_another)
            over.set()
            await scene.until_shown(state="active", lag=0)
            assert receiver.ids == [scene.logged()[0], *scene.logged()]


async def test_a_webhook_into_the_network_is_kept_but_not_called_once_that_is_not_allowed(
    system: System, receiver: Receiver
) -> None:
    """It was added while the operator allowed it."""
    async with delivering(system, webhook_sender=webhook_sender(system.settings)) as scene:
        await scene.add(receiver.url, events=["access_request.submitted"])
        await scene.submit("r-1")
        shown = await scene.until_shown(failures_in_a_row=1)
    assert shown["state"] == "active"
    assert "DOORWARD_WEBHOOK_INSECURE" in shown["fault"]
    assert receiver.calls == []
