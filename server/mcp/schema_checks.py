"""JSON Schemas made into plain functions, once each: whether a value fits, and nothing more. They know
the part of JSON Schema that the tools are written in; a schema that says more is refused when it is
compiled, so that none is ever half checked. What is wrong with a value that does not fit is for
`arguments` to tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Check = Callable[[Any], bool]
ANNOTATIONS = frozenset({"title", "description", "default", "format"})
"""Keywords that take nothing away from what fits."""


class UnknownKeyword(Exception):  # noqa: N818 - says what is
    """The schema says something that these checks do not know."""


def compiled(schema: Mapping[str, Any]) -> Check:
    """Return what says whether a value fits the schema; raises `UnknownKeyword`."""
    checks = [
        _keyword(keyword)(limit, schema)
        for keyword, limit in schema.items()
        if keyword not in ANNOTATIONS
    ]

    def fits(value: Any) -> bool:
        for check in checks:  # noqa: SIM110 - a generator costs more than what it goes through
            if not check(value):
                return False
        return True

    return checks[0] if len(checks) == 1 else fits


def _keyword(keyword: str) -> Callable[[Any, Mapping[str, Any]], Check]:
    if keyword not in _KEYWORDS:
        raise UnknownKeyword(keyword)
    return _KEYWORDS[keyword]


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _integer(value: Any) -> bool:
    if isinstance(value, int):
        return not isinstance(value, bool)
    return isinstance(value, float) and value.is_integer()


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_TYPES: dict[str, Check] = {
    "string": _text,
    "integer": _integer,
    "number": _number,
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "null": lambda value: value is None,
}


def _type(named: str | list[str], _schema: Mapping[str, Any]) -> Check:
    if isinstance(named, str):
        return _TYPES[named]
    kinds = [_TYPES[one] for one in named]
    return lambda value: any(kind(value) for kind in kinds)


def _enum(allowed: Iterable[Any], _schema: Mapping[str, Any]) -> Check:
    texts = frozenset(allowed)
    if not all(isinstance(one, str) for one in texts):
        raise UnknownKeyword("enum of other things than texts")
    return lambda value: isinstance(value, str) and value in texts


def _min_length(limit: int, _schema: Mapping[str, Any]) -> Check:
    return lambda value: not isinstance(value, str) or len(value) >= limit


def _max_length(limit: int, _schema: Mapping[str, Any]) -> Check:
    return lambda value: not isinstance(value, str) or len(value) <= limit


def _minimum(limit: float, _schema: Mapping[str, Any]) -> Check:
    return lambda value: not _number(value) or value >= limit


def _maximum(limit: float, _schema: Mapping[str, Any]) -> Check:
    return lambda value: not _number(value) or value <= limit


def _max_items(limit: int, _schema: Mapping[str, Any]) -> Check:
    return lambda value: not isinstance(value, list) or len(value) <= limit


def _items(schema: Mapping[str, Any], _of: Mapping[str, Any]) -> Check:
    fits = compiled(schema)
    return lambda value: not isinstance(value, list) or all(map(fits, value))


def _required(names: Iterable[str], _schema: Mapping[str, Any]) -> Check:
    needed = frozenset(names)
    return lambda value: not isinstance(value, dict) or needed <= value.keys()


def _properties(properties: Mapping[str, Any], schema: Mapping[str, Any]) -> Check:
    checks = {name: compiled(one) for name, one in properties.items()}
    closed = schema.get("additionalProperties", True) is False

    def fits(value: Any) -> bool:
        if not isinstance(value, dict):
            return True
        for name, one in value.items():
            check = checks.get(name)
            if check is None:
                if closed:
                    return False
            elif not check(one):
                return False
        return True

    return fits


def _closed(closed: object, schema: Mapping[str, Any]) -> Check:
    """Take only what `_properties` looks at: a closed object that names its properties."""
    if closed is not False or "properties" not in schema:
        raise UnknownKeyword("additionalProperties")
    return lambda _value: True


_KEYWORDS: dict[str, Callable[[Any, Mapping[str, Any]], Check]] = {
    "type": _type,
    "enum": _enum,
    "minLength": _min_length,
    "maxLength": _max_length,
    "minimum": _minimum,
    "maximum": _maximum,
    "maxItems": _max_items,
    "items": _items,
    "required": _required,
    "properties": _properties,
    "additionalProperties": _closed,
}
