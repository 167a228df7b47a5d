"""The keys with which Doorward's own two connections sign in at a NATS of one's own: `publisher.nk` publishes
events, `reader.nk` reads commands. They are beside the other key files where those have a folder of their own,
else in the data folder; settings may name others."""

from __future__ import annotations

from pathlib import Path

import nkeys

from adapters.nats_accounts import EngineUser, new_nats_key, public_nats_key
from adapters.private_file import write_private
from server.config import Settings
from server.failures import StartFailed

PUBLISHER, READER = "publisher.nk", "reader.nk"


def seed_file(settings: Settings, name: str) -> Path:
    """Return where a key is that no setting names."""
    return (settings.keys_dir or settings.data_dir / "nats") / name


def engine_users(settings: Settings) -> tuple[EngineUser, EngineUser]:
    """Return who publishes and who reads, as a nats-server is told. Keys in the data folder are made at
    the first call. Raises `StartFailed`."""
    publishing, reading = settings.nats_credentials, settings.nats_reader_credentials
    if (publishing is None) != (reading is None):
        raise StartFailed(
            "DOORWARD_NATS_CREDENTIALS and DOORWARD_NATS_READER_CREDENTIALS are two keys: what publishes "
            "events and what reads commands may not do the same"
        )
    publisher = publishing or seed_file(settings, PUBLISHER)
    reader = reading or seed_file(settings, READER)
    if publishing is None and settings.keys_dir is None:
        publisher.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        make_seeds(publisher.parent)
    return EngineUser(nkey=_public_key(publisher)), EngineUser(nkey=_public_key(reader))


def make_seeds(folder: Path) -> list[Path]:
    """Make the keys that a folder lacks, for its owner alone; return their files."""
    made = [folder / name for name in (PUBLISHER, READER) if not (folder / name).exists()]
    for path in made:
        write_private(path, new_nats_key().secret)
    return made


def _public_key(path: Path) -> str:
    try:
        return public_nats_key(path.read_text().strip())
    except OSError:
        raise StartFailed(
            f"there is no {path}; doorward keys init {path.parent} makes it, once for all servers"
        ) from None
    except (nkeys.NkeysError, ValueError) as fault:
        raise StartFailed(f"{path} holds no NKey seed: {fault}") from None
