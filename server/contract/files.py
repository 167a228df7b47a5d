"""The contract as files: the document, and a JSON Schema for each message."""

from __future__ import annotations

import json
from collections.abc import Mapping

from server.contract.asyncapi import document
from server.contract.messages import message_names, message_schema

ASYNCAPI = "asyncapi.json"


def files(tenant: str) -> Mapping[str, str]:
    """Return the text of each file by its name."""
    schemas = {f"{name}.json": as_text(message_schema(name)) for name in message_names()}
    return {ASYNCAPI: as_text(document(tenant)), **schemas}


def as_text(said: object) -> str:
    """Return JSON as it is printed."""
    return json.dumps(said, indent=2) + "\n"
