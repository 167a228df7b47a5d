"""Bringing the index up to the catalog's tables: what is noted as out of date is analysed, compared with
what stands in the index, and posted anew where it differs, so many documents at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from domain.ports import Rows
from projections.catalog.rows import apps_by_id, permissions_by_id
from projections.catalog.search import pending, statistics, stored
from projections.catalog.search.documents import (
    Audience,
    Document,
    app_context,
    app_document,
    permission_document,
)
from projections.catalog.search.interning import (
    audience_number,
    context_number,
)
from projections.catalog.search.stored import Stored
from projections.catalog.search.tables import Collection

STEP = 200
"""Documents of one step: some tens of milliseconds of the writer, so that requests go on."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A document as it is to stand, with the numbers of its context and audience."""

    document: Document
    context: int
    audience: int


@dataclass(frozen=True, slots=True)
class Change:
    """What stood in the index of an item, and what stands there now; None where nothing."""

    before: Stored | None
    after: Stored | None


def index_some(rows: Rows, generation: int, most: int = STEP) -> int:
    """Index up to `most` documents that are out of date, permissions first, since who sees an app
    depends on them; return how many."""
    permissions = pending.pending(rows, generation, Collection.PERMISSION, most)
    if permissions:
        wanted = _permissions(rows, permissions)
        changes = _put(rows, generation, Collection.PERMISSION, permissions, wanted)
        _tally(rows, generation, changes)
    apps = pending.pending(rows, generation, Collection.APP, most - len(permissions))
    if apps:
        _put(rows, generation, Collection.APP, apps, _apps(rows, generation, apps))
    return len(permissions) + len(apps)


def _permissions(rows: Rows, items: Sequence[str]) -> dict[str, Wanted]:
    found = permissions_by_id(rows, items)
    apps = apps_by_id(rows, sorted({one.app_id for one in found.values()}))
    contexts = {key: app_context(app) for key, app in sorted(apps.items())}
    numbers = {key: context_number(rows, context) for key, context in contexts.items()}
    audiences: dict[Audience, int] = {}
    wanted = {}
    for item_id in items:
        one = found.get(item_id)
        if one is None:
            continue
        audience = Audience(one.audience, one.policy, one.app_policy)
        if audience not in audiences:
            audiences[audience] = audience_number(rows, audience)
        document = permission_document(one, contexts[one.app_id])
        wanted[item_id] = Wanted(document, numbers[one.app_id], audiences[audience])
    return wanted


def _apps(rows: Rows, generation: int, items: Sequence[str]) -> dict[str, Wanted]:
    wanted = {}
    for app_id, app in sorted(apps_by_id(rows, items).items()):
        own = audience_number(rows, Audience(app.audience, "", app.policy))
        audiences = {own, *statistics.audiences_of(rows, generation, app_id)}
        document = app_document(app, audiences)
        wanted[app_id] = Wanted(document, context_number(rows, document.context), own)
    return wanted


def _put(
    rows: Rows,
    generation: int,
    collection: Collection,
    items: Sequence[str],
    wanted: Mapping[str, Wanted],
) -> list[Change]:
    """Make the index hold what is wanted of these items, and nothing else of them."""
    before = stored.stored_items(rows, generation, collection, items)
    place = statistics.places(rows, generation, collection)
    changes, came = [], 0
    for item_id in items:
        old, one = before.get(item_id), wanted.get(item_id)
        if one is None:
            new = None
        else:
            came += old is None
            at = place + came if old is None else stored.place_of(old)
            number = stored.numbered(one.document, at)
            new = Stored(number, one.document, one.context, one.audience)
        if new != old:
            changes.append(Change(old, new))
    _store(rows, generation, collection, changes)
    statistics.add_totals(rows, generation, collection, Counter({statistics.PLACES: came}))
    pending.done(rows, generation, collection, items)
    return changes


def _store(rows: Rows, generation: int, collection: Collection, changes: list[Change]) -> None:
    gone = [one.before for one in changes if one.before is not None]
    come = [one.after for one in changes if one.after is not None]
    postings = collection.postings(generation)
    if gone:
        rows.postings.remove(postings, [one.posting for one in gone])
        stored.delete(rows, generation, collection, gone)
    if come:
        rows.postings.put(postings, [one.posting for one in come])
        stored.insert(rows, generation, collection, come)
    terms, sizes = Counter[str](), Counter[str]()
    for one, sign in _signed(changes):
        for word in one.document.words:
            terms[word] += sign
        for field, count in statistics.lengths(one.document).items():
            sizes[field] += sign * count
    statistics.add_terms(rows, generation, collection, terms)
    statistics.add_totals(rows, generation, collection, sizes)


def _tally(rows: Rows, generation: int, changes: list[Change]) -> None:
    """Count anew who sees which app's permissions, and note the apps whose audience that changes."""
    tally = Counter[tuple[str, int]]()
    for one, sign in _signed(changes):
        tally[one.document.app_id, one.audience] += sign
    statistics.add_tally(rows, generation, tally)
    for app_id in sorted({app for (app, _), count in tally.items() if count}):
        pending.app_changed(rows, app_id)


def _signed(changes: list[Change]) -> Iterator[tuple[Stored, int]]:
    for change in changes:
        if change.before is not None:
            yield change.before, -1
        if change.after is not None:
            yield change.after, 1
