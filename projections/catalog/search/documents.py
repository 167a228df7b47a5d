"""What a record of the catalog becomes as a document: its words by field, the marks it is filtered by,
and the terms under which it is posted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from projections.catalog.rows import AppRow, PermissionRow
from projections.catalog.search.analysis import stems, whole

Words = tuple[str, ...]
LONGEST_LABEL = 1_023
"""Characters from which labels count as equally long."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Who may request: those of the group `group_name`, where the policy that is in force of the two
    named lets them."""

    group_name: str
    policy: str
    app_policy: str


@dataclass(frozen=True, slots=True)
class Context:
    """What a document has in common with others: the words of its app's name, of the categories, and
    of what is told about the app."""

    app: Words = ()
    categories: Words = ()
    about: Words = ()


@dataclass(frozen=True, slots=True)
class Document:
    """An app or a permission. `length` is that of the label in characters; `marks` are terms that
    stand for no word."""

    item_id: str
    app_id: str
    label: Words
    description: Words
    context: Context
    marks: Words
    length: int

    @property
    def words(self) -> frozenset[str]:
        """All words, each once."""
        context = self.context
        said = (self.label, self.description, context.app, context.categories, context.about)
        return frozenset(word for words in said for word in words)

    @property
    def terms(self) -> Words:
        """All words and marks, each once."""
        return tuple(sorted({*self.marks, *self.words}))


def app_document(app: AppRow, audiences: Collection[int]) -> Document:
    """Return the document of an app, which is seen by its own audience and by those of its
    permissions."""
    return Document(
        app.app_id,
        app.app_id,
        tuple(stems(app.name)),
        tuple(stems(app.description)),
        Context(categories=tuple(stems(" ".join(app.categories)))),
        (
            name_mark(app.name),
            *map(category_mark, app.categories),
            *map(audience_mark, sorted(audiences)),
        ),
        min(len(app.name), LONGEST_LABEL),
    )


def permission_document(permission: PermissionRow, context: Context) -> Document:
    """Return the document of a permission in the context of its app."""
    label = permission.label
    own = label.removeprefix(permission.app_name).lstrip(" /:-|")
    return Document(
        permission.permission_id,
        permission.app_id,
        tuple(stems(label)),
        tuple(stems(permission.description)),
        context,
        (app_mark(permission.app_id), *dict.fromkeys(map(name_mark, (label, own)))),
        min(len(label), LONGEST_LABEL),
    )


def app_context(app: AppRow) -> Context:
    """Return what an app's permissions have in common."""
    return Context(
        tuple(stems(app.name)),
        tuple(stems(" ".join(app.categories))),
        tuple(stems(app.description)),
    )


def name_mark(name: str) -> str:
    """Return the mark of all that are called just so."""
    return f"={whole(name).replace(' ', '_')[:100]}"


def app_mark(app_id: str) -> str:
    """Return the mark of an app's permissions."""
    return f"@{app_id}"


def category_mark(category: str) -> str:
    """Return the mark of a category's apps."""
    return f"#{whole(category).replace(' ', '_')[:100]}"


def audience_mark(audience: int) -> str:
    """Return the mark of the apps that an audience sees."""
    return f"~{audience}"


def joined(words: Sequence[str]) -> str:
    """Return words as they stand in a column."""
    return " ".join(words)


def parted(column: object) -> Words:
    """Return the words of such a column."""
    return tuple(str(column).split())
