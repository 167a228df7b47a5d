"""Signed checkpoints: what they say, who may sign, where they are kept, and that nothing is signed which is not what
it was."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.chain import GENESIS, linked
from domain.checkpoint import (
    Checkpoint,
    NotACheckpoint,
    Unwitnessed,
    Witnessed,
    origin_of,
    parse_checkpoint,
)
from server.__main__ import main
from server.audit.checkpoints import checkpointing as checkpointing_module
from server.audit.checkpoints import rows as kept_rows
from server.audit.checkpoints.checkpointing import ChainBroken, Checkpointing, Places
from server.audit.checkpoints.note_file import NoteFile
from server.audit.checkpoints.notes import (
    BadNote,
    Verifier,
    notes_in,
    parse_note,
    parse_verifier,
    signed_note,
    verifier_of,
)
from server.audit.checkpoints.trust import believe, disagreement
from server.config import Settings
from server.operations import OPERATIONS
from server.wiring import System, checkpoint_keys, open_system
from tests import seeds
from tests.times import NOW
from tests.web import Hands

pytestmark = pytest.mark.anyio
ORIGIN = origin_of("main")
FIRST, SECOND, THIEF = bytes(32), b"\1" * 32, b"\2" * 32


def checkpoint(position: int, *, digest: bytes = b"h" * 32, **changes: Any) -> Checkpoint:
    return replace(Checkpoint(ORIGIN, position, digest, NOW), **changes)


def note(secret: bytes, position: int = 5, **changes: Any) -> Witnessed:
    return Witnessed(signed_note(checkpoint(position, **changes).text, ORIGIN, secret))


def test_a_checkpoint_says_what_a_transparency_log_would() -> None:
    made = checkpoint(565, successor="doorward/main+00000000+key")
    assert made.text == (
        "doorward/main\n565\naGhoaGhoaGhoaGhoaGhoaGhoaGhoaGhoaGhoaGhoaGg=\n"
        "time 2026-11-23T09:00:00Z\nnext doorward/main+00000000+key\n"
    )
    assert parse_checkpoint(made.text) == made


def test_a_verifier_key_is_one_word_in_which_no_letter_can_be_wrong() -> None:
    """The key and its word are those of the example in C2SP's signed-note."""
    word = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    assert str(parse_verifier(word)) == word
    signed = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n"
        "\n"
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )
    assert parse_verifier(word).signed(parse_note(signed))
    assert not parse_verifier(word).signed(parse_note(signed.replace("problem", "Problem")))
    for bad in (
        "",
        "a+b",
        word[:-4] + "AAAA",
        word.replace("c74f", "c74e"),
        word.replace("ARpc", "Arpc"),
    ):
        with pytest.raises(BadNote):
            parse_verifier(bad)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "a\n\n",
        "a\n\n— b\n",
        "a\n\n— b !!!!\n",
        "a\n\n— b AAAA\n",
        "a\n" * 5_000,
        "a\n\n— b A===\n",
    ],
)
def test_what_is_no_note_is_refused(text: str) -> None:
    with pytest.raises(BadNote):
        parse_note(text)


@pytest.mark.parametrize(
    "change",
    [
        ("doorward/main", "door ward"),
        ("565", "0"),
        ("565", "-1"),
        ("aGho", "!!!!"),
        ("2026-11-23T09:00:00Z", "2026-11-23T09:00:00"),
        ("2026-11-23", "2026-13-23"),
        ("time", "when"),
    ],
)
def test_what_is_no_checkpoint_is_refused(change: tuple[str, str]) -> None:
    with pytest.raises(NotACheckpoint):
        parse_checkpoint(checkpoint(565).text.replace(*change))


def key(secret: bytes) -> Verifier:
    return verifier_of(ORIGIN, secret)


def test_only_what_a_trusted_key_signed_counts() -> None:
    found = believe([note(FIRST), note(THIEF, 6)], [key(FIRST)], ORIGIN, "NATS")
    assert [one.position for one in found.checkpoints] == [5]
    assert found.faults == ("NATS: the checkpoint at 6 is not signed by a trusted key",)


def test_a_trusted_key_hands_over_to_the_next_in_whatever_order_the_notes_come() -> None:
    handing = note(FIRST, 5, successor=str(key(SECOND)))
    for order in ([note(SECOND, 9), handing], [handing, note(SECOND, 9)]):
        found = believe(order, [key(FIRST)], ORIGIN, "file")
        assert [one.position for one in found.checkpoints] == [5, 9]
        assert found.faults == ()
    stolen = note(THIEF, 5, successor=str(key(THIEF)))
    assert believe([stolen, note(THIEF, 9)], [key(FIRST)], ORIGIN, "file").checkpoints == ()


def test_a_checkpoint_of_another_log_and_one_that_is_none_are_told() -> None:
    other = Witnessed(signed_note(checkpoint(5, origin="doorward/other").text, ORIGIN, FIRST))
    found = believe([other, Witnessed("nonsense")], [key(FIRST)], ORIGIN, "file")
    assert found.checkpoints == ()
    assert [one.split(": ")[0] for one in found.faults] == ["file", "file"]


def test_two_stories_about_one_position_are_told() -> None:
    assert disagreement([checkpoint(5), checkpoint(5), checkpoint(6, digest=b"x" * 32)]) is None
    told = disagreement([checkpoint(5), checkpoint(5, digest=b"x" * 32)])
    assert told == "two checkpoints disagree on position 5"


@settings(max_examples=200, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10_000), st.integers(1, 255))
def test_no_byte_of_a_note_can_be_changed(at: int, by: int) -> None:
    raw = bytearray(note(FIRST).note.encode())
    raw[at % len(raw)] ^= by
    changed = raw.decode("utf-8", "replace")
    found = believe([Witnessed(changed)], [key(FIRST)], ORIGIN, "file")
    for one in found.checkpoints:
        # Base64 has bits that say nothing; what is said must be the same.
        assert one == checkpoint(5)


@dataclass
class Taken:
    """A place outside that takes checkpoints while it is up."""

    notes: list[Witnessed] = field(default_factory=list)
    up: bool = True

    async def put(self, _position: int, witnessed: Witnessed) -> None:
        if not self.up:
            raise Unwitnessed("it is down")
        self.notes.append(witnessed)

    async def read(self) -> list[Witnessed]:
        return self.notes


@pytest.fixture
def place() -> Taken:
    return Taken()


@pytest.fixture
def clock(system: System) -> Hands:
    return Hands(system.clock)


@pytest.fixture
def checkpointing(system: System, place: Taken, clock: Hands, tmp_path: Path) -> Checkpointing:
    keys = checkpoint_keys(system.settings)
    places = Places(place, tmp_path / "notes")
    return Checkpointing(system.bus, system.store, keys, clock, "main", places)


def kept(system: System) -> list[kept_rows.Kept]:
    with system.store.read() as rows:
        return kept_rows.kept(rows)


async def test_the_head_is_signed_and_kept_in_every_place(
    system: System, checkpointing: Checkpointing, place: Taken, tmp_path: Path
) -> None:
    made = checkpointing.make()
    assert made is not None
    assert (made.position, made.hash) == system.store.chain_head()
    await checkpointing.deliver()
    await checkpointing.deliver()
    (one,) = kept(system)
    assert (one.in_stream, one.in_file) == (True, True)
    assert place.notes == [one.witnessed] == NoteFile(tmp_path / "notes").read()
    assert checkpointing.status().position == made.position


async def test_what_one_place_did_not_take_it_is_given_again_and_no_other_waits(
    system: System, checkpointing: Checkpointing, place: Taken, tmp_path: Path
) -> None:
    place.up = False
    checkpointing.make()
    with pytest.raises(Unwitnessed, match="it is down"):
        await checkpointing.deliver()
    assert len(NoteFile(tmp_path / "notes").read()) == 1
    place.up = True
    await checkpointing.deliver()
    assert len(place.notes) == len(NoteFile(tmp_path / "notes").read()) == 1
    assert all(one.in_stream and one.in_file for one in kept(system))


async def test_a_checkpoint_is_due_when_the_log_has_grown_and_time_has_passed(
    system: System, checkpointing: Checkpointing, clock: Hands
) -> None:
    assert checkpointing.is_due()
    checkpointing.make()
    clock.moved += timedelta(days=1)
    assert not checkpointing.is_due()
    system.bus.call_blocking(lambda work: work.execute(seeds.submission("r-1"), seeds.CONTEXT))
    assert checkpointing.is_due()
    checkpointing.make()
    wiki = seeds.submission("r-2", app_id=seeds.WIKI, permission_ids=())
    system.bus.call_blocking(lambda work: work.execute(wiki, seeds.CONTEXT))
    assert not checkpointing.is_due()


async def test_the_former_key_hands_over_and_is_gone(
    system: System, checkpointing: Checkpointing, place: Taken
) -> None:
    checkpointing.make()
    keys = checkpoint_keys(system.settings)
    former = verifier_of(ORIGIN, keys.ring()[0].secret)
    keys.rotate()
    checkpointing.make()
    assert len(keys.ring()) == 1
    await checkpointing.deliver()
    found = believe(place.notes, [former], ORIGIN, "NATS")
    assert (len(found.checkpoints), found.faults) == (3, ())
    assert found.trusted == {former, verifier_of(ORIGIN, keys.ring()[0].secret)}


async def test_an_empty_log_is_not_signed(empty_system: System) -> None:
    assert empty_system.checkpointing.make() is None


@pytest.fixture
def served(tmp_path: Path) -> Iterator[System]:
    settings_ = Settings(
        data_dir=tmp_path / "data", nats_url="off", checkpoint_file=tmp_path / "notes"
    )
    with open_system(settings_) as system:
        seeds.seed_system(system)
        yield system


def as_owner(system: System, *statements: str) -> None:
    """Change the database as its owner can, past its triggers."""
    with sqlite3.connect(system.settings.data_dir / "doorward.db") as connection:
        for verb in ("update", "delete"):
            connection.execute(f"DROP TRIGGER IF EXISTS event_log_no_{verb}")
        for one in statements:
            connection.execute(one)


TAMPERED = (
    "UPDATE event_log SET state = CAST(replace(CAST(state AS TEXT), 'crm', 'hrm') AS BLOB) "
    "WHERE position = 6"
)


def test_nothing_is_signed_over_that_was_changed_since_the_last_checkpoint(
    served: System,
) -> None:
    as_owner(served, TAMPERED)
    with pytest.raises(ChainBroken, match="broken at event 6"):
        served.checkpointing.make()
    assert kept(served) == []


Verify = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def verify(
    served: System, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Verify:
    """Runs ``doorward audit verify --json`` as an auditor does."""
    folder = served.settings.data_dir
    monkeypatch.setenv("DOORWARD_DATA_DIR", str(folder))
    monkeypatch.setenv("DOORWARD_NATS_URL", "off")
    monkeypatch.setenv("DOORWARD_CHECKPOINT_FILE", str(folder.parent / "notes"))
    (folder.parent / "notes").touch()

    def run(*more: str) -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        code = main(["audit", "verify", "--only", "chain", "--json", *more])
        told = capsys.readouterr()
        return code, json.loads(told.out) if told.out else {"error": told.err}

    return run


def do(system: System, name: str) -> dict[str, Any]:
    return OPERATIONS[name](system, b"{}", lambda _progress: None)


def test_a_history_written_anew_is_found_by_a_checkpoint_outside(
    served: System, verify: Verify
) -> None:
    trusted = str(verifier_of(ORIGIN, checkpoint_keys(served.settings).ring()[0].secret))
    do(served, "audit checkpoint")
    code, told = verify("--trust", trusted)
    assert (code, told["intact"], told["checks"]["checkpoints"]["skipped"]) == (0, True, False)
    rewrite(served)
    as_owner(served, "DELETE FROM checkpoint")
    do(served, "audit checkpoint")
    code, told = verify("--trust", trusted)
    assert (code, told["intact"]) == (1, False)
    assert told["checks"]["checkpoints"]["faults"] == [
        f"two checkpoints disagree on position {served.store.head()}"
    ]


def rewrite(system: System) -> None:
    """Change an event, and compute every later hash anew, as the owner of the database can."""
    links = list(system.store.links_after(0, 1_000))
    statements, previous = [TAMPERED], GENESIS
    for position, stream, version, topic, state, _ in links:
        stored = state.replace(b"crm", b"hrm") if position == 6 else state
        previous = linked(previous, position, stream, version, topic, stored)
        literal = f"x'{previous.hex()}'"
        statements.append(f"UPDATE event_log SET hash = {literal} WHERE position = {position}")
    as_owner(system, *statements, f"UPDATE log_head SET hash = x'{previous.hex()}'")


def test_a_key_that_the_auditor_did_not_name_proves_nothing(
    served: System, verify: Verify
) -> None:
    do(served, "audit checkpoint")
    code, told = verify("--trust", str(key(THIEF)))
    assert code == 1
    faults = told["checks"]["checkpoints"]["faults"]
    assert all("is not signed by a trusted key" in one for one in faults)
    assert len(faults) == 2
    assert verify("--trust", "nonsense")[1]["error"].startswith(
        "doorward: 'nonsense' is no verifier"
    )
    assert "there is no such file" in verify("--checkpoints", "/nowhere")[1]["error"]


def test_notes_in_a_file_survive_one_that_was_torn(tmp_path: Path) -> None:
    path = tmp_path / "notes"
    file = NoteFile(path)
    file.put(note(FIRST))
    path.write_text(path.read_text() + note(FIRST, 6).note[:40])
    file.put(note(FIRST, 7))
    found = believe(file.read(), [key(FIRST)], ORIGIN, "file")
    assert [one.position for one in found.checkpoints] == [5, 7]
    assert len(found.faults) == 1
    assert notes_in("") == []


def test_a_long_text_without_any_note_is_read_once() -> None:
    """A hostile file must not keep an auditor waiting: it took minutes."""
    text = "x\n" * 200_000
    assert notes_in(text + note(FIRST).note) == [text + note(FIRST).note]
    assert notes_in(f"{text}\n\n{note(FIRST).note}") == [f"{text}\n\n", note(FIRST).note]


def test_with_a_named_key_a_log_without_checkpoints_is_not_intact(
    served: System, verify: Verify
) -> None:
    rewrite(served)
    assert verify()[0] == 0
    code, told = verify("--trust", str(key(FIRST)))
    assert (code, told["intact"]) == (1, False)
    assert told["checks"]["checkpoints"]["faults"] == [
        "no checkpoint is signed by a key that you named"
    ]


def test_what_was_not_looked_at_is_not_said_to_be_intact(served: System, verify: Verify) -> None:
    assert served.store.head() > 0
    for checks in ("", "stream"):
        code, told = verify("--only", checks)
        assert (code, "nothing was verified" in told["error"]) == (1, True)


def test_what_was_not_looked_at_stands_beside_intact_with_the_true_reason_and_can_be_required(
    served: System,
    verify: Verify,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    do(served, "audit checkpoint")
    monkeypatch.setenv("DOORWARD_NATS_URL", "embedded")
    folder = served.settings.data_dir
    checks = ("--only", "chain,stream")
    code, told = verify(*checks)
    why = f"no server answers in {folder}, and its NATS runs with it alone"
    assert (code, told["not_checked"], told["checks"]["stream"]["told"]) == (0, ["stream"], why)
    assert main(["audit", "verify", *checks]) == 0
    said = capsys.readouterr().out
    assert said.splitlines()[-1] == f"intact, but the stream was not checked: {why}"
    assert main(["audit", "verify", *checks, "--require", "chain,stream"]) == 1
    assert capsys.readouterr().err.endswith("not checked, although required: stream\n")
    assert main(["audit", "verify", "--only", "chain", "--require", "chain"]) == 0


def test_a_table_of_keys_that_was_changed_does_not_hinder_an_auditor_with_his_own(
    served: System, verify: Verify
) -> None:
    trusted = str(verifier_of(ORIGIN, checkpoint_keys(served.settings).ring()[0].secret))
    do(served, "audit checkpoint")
    as_owner(served, "UPDATE checkpoint_key SET verifier = 'nonsense'")
    assert verify("--trust", trusted)[0] == 0


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE event_log SET state = x'ff' WHERE position = 6",
        "UPDATE event_log SET topic = 'no.such' WHERE position = 6",
        "UPDATE log_head SET position = 9223372036854775807",
    ],
)
def test_of_a_broken_log_only_the_chain_is_verified(
    served: System, verify: Verify, change: str
) -> None:
    """What follows from it cannot be read, or has no end."""
    as_owner(served, change)
    code, told = verify("--only", "chain,read-models,decisions")
    assert (code, told["checks"]["chain"]["intact"]) == (1, False)
    assert told["checks"]["decisions"]["skipped"]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE checkpoint SET stamp = '!'",
        "UPDATE checkpoint SET stamp = x'ff'",
        "UPDATE checkpoint SET number = 'x'",
        "UPDATE checkpoint SET number = 9223372036854775807",
        "UPDATE checkpoint SET note = x'ff'",
    ],
)
async def test_a_table_that_was_changed_is_told_and_does_not_stop_the_server(
    served: System, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    monkeypatch.setattr(checkpointing_module, "EVERY", timedelta(0))
    served.checkpointing.make()
    as_owner(served, change)
    served.bus.call_blocking(lambda work: work.execute(seeds.submission("r-1"), seeds.CONTEXT))
    await served.checkpointing._tried()
    assert served.checkpointing.status().fault


def test_a_checkpoint_that_is_yet_to_come_does_not_keep_others_from_being_made(
    served: System,
) -> None:
    """Who owns the database would only have to write one there, and nothing were signed any more."""
    served.checkpointing.make()
    as_owner(served, "UPDATE checkpoint SET note = replace(note, 'time 2', 'time 9')")
    assert not served.checkpointing.is_due()
    served.bus.call_blocking(lambda work: work.execute(seeds.submission("r-1"), seeds.CONTEXT))
    assert served.checkpointing.is_due()
    as_owner(
        served, "UPDATE checkpoint SET note = replace(note, char(10) || '11', char(10) || '99')"
    )
    assert served.checkpointing.is_due()
    with pytest.raises(ChainBroken):
        served.checkpointing.make()
