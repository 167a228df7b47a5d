"""Where in a text the words stand that a query was met by. Found in the text as it is written, by the
analyser, since what is indexed is stems: places are told, and whoever shows the text marks them."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from projections.catalog.search.analysis import stem, words

Span = tuple[int, int]
"""Where a piece of a text begins and where it ends, in characters."""


def highlights(text: str, terms: AbstractSet[str]) -> tuple[Span, ...]:
    """Return the spans of the words of `text` that are among `terms`, in order, none overlapping."""
    spans: list[Span] = []
    for word in words(text):
        if not terms.isdisjoint((stem(word.folded), *map(stem, word.parts))):
            if spans and spans[-1][1] > word.start:
                spans[-1] = (spans[-1][0], word.end)
            else:
                spans.append((word.start, word.end))
    return tuple(spans)


def marked(text: str, terms: AbstractSet[str]) -> tuple[tuple[str, bool], ...]:
    """Return a text in pieces, each with whether it is highlighted."""
    pieces: list[tuple[str, bool]] = []
    at = 0
    for start, end in highlights(text, terms):
        pieces += [(text[at:start], False), (text[start:end], True)]
        at = end
    return tuple(piece for piece in (*pieces, (text[at:], False)) if piece[0])
