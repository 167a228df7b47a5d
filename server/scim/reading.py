"""Reading a JSON document as SCIM means it: names without regard to case, booleans that are texts, and
a fault in words for what has the wrong type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.scim.faults import invalid


class Reading:
    """A document whose names are found without regard to case (RFC 7643 section 2.1)."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._values = {name.lower(): value for name, value in document.items()}

    def get(self, name: str) -> Any:
        """Return a value, None where there is none."""
        return self._values.get(name.lower())

    def text(self, name: str) -> str:
        """Return a text, empty where there is none; raises `ScimFault`."""
        value = self.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise invalid(f"{name} must be a text.")
        return value

    def truth(self, name: str, *, default: bool = False) -> bool:
        """Return a boolean; Entra sends it as a text. Raises `ScimFault`."""
        value = self.get(name)
        if value is None:
            return default
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        if not isinstance(value, bool):
            raise invalid(f"{name} must be true or false.")
        return value

    def object(self, name: str) -> Mapping[str, Any]:
        """Return an object, an empty one where there is none; raises `ScimFault`."""
        value = self.get(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise invalid(f"{name} must be an object.")
        return value
