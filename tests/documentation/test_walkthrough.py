"""The recording is what happens: it has the commands of the script, and the script runs to its end."""

from __future__ import annotations

import json
from pathlib import Path

from server.documentation.reference.transcript import RECORDING, transcript
from tests.documentation.recording import COMMANDS, recorded

ENDS_WITH = "intact"
SHOWN = (
    "PENDING_MANAGER_APPROVAL",
    "PENDING_MANUAL_PROVISIONING",
    "PROVISIONED",
    "evidence session",
)


def _text(lines: list[str]) -> str:
    return "".join(json.loads(line)[2] for line in lines[1:])


def _typed(lines: list[str]) -> list[str]:
    """Return the commands of a recording, the request's id as the script has it."""
    shown = [line[2:] for line in _text(lines).splitlines() if line.startswith("$ ")]
    return [
        script if script.split("REQUEST")[0] == line[: len(script.split("REQUEST")[0])] else line
        for script, line in zip(COMMANDS, shown, strict=True)
    ]


def test_the_recording_that_is_kept_is_one_of_this_script() -> None:
    lines = RECORDING.read_text().splitlines()
    head = json.loads(lines[0])
    assert head["version"] == 2
    times = [json.loads(line)[0] for line in lines[1:]]
    assert times == sorted(times)
    assert _typed(lines) == list(COMMANDS), "`make walkthrough` records it anew"
    assert transcript().splitlines()[-2] == ENDS_WITH


def test_it_can_be_recorded_anew(tmp_path: Path) -> None:
    lines = recorded(tmp_path)
    text = _text(lines)
    assert _typed(lines) == list(COMMANDS)
    assert [one for one in SHOWN if one not in text] == []
    assert text.rstrip().endswith(ENDS_WITH)
    assert str(tmp_path) not in text
