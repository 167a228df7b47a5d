"""The tools as clients see them: names, words, exact input and output schemas. Arguments are checked
against these, so what is listed is what is taken. `parts` holds what schemas are built of, `catalog`
and `requests` the tools, `lengths` and `statuses` the vocabulary of Lumos' API."""

from server.mcp.definitions import Schema
from server.mcp.schemas.catalog import (
    APP,
    LIST_PERMISSIONS,
    PERMISSION,
    SEARCH_APPS,
    SEARCH_PERMISSIONS,
)
from server.mcp.schemas.lengths import ACCESS_LENGTHS
from server.mcp.schemas.parts import (
    closed_input,
    identifier_field,
    list_output,
    paging,
    text_field,
)
from server.mcp.schemas.requests import (
    ACCESS_REQUEST,
    CANCEL,
    COMMENT,
    GET,
    LIST_REQUESTS,
    SUBMIT,
)
from server.mcp.schemas.statuses import STATUS_GROUPS

__all__ = [
    "ACCESS_LENGTHS",
    "ACCESS_REQUEST",
    "APP",
    "CANCEL",
    "COMMENT",
    "GET",
    "LIST_PERMISSIONS",
    "LIST_REQUESTS",
    "PERMISSION",
    "SEARCH_APPS",
    "SEARCH_PERMISSIONS",
    "STATUS_GROUPS",
    "SUBMIT",
    "Schema",
    "closed_input",
    "identifier_field",
    "list_output",
    "paging",
    "text_field",
]
