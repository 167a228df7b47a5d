"""The checks that arguments go through say what JSON Schema says: the library jsonschema is the judge."""

from __future__ import annotations

from importlib import import_module
from pkgutil import walk_packages
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from server.mcp import administration, schemas
from server.mcp.arguments import ArgumentCheck, BadArguments
from server.mcp.definitions import ToolDefinition
from server.mcp.schema_checks import UnknownKeyword, compiled

ADMINISTRATION = [
    import_module(one.name)
    for one in walk_packages(administration.__path__, f"{administration.__name__}.")
]
DEFINITIONS = [
    one
    for module in (schemas, *ADMINISTRATION)
    for one in vars(module).values()
    if isinstance(one, ToolDefinition)
]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=4,
)


def fitting(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return what nearly fits a schema: right, at its limits, and just beyond."""
    if "enum" in schema:
        return st.sampled_from([*schema["enum"], "other", None])
    match schema.get("type"):
        case "string":
            longest = schema.get("maxLength", 5)
            return st.sampled_from(["", "x", "x" * longest, "x" * (longest + 1), "é" * longest])
        case "integer":
            low, high = schema.get("minimum", 0), schema.get("maximum", 9)
            return st.sampled_from([low - 1, low, high, high + 1, float(low), low + 0.5, True])
        case "array":
            most = schema.get("maxItems", 3)
            return st.lists(fitting(schema["items"]), max_size=min(most + 1, 5))
        case "object":
            named = {name: fitting(one) for name, one in schema.get("properties", {}).items()}
            return st.fixed_dictionaries({}, optional={**named, "strange": ANYTHING})
        case _:
            return ANYTHING


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_a_check_takes_what_json_schema_takes_and_nothing_else(data: st.DataObject) -> None:
    schema = data.draw(st.sampled_from([one.input_schema for one in DEFINITIONS]))
    value = data.draw(fitting(schema) | ANYTHING)
    assert compiled(schema)(value) is Draft202012Validator(schema).is_valid(value)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_every_fault_is_told_in_a_sentence(data: st.DataObject) -> None:
    definition = data.draw(st.sampled_from(DEFINITIONS))
    check = ArgumentCheck(definition)
    given_ = data.draw(
        st.dictionaries(st.text(max_size=4), ANYTHING, max_size=2)
        | fitting(definition.input_schema)
    )
    try:
        taken = check(given_)
    except BadArguments as fault:
        assert str(fault).endswith((".", ";"))
    else:
        assert given_.keys() <= taken.keys()


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "pattern": "^a"},
        {"$ref": "#/$defs/x"},
        {"enum": [1]},
        {"additionalProperties": {"type": "string"}},
        {"type": "object", "properties": {"a": {"oneOf": []}}},
    ],
)
def test_a_schema_that_says_more_is_not_half_checked(schema: dict[str, Any]) -> None:
    with pytest.raises(UnknownKeyword):
        compiled(schema)


def test_defaults_are_filled_in_and_whole_numbers_are_whole() -> None:
    taken = ArgumentCheck(schemas.LIST_REQUESTS)({"size": 3.0, "app_id": "a\0b"})
    assert taken["size"] == 3
    assert isinstance(taken["size"], int)
    assert (taken["page"], taken["sort"], taken["app_id"]) == (1, "DESC", "ab")
