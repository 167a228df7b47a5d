"""What auditors ask of the running server: to sign where the log stands, to change the key that signs, and to read
what NATS has of both."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from domain.checkpoint import Unwitnessed
from projections.columns import instant
from server.audit.checkpoints.checkpointing import ChainBroken
from server.audit.stream_check import compare_stream
from server.bad_file import BadFile
from server.operations.operation import Operation, Report, counted
from server.wiring import System, checkpoint_keys


def audit_checkpoint(system: System, _body: bytes, _report: Report) -> dict[str, Any]:
    """Sign the head of the log now, and take it to where checkpoints are kept."""
    try:
        made = system.checkpointing.make()
    except ChainBroken as broken:
        raise BadFile(f"nothing was signed: {broken}") from None
    if made is None:
        raise BadFile("there is nothing to sign: the log is empty")
    told = {"position": made.position, "hash": made.hash.hex(), "at": instant(made.at)}
    try:
        asyncio.run(system.checkpointing.deliver())
    except Unwitnessed as fault:
        return {**told, "not_delivered": str(fault)}
    return told


def audit_keys_rotate(system: System, body: bytes, report: Report) -> dict[str, Any]:
    """Let another key sign from now on; the former one signs once more, and names it."""
    checkpoint_keys(system.settings).rotate()
    return {**audit_checkpoint(system, body, report), "keys": "the former key has handed over"}


def audit_stream(system: System, _body: bytes, report: Report) -> dict[str, Any]:
    """Compare the event stream with the log, and return the checkpoints that NATS keeps."""
    compared = compare_stream(system.store, system.nats.desk, counted(report))
    stream = system.nats.checkpoints
    try:
        kept = asyncio.run(stream.read()) if stream is not None else ()
    except Unwitnessed as fault:
        raise BadFile(str(fault)) from None
    return {**asdict(compared), "checkpoints": [(one.note, one.stamp) for one in kept]}


OPERATIONS: Mapping[str, Operation] = {
    "audit checkpoint": audit_checkpoint,
    "audit keys rotate": audit_keys_rotate,
    "audit stream": audit_stream,
}
