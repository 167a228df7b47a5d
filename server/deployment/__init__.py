"""Files for running Doorward, from one process to many machines: container image, compose file, Helm chart,
systemd units, a NATS cluster, load balancers. `README.md` beside this file is the operator's document. They
come with the package, and ``doorward deployment`` prints or writes them."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent


def files() -> list[Path]:
    """Return all files of the deployment, relative to this folder and in order."""
    return sorted(
        path.relative_to(FOLDER)
        for path in FOLDER.rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    )
