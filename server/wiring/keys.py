"""The key files: `signing.keys` sign client ids, `personal.keys` wrap each person's own key, `checkpoint.keys`
sign checkpoints of the log. Whoever has the database alone has none. They are in the data folder and are made
when they are needed, or in a folder of their own, `DOORWARD_KEYS_DIR`: the same on every machine, where nothing is
made that the other machines would not have."""

from __future__ import annotations

from pathlib import Path

from adapters.key_file import BadKeyFile, KeyFile
from adapters.system import utc_now
from domain.ports import SigningKeys
from server.config import Settings
from server.failures import StartFailed

SIGNING, PERSONAL, CHECKPOINTS = "signing.keys", "personal.keys", "checkpoint.keys"
KEY_FILES = (PERSONAL, SIGNING, CHECKPOINTS)


def signing_keys(settings: Settings) -> SigningKeys:
    """Return the keys that sign client ids; raises `StartFailed`."""
    return key_file(settings, SIGNING)


def personal_keys(settings: Settings) -> SigningKeys:
    """Return the master keys of people's keys; raises `StartFailed`."""
    return key_file(settings, PERSONAL)


def checkpoint_keys(settings: Settings) -> SigningKeys:
    """Return the private keys of checkpoints; raises `StartFailed`."""
    return key_file(settings, CHECKPOINTS)


def present_personal_keys(settings: Settings) -> SigningKeys | None:
    """Return the master keys if this machine has any; raises `StartFailed`."""
    path = (settings.keys_dir or settings.data_dir) / PERSONAL
    return key_file(settings, PERSONAL) if path.exists() else None


def key_file(settings: Settings, name: str) -> KeyFile:
    """Return one of the key files, in the data folder made at the first call; raises `StartFailed`."""
    if settings.keys_dir is None:
        return _opened(data_folder(settings) / name, make=True)
    path = settings.keys_dir / name
    if not path.exists():
        raise StartFailed(
            f"there is no {path}; doorward keys init {settings.keys_dir} makes all key files, once for "
            "all servers"
        )
    return _opened(path, make=False)


def make_key_files(folder: Path) -> list[Path]:
    """Make the key files that a folder lacks, for its owner alone; return them. Raises `StartFailed`."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as fault:
        raise StartFailed(f"cannot make the folder {folder}: {fault.strerror}") from None
    made = [folder / name for name in KEY_FILES if not (folder / name).exists()]
    for path in made:
        _opened(path, make=True)
    from server.wiring.nats_seeds import make_seeds  # noqa: PLC0415 - loads what NATS alone needs

    return made + make_seeds(folder)


def data_folder(settings: Settings) -> Path:
    """Return the data folder, made if absent; raises `StartFailed`."""
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as fault:
        why = f"{settings.data_dir}: {fault.strerror}"
        raise StartFailed(f"cannot make the data folder {why}; set DOORWARD_DATA_DIR") from None
    return settings.data_dir


def _opened(path: Path, *, make: bool) -> KeyFile:
    try:
        return KeyFile(path, utc_now, make=make)
    except BadKeyFile as fault:
        raise StartFailed(str(fault)) from None
