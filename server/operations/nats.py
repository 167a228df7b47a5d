"""NATS as an operator sees it: how far it has come, and what was set aside."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import msgspec

from domain.errors import Refused
from domain.messaging import DeadLetter
from domain.ports import Poison, PublisherState
from projections.columns import instant
from server.bad_file import BadFile
from server.integrations.answering import Answering
from server.operations.operation import Operation, Report, read_wish
from server.wiring import System

SHOWN = 2_000
"""Characters of a body that are shown."""
LAST_NUMBER = 2**63 - 1
"""No stream's sequence comes further."""


class _Wish(msgspec.Struct):
    number: int = 0
    replay: bool = False


_wish_decoder = msgspec.json.Decoder(_Wish)


def nats_status(system: System, _body: bytes, _report: Report) -> dict[str, Any]:
    """Return where publishing, commands and integrations stand."""
    publisher, reader = system.nats.publisher, system.nats.command_reader
    desk = system.nats.desk
    published = publisher.observed() if publisher else None
    return {
        "publishing": asdict(published) if published else None,
        "behind": max(system.store.head() - published.position, 0) if published else None,
        "commands": asdict(reader.status()) if reader else None,
        "streams": [asdict(one) for one in desk.keeping()],
        "consumers": [asdict(one) for one in desk.lags()],
        "dead_letters": len(desk.letters()),
    }


def nats_resume(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Let a publisher that has halted go on, as an operator says."""
    publisher = system.nats.publisher
    if publisher is None or publisher.observed().state is not PublisherState.HALTED:
        raise BadFile("publishing has not halted; doorward nats status says where it stands")
    replay = read_wish(_wish_decoder, body).replay
    publisher.resume(replay=replay)
    return {"resumed": "with all events from the first on" if replay else "with new events alone"}


def dead_letters(system: System, _body: bytes, _report: Report) -> dict[str, Any]:
    """List what was set aside, the newest first."""
    return {"letters": [_shown(one, body=False) for one in system.nats.desk.letters()]}


def dead_letter_show(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Show one dead letter whole."""
    return _shown(_found(system, body), body=True)


def dead_letter_discard(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Forget a dead letter."""
    letter = _found(system, body)
    return {"discarded": letter.number if system.nats.desk.discard(letter.number) else None}


def dead_letter_retry(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Answer a command that was set aside, as if it came now; forget it if it can be answered."""
    letter, desk = _found(system, body), system.nats.desk
    answer = Answering(system.bus, system.clock, system.new_id)
    try:
        outcome = asyncio.run(answer(desk.command_of(letter)))
    except Poison as why:
        raise BadFile(
            f"dead letter {letter.number} is no command that could be read: {why}"
        ) from None
    except Refused as refusal:
        raise BadFile(str(refusal)) from None
    desk.discard(letter.number)
    return asdict(outcome)


def _found(system: System, body: bytes) -> DeadLetter:
    number = read_wish(_wish_decoder, body).number
    found = system.nats.desk.letter(number) if 0 < number <= LAST_NUMBER else None
    if found is None:
        raise BadFile(f"there is no dead letter {number}; doorward dlq list shows all")
    return found


def _shown(letter: DeadLetter, *, body: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "number": letter.number,
        "at": instant(letter.at),
        "from": f"{letter.stream}, consumer {letter.consumer}",
        "subject": letter.subject,
        "reason": letter.reason,
    }
    return {**shown, "body": letter.body.decode("utf-8", "replace")[:SHOWN]} if body else shown


OPERATIONS: Mapping[str, Operation] = {
    "nats status": nats_status,
    "nats resume": nats_resume,
    "dlq list": dead_letters,
    "dlq show": dead_letter_show,
    "dlq discard": dead_letter_discard,
    "dlq retry": dead_letter_retry,
}
