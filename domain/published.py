"""What stands in the event stream, as an auditor compares it with the log."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Published:
    """A message of the stream: its sequence and subject, the position and the event's id that its headers
    name, and its body. What is missing is empty."""

    sequence: int
    subject: str
    position: str
    event_id: str
    body: bytes
