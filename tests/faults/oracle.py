"""The judge at the end: what was acknowledged is in the log once, the log is whole, all that is derived from it equals
it and has caught up, the listener has heard everything, and the server is well and said no more than it should."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from adapters.open_store import open_store
from domain.access_request import RequestCancelled, RequestSubmitted
from domain.envelope import Recorded
from tests.faults.clients import Diary
from tests.faults.listener import Heard
from tests.running import RunningServer

DEADLINE = 120.0
LOOKS = 12
"""New connections that have to find a ready worker, one after the other."""
_LEVEL = re.compile(r"(WARNING|ERROR|CRITICAL) ")


def logged(url: str) -> list[Recorded]:
    """Return the whole log."""
    store = open_store(url)
    try:
        found: list[Recorded] = []
        while batch := store.events_after(len(found), 1_000):
            found += batch
        return found
    finally:
        store.close()


def judge_log(log: Sequence[Recorded], diary: Diary) -> None:
    """Nothing acknowledged is missing, nothing is there twice, and clients were told nothing wrong."""
    assert not diary.faults, "\n".join(diary.faults[:10])
    assert diary.submitted, "nobody got anything done"
    assert [one.position for one in log] == list(range(1, len(log) + 1))
    ids = Counter(one.envelope.event_id for one in log)
    assert max(ids.values()) == 1, ids.most_common(3)
    events = [one.envelope.event for one in log]
    submitted = [one for one in events if isinstance(one, RequestSubmitted)]
    asked = Counter((one.requester, one.permissions[0].permission_id) for one in submitted)
    assert max(asked.values()) == 1, f"asked for twice: {asked.most_common(3)}"
    of = {
        (str(one.requester), str(one.permissions[0].permission_id)): one.request_id
        for one in submitted
    }
    lost = {key: one for key, one in diary.submitted.items() if of.get(key) != one}
    assert not lost, f"acknowledged and lost: {lost}"
    cancelled = Counter(one.request_id for one in events if isinstance(one, RequestCancelled))
    assert diary.cancelled <= set(cancelled)
    assert not cancelled or max(cancelled.values()) == 1


def judge_heard(log: Sequence[Recorded], heard: Heard) -> None:
    """The listener has every event of the log, in order, and of each aggregate every version."""
    assert not heard.disorder, "\n".join(heard.disorder[:10])
    expected = {one.envelope.event_id: one.position for one in log}
    assert {name: position for name, (position, _, _) in heard.events.items()} == expected
    versions: dict[str, list[int]] = {}
    for _, aggregate, version in sorted(heard.events.values()):
        versions.setdefault(aggregate, []).append(version)
    gaps = {name: all_ for name, all_ in versions.items() if all_ != [*range(1, len(all_) + 1)]}
    assert not gaps, gaps


@dataclass(frozen=True)
class Standing:
    """What `/readyz` says."""

    status: int
    body: dict[str, Any]

    @property
    def settled(self) -> bool:
        """Whether it is ready, and everything that follows the log has come to its end."""
        if self.status != httpx.codes.OK:
            return False
        nats = self.body["nats"]
        level = nats["state"] == "off" or nats["lag"] == 0
        return level and not any(self.body["behind"].values()) and not self.body["failing"]


async def standing(server: str, host: str) -> Standing:
    """Ask over a new connection, so that any worker may answer."""
    async with httpx.AsyncClient(timeout=30) as http:
        answer = await http.get(f"{server}/readyz", headers={"host": host})
    return Standing(answer.status_code, answer.json())


async def settled(server: RunningServer, at: str | None = None) -> None:
    """Wait until whichever worker answers is ready and has nothing left to do."""
    url, host = at or server.issuer, server.issuer.removeprefix("http://")
    seen: Standing | None = None
    wells = 0
    try:
        async with asyncio.timeout(DEADLINE):
            while wells < LOOKS:
                try:
                    seen = await standing(url, host)
                except httpx.TransportError:
                    seen = None
                wells = wells + 1 if seen is not None and seen.settled else 0
                if not wells:
                    await asyncio.sleep(0.2)
    except TimeoutError:
        raise AssertionError(f"it is not well again: {seen}\n{server.said()}") from None


def judge_derived(server: RunningServer, *, stream: bool = True) -> None:
    """`doorward audit verify` finds the log, the stream, the read models and the decisions intact."""
    done = server.run("audit", "verify", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    checks = json.loads(done.stdout)["checks"]
    skipped = {name for name, one in checks.items() if one["skipped"]}
    assert not skipped - (set() if stream else {"stream"}), checks
    for expected in ("chain", "read models", "decisions", *(["stream"] if stream else [])):
        assert checks[expected]["intact"], checks


def judge_words(said: str, most: int, *, allowed: Sequence[str] = ()) -> None:
    """What was logged is lines, at most so many of one kind, and no stack of a program that did not know
    what to do; `allowed` are beginnings of what else a fault may have it say."""
    assert "Traceback" not in said, said
    lines = [line for line in said.splitlines() if not line.startswith(tuple(allowed))]
    other = [line for line in lines if not _LEVEL.match(line)]
    assert not other, said
    critical = [line for line in lines if line.startswith("CRITICAL")]
    assert not critical, said
    kinds = Counter(re.sub(r"\d+", "N", line)[:60] for line in lines)
    loud = {kind: count for kind, count in kinds.items() if count > most}
    assert not loud, f"said too often: {loud}"
