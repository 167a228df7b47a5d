"""The owner of the database changes one thing at random, whatever it is, and may compute the whole chain anew behind
it: a checkpoint that stands outside finds it."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.open_store import open_store
from domain.chain import GENESIS, linked
from server.audit.verifying import verify
from tests.audit.test_verifying import EVENTS, filled, quiet

COLUMNS = ("originator_id", "originator_version", "topic", "state", "hash")
SELECT = f"SELECT position, {', '.join(COLUMNS)} FROM event_log ORDER BY position"
StoredRow = tuple[int, str, int, str, bytes, bytes]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[int, bytes]]:
    """A log, and its head as a checkpoint outside tells it."""
    path = tmp_path_factory.mktemp("log") / "log.db"
    store = filled(f"sqlite:///{path}")
    head = dict([store.chain_head()])
    store.close()
    return path, head


def flipped(value: str | int | bytes, at: int, bit: int) -> str | int | bytes:
    """Return a value with one bit of one byte changed."""
    if isinstance(value, int):
        return value ^ (1 << bit % 4)
    raw = bytearray(value.encode() if isinstance(value, str) else value)
    raw[at % len(raw)] ^= 1 << bit
    return raw.decode("latin-1") if isinstance(value, str) else bytes(raw)


@st.composite
def changes(draw: st.DrawFn) -> tuple[str, int, int, int]:
    """What is done, to which row, where in it, and how."""
    kind = draw(st.sampled_from([*COLUMNS, "delete", "insert", "exchange"]))
    return (
        kind,
        draw(st.integers(0, EVENTS - 1)),
        draw(st.integers(0, 999)),
        draw(st.integers(0, 7)),
    )


def changed(rows: list[StoredRow], change: tuple[str, int, int, int]) -> list[StoredRow]:
    """Return the rows as they are afterwards, at dense positions."""
    kind, row, at, bit = change
    rows = list(rows)
    match kind:
        case "delete":
            del rows[row]
        case "insert":
            position, _, version, topic, state, digest = rows[row]
            rows.insert(row, (position, "app-slipped-in", version, topic, state, digest))
        case "exchange":
            other = (row + 1 + at % (EVENTS - 1)) % EVENTS
            rows[row], rows[other] = rows[other], rows[row]
        case _:
            place = COLUMNS.index(kind) + 1
            one = list(rows[row])
            one[place] = flipped(one[place], at, bit)  # type: ignore[arg-type]  # never the position
            rows[row] = tuple(one)  # type: ignore[assignment]  # the same columns
    return [(number, *one[1:]) for number, one in enumerate(rows, start=1)]


def computed_anew(rows: list[StoredRow]) -> list[StoredRow]:
    """Return the rows with the chain that fits them."""
    anew, previous = list[StoredRow](), GENESIS
    for position, stream, version, topic, state, _ in rows:
        previous = linked(previous, position, stream, version, topic, state)
        anew.append((position, stream, version, topic, state, previous))
    return anew


def written(path: Path, rows: list[StoredRow]) -> None:
    """Put these rows in place of the log, past its triggers."""
    with sqlite3.connect(path) as connection:
        for verb in ("update", "delete"):
            connection.execute(f"DROP TRIGGER event_log_no_{verb}")
        connection.execute("DELETE FROM event_log")
        sql = f"INSERT OR REPLACE INTO event_log (position, {', '.join(COLUMNS)}) VALUES (?,?,?,?,?,?)"
        connection.executemany(sql, rows)
        connection.execute("UPDATE log_head SET position = ?, hash = ?", (len(rows), rows[-1][5]))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes(), st.booleans())
def test_whatever_the_owner_changes_is_found_by_a_checkpoint_outside(
    original: tuple[Path, dict[int, bytes]],
    tmp_path_factory: pytest.TempPathFactory,
    change: tuple[str, int, int, int],
    anew: bool,
) -> None:
    source, head = original
    path = Path(shutil.copy(source, tmp_path_factory.mktemp("tampered") / "log.db"))
    with sqlite3.connect(path) as connection:
        before: list[StoredRow] = connection.execute(SELECT).fetchall()
    rows = changed(before, change)
    if anew:
        rows = computed_anew(rows)
    if rows == before:
        return
    written(path, rows)
    store = open_store(f"sqlite:///{path}")
    found = verify(store, head, quiet)
    store.close()
    assert found.broken is not None, change
