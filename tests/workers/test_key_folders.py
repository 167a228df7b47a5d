"""Keys that several machines share: what a database remembers of them, and a folder that nobody here can write."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapters.key_file import KeyFile
from adapters.system import utc_now
from domain.ports import Unavailable
from server.audit.checkpoints import rows as kept_rows
from server.config import Settings
from server.failures import StartFailed
from server.wiring import open_system
from server.wiring.keys import CHECKPOINTS, KEY_FILES, SIGNING, make_key_files
from server.wiring.stores import accept_keys
from tests import seeds

NOBODY = 65_534


@pytest.fixture
def settings(tmp_path: Path, durable_url: str) -> Settings:
    make_key_files(tmp_path / "keys")
    return Settings(
        data_dir=tmp_path / "data",
        keys_dir=tmp_path / "keys",
        database_url=durable_url,
        nats_url="off",
    )


def keys(settings: Settings, name: str = SIGNING) -> KeyFile:
    assert settings.keys_dir is not None
    return KeyFile(settings.keys_dir / name, utc_now, make=False)


def start(settings: Settings) -> None:
    with open_system(settings):
        """It starts, and ends."""


def test_keys_may_be_rotated_and_dropped_and_the_server_starts_after_each(
    settings: Settings,
) -> None:
    start(settings)
    for _ in range(2):
        former = keys(settings).ring()[0]
        keys(settings).rotate()
        start(settings)
        assert keys(settings).drop(former.key_id)
        start(settings)
    # Also where no server was started in between.
    former = keys(settings).ring()[0]
    keys(settings).rotate()
    keys(settings).drop(former.key_id)
    start(settings)
    assert len(keys(settings).dropped()) == 3


@pytest.mark.parametrize("name", [SIGNING, CHECKPOINTS])
def test_a_copy_from_before_a_rotation_is_refused_and_accepted_if_somebody_says_so(
    settings: Settings, tmp_path: Path, name: str
) -> None:
    start(settings)
    old = tmp_path / "old"
    shutil.copytree(tmp_path / "keys", old)
    fresh = keys(settings, name).rotate()
    start(settings)
    shutil.copy(old / name, tmp_path / "keys" / name)
    with pytest.raises(StartFailed, match=f"{name} lacks the key {fresh.key_id}"):
        start(settings)
    assert accept_keys(settings) == 3
    start(settings)


@contextmanager
def not_to_be_written(folder: Path) -> Iterator[None]:
    """Let a folder be read-only for this process, which may be root's."""
    root = os.geteuid() == 0
    folder.chmod(0o555)
    for one in folder.iterdir():
        one.chmod(0o444)
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o755)


@pytest.fixture
def mounted() -> Iterator[Path]:
    """A folder of keys that is read-only, as a mounted secret is."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "keys"
        Path(folder).chmod(0o755)
        make_key_files(made)
        with not_to_be_written(made):
            yield made


def test_a_read_only_folder_serves_and_says_that_it_cannot_be_written(mounted: Path) -> None:
    for name in KEY_FILES:
        file = KeyFile(mounted / name, utc_now, make=False)
        (key,) = file.ring()
        with pytest.raises(Unavailable, match=f"{name} cannot be written here"):
            file.rotate()
        with pytest.raises(Unavailable, match="change it where it is kept"):
            file.drop(key.key_id)


def test_a_checkpoint_key_that_was_rotated_elsewhere_takes_over_once(
    settings: Settings, tmp_path: Path
) -> None:
    with open_system(settings) as system:
        seeds.seed_system(system)
        assert system.checkpointing.make() is not None
    # The folder comes anew with two keys, and cannot be written: the former key stays in it.
    keys(settings, CHECKPOINTS).rotate()
    lock = tmp_path / "keys" / f"{CHECKPOINTS}.lock"
    lock.unlink()
    lock.mkdir()
    with open_system(settings) as system:
        for _ in range(3):
            system.checkpointing.make()
        with system.store.read() as rows:
            kept = kept_rows.kept(rows)
            used = kept_rows.keys_used(rows)
    successors = [one.checkpoint.successor for one in kept]
    assert [one for one in successors if one] == [used[-1]]
    assert len(kept) == 5
    assert len(keys(settings, CHECKPOINTS).ring()) == 2
