"""PATCH (RFC 7644 section 3.5.2) on a resource's JSON document, in the dialects of Okta and Entra: operations
in any case, values without a path, dotted names as keys, filters in paths that find nothing yet. It
knows documents and paths; what they mean, it does not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from server.scim.faults import invalid

Document = dict[str, Any]
_EXTENSION = re.compile(r"urn:[\w:.-]+:extension:[\w-]+:[\d.]+:\w+", re.IGNORECASE)
"""An extension as a whole; its own attributes have a further part."""
OPERATIONS = ("add", "replace", "remove")
MOST_OPERATIONS = 1_000
_PATH = re.compile(
    r"""(?:(?P<urn>urn:[\w:.-]+):)?(?P<name>[A-Za-z$][\w$-]*)"""
    r"""(?:\[\s*(?P<key>[A-Za-z]+)\s+eq\s+(?P<match>"[^"\\]*"|true|false)\s*\])?"""
    r"""(?:\.(?P<sub>[A-Za-z][\w-]*))?""",
    re.IGNORECASE,
)


def patch(document: Document, body: Mapping[str, Any]) -> Document:
    """Return the document after all operations, or raise `ScimFault` and leave it as it was."""
    operations = _field(body, "Operations")
    if not isinstance(operations, list) or not 0 < len(operations) <= MOST_OPERATIONS:
        raise invalid("Operations must be a list of operations.", "invalidSyntax")
    changed: Document = _copied(document)
    for one in operations:
        if not isinstance(one, dict):
            raise invalid("An operation must be an object.", "invalidSyntax")
        _operate(changed, one)
    return changed


def _operate(document: Document, operation: Mapping[str, Any]) -> None:
    kind = str(_field(operation, "op")).lower()
    path, value = _field(operation, "path"), _field(operation, "value")
    if kind not in OPERATIONS:
        raise invalid("op must be add, replace or remove.", "invalidSyntax")
    if path is None:
        if kind == "remove":
            raise invalid("remove needs a path.", "noTarget")
        if not isinstance(value, dict):
            raise invalid("Without a path, the value must be an object.")
        for name, inner in value.items():
            _merge(document, kind, name, inner)
    elif isinstance(path, str):
        _at(document, kind, path, value)
    else:
        raise invalid("path must be a text.", "invalidPath")


def _merge(document: Document, kind: str, name: str, value: Any) -> None:
    """Take one attribute of a value without a path; an extension's are taken one by one."""
    if name.lower().startswith("urn:") and isinstance(value, dict):
        target = document.setdefault(_known(document, name), {})
        if not isinstance(target, dict):
            raise invalid(f"{name[:80]} is not an object.")
        for inner, one in value.items():
            target[_known(target, inner)] = one
    else:
        _at(document, kind, name, value)


def _at(document: Document, kind: str, path: str, value: Any) -> None:
    if _EXTENSION.fullmatch(path.strip()):
        _whole(document, kind, _known(document, path.strip()), value)
        return
    found = _PATH.fullmatch(path.strip())
    if found is None:
        raise invalid(f"The path {path[:80]!r} is not understood.", "invalidPath")
    holder = document
    if found["urn"] and not found["urn"].lower().startswith("urn:ietf:params:scim:schemas:core:"):
        holder = document.setdefault(_known(document, found["urn"]), {})
        if not isinstance(holder, dict):
            raise invalid(f"{found['urn'][:80]} is not an object.")
    name = _known(holder, found["name"])
    if found["key"]:
        _elements(holder, kind, name, found, value)
    elif found["sub"]:
        _sub(holder, kind, name, found["sub"], value)
    else:
        _whole(holder, kind, name, value)


def _elements(holder: Document, kind: str, name: str, found: re.Match[str], value: Any) -> None:
    """Change the elements of a list that a filter names; where none is, one is made."""
    listed = holder.setdefault(name, [])
    if not isinstance(listed, list):
        raise invalid(f"{name} is not a list.", "invalidPath")
    wanted = _literal(found["match"])
    chosen = [
        one for one in listed if isinstance(one, dict) and _field(one, found["key"]) == wanted
    ]
    sub = found["sub"]
    if kind == "remove":
        if sub is None:
            holder[name] = [one for one in listed if one not in chosen]
        for one in chosen if sub else ():
            one.pop(_known(one, sub), None)
        return
    if not chosen:
        chosen = [{found["key"]: wanted}]
        listed.extend(chosen)
    for one in chosen:
        if sub:
            one[_known(one, sub)] = value
        elif isinstance(value, dict):
            one.update(value)
        else:
            raise invalid(f"The value of {name} must be an object.")


def _sub(holder: Document, kind: str, name: str, sub: str, value: Any) -> None:
    inner = holder.get(name)
    if kind == "remove":
        if isinstance(inner, dict):
            inner.pop(_known(inner, sub), None)
        return
    if not isinstance(inner, dict):
        inner = holder[name] = {}
    inner[_known(inner, sub)] = value


def _whole(holder: Document, kind: str, name: str, value: Any) -> None:
    present = holder.get(name)
    if kind == "remove":
        if isinstance(present, list) and isinstance(value, list):
            gone = [_value_of(one) for one in value]
            holder[name] = [one for one in present if _value_of(one) not in gone]
        else:
            holder.pop(name, None)
    elif kind == "add" and isinstance(present, list):
        more = value if isinstance(value, list) else [value]
        known = {str(_value_of(one)) for one in present}
        holder[name] = [*present, *(one for one in more if str(_value_of(one)) not in known)]
    elif isinstance(present, dict) and isinstance(value, dict):
        for inner, one in value.items():
            present[_known(present, inner)] = one
    else:
        holder[name] = value


def _value_of(one: Any) -> Any:
    return one.get("value", one) if isinstance(one, dict) else one


def _literal(text: str) -> Any:
    return text[1:-1] if text.startswith('"') else text.lower() == "true"


def _known(holder: Mapping[str, Any], name: str) -> str:
    """Return the name as the document spells it: names are compared without case (section 2.1)."""
    return next((one for one in holder if one.lower() == name.lower()), name)


def _field(holder: Mapping[str, Any], name: str) -> Any:
    return holder.get(_known(holder, name))


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copied(one) for name, one in value.items()}
    return [_copied(one) for one in value] if isinstance(value, list) else value
