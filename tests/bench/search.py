"""The search of the catalog: how good it is on judged queries, and how fast beside the plain full text of
both databases, at any size. Every system answers every query in turn, in one run."""

from __future__ import annotations

import gc
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from adapters.open_store import open_store
from domain.catalog import AppAdded, PermissionAdded
from domain.envelope import Recorded
from domain.ports import EventStore, Rows
from projections import catalog, policies
from projections.catalog.search.searching import Question, Search
from projections.catalog.search.thesaurus import shipped_thesaurus
from projections.visibility import audiences_of
from server.wiring import SCHEMA
from tests.bench.large_catalog import GROUPS, LargeCatalog
from tests.bench.oauth import Timing
from tests.catalog.shelf import ids
from tests.catalog.test_relevance import SHARED, asked, filled, mean, queries, shelved

BATCH, ROUNDS, TOP = 500, 2, 10
SINGLE_WORDS = ("aws", "admin", "s3", "read", "viewer", "write", "salesforce", "prod eu admin")
MINE = ("everyone", *GROUPS[:20])
Answer = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Quality:
    """How good the answers to the judged queries are: nDCG@10, and for how many the first ten are the
    same on both stores."""

    ndcg: float
    same: float


def quality(urls: Sequence[str]) -> Quality | None:
    """Judge both stores; None where the judged catalog is not at hand."""
    if not SHARED.exists():
        return None
    with shelved(urls) as shelves:
        filled(shelves, SHARED)
        judged = [one for one in queries() if one["relevant"]]
        tops = [[ids(asked(shelf, one))[:TOP] for one in queries()] for shelf in shelves]
        same = [one == other for one, other in zip(*tops, strict=True)]
        return Quality(mean(shelves[0], judged), sum(same) / len(same))


def latency(sqlite: Path, postgres_url: str, permissions: int) -> list[Timing]:
    """Time every query on both stores and on both plain full texts."""
    large = LargeCatalog(permissions)
    stores = [open_store(f"sqlite:///{sqlite}"), open_store(postgres_url)]
    built = []
    for store in stores:
        began = time.perf_counter()
        _build(store, large)
        built.append(permissions / (time.perf_counter() - began))
        _analyse(store)
    texts = [one["query"] for one in queries()] + list(SINGLE_WORDS)
    gc.collect()
    gc.freeze()
    systems: dict[str, Answer] = {
        "permissions, SQLite": _permissions(stores[0]),
        "apps by permissions, SQLite": _apps(stores[0]),
        "plain FTS5 (OR, bm25)": _fts5(stores[0]),
        "permissions, PostgreSQL": _permissions(stores[1]),
        "apps by permissions, PostgreSQL": _apps(stores[1]),
        "plain tsvector (OR, ts_rank)": _tsvector(stores[1]),
    }
    timings = _timed(systems, texts)
    for store in stores:
        store.close()
    rates = zip(("indexing, SQLite", "indexing, PostgreSQL"), built, strict=True)
    return [*timings, *(Timing(name, rate, 0.0, 0.0) for name, rate in rates)]


def _timed(systems: dict[str, Answer], texts: Sequence[str]) -> list[Timing]:
    taken: dict[str, list[float]] = {name: [] for name in systems}
    for turn in range(1 + ROUNDS):
        for text in texts:
            for name, answer in systems.items():
                began = time.perf_counter()
                answer(text)
                if turn:
                    taken[name].append((time.perf_counter() - began) * 1_000)
    return [_timing(name, sorted(each)) for name, each in taken.items()]


def _timing(name: str, each: list[float]) -> Timing:
    rate = 1_000 * len(each) / sum(each)
    return Timing(name, rate, each[len(each) // 2], each[int(len(each) * 0.99)])


def _build(store: EventStore, large: LargeCatalog) -> None:
    """Fill the read models and, beside them, the plain full text of the database."""
    store.create([*SCHEMA, *_plain(store)])
    with store.write() as transaction:
        for policy in large.policies():
            policies.PROJECTION.handlers[type(policy)](transaction.rows, _NOBODY, policy)
    events = large.events()
    more = True
    while more:
        batch = list(islice(events, BATCH))
        with store.write() as transaction:
            for event in batch:
                catalog.PROJECTION.handlers[type(event)](transaction.rows, _NOBODY, event)
            _insert_plain(store, transaction.rows, batch)
            more = catalog.PROJECTION.settle(transaction.rows) or bool(batch)


def _analyse(store: EventStore) -> None:
    """Let PostgreSQL count its tables, as autovacuum does within a minute."""
    if not _is_sqlite(store):
        with store.write() as transaction:
            transaction.rows.execute("ANALYZE")


_NOBODY: Recorded = None  # type: ignore[assignment]  # these projections do not look at it


def _is_sqlite(store: EventStore) -> bool:
    return type(store).__name__ == "SQLiteStore"


def _plain(store: EventStore) -> list[str]:
    if _is_sqlite(store):
        return ["CREATE VIRTUAL TABLE plain USING fts5(label, description, tokenize='porter')"]
    return [
        "CREATE TABLE plain (label TEXT, description TEXT, words TSVECTOR)",
        "CREATE INDEX plain_words ON plain USING GIN (words)",
    ]


def _insert_plain(
    store: EventStore, rows: Rows, batch: Sequence[AppAdded | PermissionAdded]
) -> None:
    params = [
        (one.record.label, one.record.description)
        for one in batch
        if isinstance(one, PermissionAdded)
    ]
    if _is_sqlite(store):
        rows.execute_many("INSERT INTO plain (label, description) VALUES (?, ?)", params)
        return
    words = "to_tsvector('english', ? || ' ' || ?)"
    rows.execute_many(
        f"INSERT INTO plain (label, description, words) VALUES (?, ?, {words})",
        [(label, text, label, text) for label, text in params],
    )


@contextmanager
def _search(store: EventStore) -> Iterator[Search]:
    with store.read() as rows:
        yield Search(rows, audiences_of(rows, MINE), shipped_thesaurus())


def _permissions(store: EventStore) -> Answer:
    def answer(text: str) -> object:
        with _search(store) as search:
            return search.permissions(Question((text,)))

    return answer


def _apps(store: EventStore) -> Answer:
    def answer(text: str) -> object:
        with _search(store) as search:
            return search.apps(Question((text,)))

    return answer


def _fts5(store: EventStore) -> Answer:
    sql = "SELECT rowid FROM plain WHERE plain MATCH ? ORDER BY rank LIMIT 10"

    def answer(text: str) -> object:
        match = " OR ".join(f'"{word}"' for word in re.findall(r"\w+", text))
        with store.read() as rows:
            return rows.select(sql, (match,))

    return answer


def _tsvector(store: EventStore) -> Answer:
    words = "websearch_to_tsquery('english', ?)"
    sql = f"SELECT label FROM plain WHERE words @@ {words} ORDER BY ts_rank(words, {words}) DESC LIMIT 10"

    def answer(text: str) -> object:
        said = " or ".join(re.findall(r"\w+", text))
        with store.read() as rows:
            return rows.select(sql, (said, said))

    return answer
