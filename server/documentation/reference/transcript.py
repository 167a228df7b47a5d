"""The recording of the walk-through as text, for whoever has no player: what stood in the terminal at the end."""

from __future__ import annotations

import json
import re

from server.documentation.including import ROOT

RECORDING = ROOT / "server" / "documentation" / "pages" / "walkthrough.cast"
_OVERWRITTEN = re.compile(r"[^\n]*\r(?!\n)")
_CONTROLS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def transcript() -> str:
    """Return the text of the recording."""
    _, *seen = RECORDING.read_text(encoding="utf-8").splitlines()
    text = "".join(json.loads(one)[2] for one in seen).replace("\r\n", "\n")
    return f"```text\n{_CONTROLS.sub('', _OVERWRITTEN.sub('', text)).rstrip()}\n```"
