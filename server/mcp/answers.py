"""What tools answer: fields for programs, and the same in a few lines for clients that show a model
nothing but text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from projections.pages import Page

Json = dict[str, object]
LINE = 200
"""Most characters of a record's line in a text."""
PLURALS = {"person": "people", "entry": "entries", "policy": "policies"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tool answers: the fields of its output schema, and the same in a few lines; or the `form` that
    the person has to see first, if his client shows forms."""

    fields: Json
    text: str
    form: Json | None = None


def page_of(page: Page[Any], items: list[Json], empty_reason: str) -> Json:
    """Return the list envelope; an empty list says why it is empty."""
    answer: Json = {
        "items": items,
        "total": page.total,
        "page": page.page,
        "size": page.size,
        "pages": page.pages,
    }
    if not items:
        answer["empty_reason"] = (
            f"There are only {page.pages} pages." if page.total else empty_reason
        )
    return answer


def listing(page: Page[Any], items: list[Json], empty: str, lines: list[str], noun: str) -> Answer:
    """Return a page of records, with a line of text for each."""
    fields = page_of(page, items, empty)
    if not items:
        return Answer(fields, str(fields["empty_reason"]))
    plural = noun if page.total == 1 else PLURALS.get(noun, f"{noun}s")
    head = f"{page.total} {plural}, page {page.page} of {page.pages}:"
    return Answer(fields, "\n".join([head, *lines]))


def line(key: str, name: str, more: str) -> str:
    """Return a record in one line."""
    text = " ".join(f"- {name} [{key}]: {more}".split())
    return text if len(text) <= LINE else text[: LINE - 1] + "…"
