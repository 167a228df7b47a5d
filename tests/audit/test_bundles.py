"""A bundle is verified with nothing but the file and the key that an auditor has noted; whatever was done to it is
found, and whatever is no bundle is said to be none."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from domain.checkpoint import origin_of
from server.__main__ import main
from server.audit.bundle.reading import BATCH_BYTES, open_bundle
from server.audit.checkpoints.notes import verifier_of
from server.config import Settings
from server.operations import OPERATIONS
from server.wiring import checkpoint_keys, open_system
from tests import seeds

Verify = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A bundle with a checkpoint over the whole log, and the key that signed it."""
    folder = tmp_path_factory.mktemp("machine")
    settings = Settings(data_dir=folder / "data", nats_url="off")
    with open_system(settings) as system:
        seeds.seed_system(system)
        OPERATIONS["audit checkpoint"](system, b"{}", lambda _progress: None)
        key = str(verifier_of(origin_of("main"), checkpoint_keys(settings).ring()[0].secret))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOORWARD_DATA_DIR", str(settings.data_dir))
        assert main(["audit", "bundle", str(folder / "log.zip")]) == 0
    return folder / "log.zip", key


@pytest.fixture
def bundle(original: tuple[Path, str], tmp_path: Path) -> Path:
    """A copy of it, on a machine that has nothing else."""
    return Path(shutil.copy(original[0], tmp_path / "copy.zip"))


@pytest.fixture
def verify(
    original: tuple[Path, str],
    bundle: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Verify:
    monkeypatch.setenv("DOORWARD_DATA_DIR", str(bundle.parent / "nothing"))

    def run(*more: str) -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        code = main(
            ["audit", "verify", "--bundle", str(bundle), "--json", "--trust", original[1], *more]
        )
        told = capsys.readouterr()
        return code, json.loads(told.out) if told.out else {"error": told.err}

    return run


def changed(bundle: Path, member: str, change: Callable[[list[str]], list[str]]) -> None:
    """Change the lines of one member."""
    with zipfile.ZipFile(bundle) as archive:
        members = {name: archive.read(name).decode() for name in archive.namelist()}
    lines = members[member].splitlines(keepends=True)
    members[member] = "".join(change(lines))
    with zipfile.ZipFile(bundle, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def another_hash(line: str) -> str:
    return line[:-4] + ("0" if line[-4] == "f" else "f") + line[-3:]


def test_a_bundle_that_nobody_changed_is_proved_by_the_key_alone(
    verify: Verify, bundle: Path
) -> None:
    code, told = verify()
    assert (code, told["intact"], told["events"]) == (0, True, 11)
    assert told["checks"]["checkpoints"]["told"].startswith("1 in the bundle; the newest at 11")
    assert not (bundle.parent / "nothing").exists()


@pytest.mark.parametrize(
    ("change", "position"),
    [
        (lambda lines: [*lines[:3], *lines[4:]], 4),
        (lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]], 4),
        (lambda lines: [*lines[:3], lines[2], *lines[3:]], 4),
        (lambda lines: [*lines[:3], lines[3].replace("2026", "2025"), *lines[4:]], 4),
        (lambda lines: lines[:-1], 11),
        (lambda lines: lines[:0], 1),
        (lambda lines: [*lines[:-1], another_hash(lines[-1])], 11),
    ],
    ids=["gone", "exchanged", "doubled", "changed", "cut", "emptied", "another hash"],
)
def test_what_was_done_to_its_events_is_found(
    verify: Verify, bundle: Path, change: Callable[[list[str]], list[str]], position: int
) -> None:
    changed(bundle, "events.jsonl", change)
    code, told = verify()
    assert (code, told["intact"], told["first_bad"]) == (1, False, position)


def test_without_its_checkpoints_it_is_not_proved_by_the_key(verify: Verify, bundle: Path) -> None:
    """A forger computes the whole chain anew, and leaves out what he cannot sign."""
    changed(bundle, "checkpoints.jsonl", lambda _lines: [])
    code, told = verify()
    found = told["checks"]["checkpoints"]
    assert (code, told["intact"], found["skipped"]) == (1, False, False)
    assert found["faults"] == ["no checkpoint is signed by a key that you named"]
    assert "does not bind" in found["told"]


def test_a_shortened_log_is_found_by_its_checkpoint(verify: Verify, bundle: Path) -> None:
    """The head in the manifest is shortened with it, as a forger would."""
    with zipfile.ZipFile(bundle) as archive:
        tenth = json.loads(archive.read("events.jsonl").splitlines()[9])
    changed(bundle, "events.jsonl", lambda lines: lines[:10])

    def forge(lines: list[str]) -> list[str]:
        manifest = json.loads("".join(lines))
        return [json.dumps({**manifest, "events": 10, "head": f"10:{tenth['hash']}"})]

    changed(bundle, "manifest.json", forge)
    code, told = verify()
    assert (code, told["first_bad"]) == (1, 11)
    assert told["why"] == "it is known from elsewhere, and not there"


@pytest.mark.parametrize(
    ("member", "content", "said"),
    [
        ("events.jsonl", "nonsense\n", "events.jsonl, line 1"),
        ("events.jsonl", '{"position": 1}\n', "missing required field"),
        (
            "events.jsonl",
            '{"position":"1","stream":"","version":1,"topic":"","state":"","hash":""}\n',
            "line 1",
        ),
        (
            "events.jsonl",
            '{"position":1,"stream":"","version":1,"topic":"","state":"","hash":"zz"}\n',
            "line 1",
        ),
        ("checkpoints.jsonl", "{}\n", "missing required field"),
        ("checkpoints.jsonl", '{"note": "", "timestamp": "!"}\n', "is not base64"),
        ("manifest.json", "[]", "Expected `object`"),
        ("manifest.json", '{"format":2,"tenant":"main","events":1,"head":"1:00"}', "of format 2"),
        ("manifest.json", '{"format":1,"tenant":"main","events":1,"head":"x"}', "is no head"),
    ],
)
def test_what_is_no_bundle_is_said_to_be_none(
    verify: Verify, bundle: Path, member: str, content: str, said: str
) -> None:
    changed(bundle, member, lambda _lines: [content])
    code, told = verify()
    assert code == 1
    assert said in told["error"]
    assert told["error"].count("\n") == 1


@pytest.mark.parametrize("content", [b"", b"PK", b"x" * 1_000], ids=["empty", "begun", "other"])
def test_a_file_that_is_no_zip_is_said_to_be_none(
    verify: Verify, bundle: Path, content: bytes
) -> None:
    bundle.write_bytes(content)
    code, told = verify()
    assert (code, "it is no bundle" in told["error"]) == (1, True)


def test_a_damaged_byte_is_told_in_a_sentence(verify: Verify, bundle: Path) -> None:
    raw = bytearray(bundle.read_bytes())
    raw[200] ^= 0xFF
    bundle.write_bytes(raw)
    code, told = verify()
    assert code == 1
    assert told.get("error", "").count("\n") == 1 or told["intact"] is False


def test_a_bundle_is_not_verified_without_a_key(
    bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", "verify", "--bundle", str(bundle)]) == 1
    assert "give the verifier key with --trust" in capsys.readouterr().err


def test_large_events_are_held_in_memory_a_few_at_a_time(bundle: Path) -> None:
    """Thousands of lines of megabytes are a file of a few megabytes."""

    def inflated(lines: list[str]) -> list[str]:
        event = {**json.loads(lines[0]), "state": "x" * (BATCH_BYTES // 5)}
        return [json.dumps(event) + "\n"] * 12

    changed(bundle, "events.jsonl", inflated)
    with open_bundle(bundle) as opened:
        assert [len(batch) for batch in opened.links()] == [5, 5, 2]
