"""What is left in the rows of requests once a person is forgotten: everything but what he said."""

from __future__ import annotations

import msgspec

from domain.person import PersonForgotten
from domain.ports import Rows
from domain.values import REDACTED
from projections.columns import json_text

_OWN = "SELECT request_id FROM access_request_part WHERE person = ? AND requests = 1"
_answers = msgspec.json.Decoder(list[tuple[str, str, str]])


def forgotten(rows: Rows, event: PersonForgotten) -> None:
    """Redact justifications, answers and reasons of this person, just as the log reads from now on."""
    person = event.person_id
    rows.execute(
        "UPDATE access_request SET justification = ? "
        f"WHERE justification IS NOT NULL AND request_id IN ({_OWN})",
        (REDACTED, person),
    )
    rows.execute(
        "UPDATE access_request SET closed_reason = ? WHERE closed_reason_of = ?",
        (REDACTED, person),
    )
    answered = rows.select(
        "SELECT request_id, answers_json FROM access_request "
        f"WHERE answers_json <> '[]' AND request_id IN ({_OWN})",
        (person,),
    )
    for request_id, answers in answered:
        redacted = [
            [field, prompt, REDACTED] for field, prompt, _ in _answers.decode(str(answers))
        ]
        rows.execute(
            "UPDATE access_request SET answers_json = ? WHERE request_id = ?",
            (json_text(redacted), request_id),
        )
