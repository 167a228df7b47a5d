"""The key files in the data folder: `signing.keys` sign client ids, `personal.keys` wrap each person's own
key, `checkpoint.keys` sign checkpoints of the log. Whoever has the database alone has none."""

from __future__ import annotations

from pathlib import Path

from adapters.key_file import BadKeyFile, KeyFile
from adapters.system import utc_now
from domain.ports import SigningKeys
from server.config import Settings
from server.wiring.start_failures import StartFailed

SIGNING, PERSONAL, CHECKPOINTS = "signing.keys", "personal.keys", "checkpoint.keys"


def signing_keys(settings: Settings) -> SigningKeys:
    """Return the keys in the data folder, made at the first call; raises `StartFailed`."""
    return _keys(data_folder(settings) / SIGNING)


def personal_keys(settings: Settings) -> SigningKeys:
    """Return the master keys in the data folder, made at the first call; raises `StartFailed`."""
    return _keys(data_folder(settings) / PERSONAL)


def checkpoint_keys(settings: Settings) -> SigningKeys:
    """Return the private keys of checkpoints, made at the first call; raises `StartFailed`."""
    return _keys(data_folder(settings) / CHECKPOINTS)


def present_personal_keys(settings: Settings) -> SigningKeys | None:
    """Return the master keys if this machine has any; raises `StartFailed`."""
    path = settings.data_dir / PERSONAL
    return _keys(path) if path.exists() else None


def data_folder(settings: Settings) -> Path:
    """Return the data folder, made if absent; raises `StartFailed`."""
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as fault:
        why = f"{settings.data_dir}: {fault.strerror}"
        raise StartFailed(f"cannot make the data folder {why}; set DOORWARD_DATA_DIR") from None
    return settings.data_dir


def _keys(path: Path) -> SigningKeys:
    try:
        return KeyFile(path, utc_now)
    except BadKeyFile as fault:
        raise StartFailed(str(fault)) from None
