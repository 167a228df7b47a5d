"""A dossier in words, for whoever reads it on a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from textwrap import indent

from server.audit.looking_back.json_form import Json
from server.long_ids import shortened

GAP = "  "


def told(dossier: Json) -> Iterator[str]:
    """Yield the lines."""
    filed = dossier["filed"]
    yield f"request {dossier['request_id']}: {dossier['outcome']['status']}"
    yield from _part("asked for", _asked(filed))
    yield from _part("filed through", _through(dossier["through"]))
    yield from _part("the directory said", _directory(dossier["directory"]))
    yield from _part("the way it had to go", map(_route, dossier["routes"]))
    yield from _part("stages", _stages(dossier["stages"]))
    yield from _part("decisions", _decisions(dossier["decisions"]))
    yield from _part("carried out", map(_done, dossier["fulfilment"]))
    yield from _part("review of the emergency", _review(dossier["review"]))
    yield from _part("outcome", _outcome(dossier["outcome"]))
    for policy in dossier["policies"]:
        yield from _part(_policy(policy), _document(policy["document"]))


def _part(title: str, lines: Iterable[str]) -> Iterator[str]:
    found = list(lines)
    if found:
        yield ""
        yield title
        yield from (indent(one, GAP) for one in found)


def _asked(filed: Json) -> Iterator[str]:
    labels = ", ".join(one["label"] for one in filed["permissions"]) or filed["app"]["name"]
    yield f"{labels}, in {filed['app']['name']}, for {filed['access_length']}"
    yield f"by {_who(filed['requester'])} for {_who(filed['target'])} at {filed['recorded_at']}"
    if filed["emergency"]:
        yield "as an emergency"
    if filed["extends"]:
        yield f"to extend request {filed['extends']}"
    if filed["starts_at"]:
        yield f"from {filed['starts_at']} on"
    if filed["justification"]:
        yield f"because: {_line(filed['justification'])}"
    for one in filed["answers"]:
        yield f"{one['prompt'] or one['field_id']}: {_line(one['response'])}"


def _through(through: Json) -> Iterator[str]:
    client, consent = through["client"], through["consent"]
    name = f", {client['name']} ({shortened(client['client_id'])})" if client else ""
    yield f"{through['via']}{name}"
    if consent:
        ended = f", revoked at {consent['revoked_at']}" if consent["revoked_at"] else ""
        stood = "" if consent["stood"] else ", which did not stand"
        scopes = " ".join(consent["scopes"])
        yield f"under consent {consent['consent_id']} of {consent['given_at']}{stood}{ended}"
        yield f"  to {consent['resource']}: {scopes}"


def _directory(directory: Json) -> Iterator[str]:
    for part in ("requester", "target", "manager"):
        one = directory[part]
        if one is None:
            yield f"{part}: none"
            continue
        groups = ", ".join(one["groups"]) or "no groups"
        roles = ", ".join(one["roles"]) or "no roles"
        disabled = ", disabled" if one["disabled"] else ""
        yield f"{part}: {_who(one)}, version {one['version']}: {groups}; {roles}{disabled}"


def _route(route: Json) -> str:
    rule = route["approved_by_rule"]
    steps = [
        f"{one['name']} ({one['needed']} of {', '.join(one['approvers'])})"
        for one in route["stages"]
    ]
    way = f"approved without asking by the rule {rule}" if rule else " > ".join(steps)
    return (
        f"{', '.join(route['items'])}: {way or 'nobody is asked'}, by {_version(route['policy'])}"
    )


def _stages(stages: Iterable[Json]) -> Iterator[str]:
    for one in stages:
        passes = [f"{', '.join(passed['items'])} at {passed['at']}" for passed in one["passed"]]
        passed = f"passed: {', '.join(passes)}" if passes else "not passed"
        added = (
            ", administrators among them for want of others" if one["administrators_added"] else ""
        )
        who = _waited_for(one)
        yield f"{one['recorded_at']}  {one['name']}: {one['needed']} of {who}{added}; {passed}"
        for change in one["changes"]:
            by = f" by {_who(change['by'])}" if change["by"] else ""
            yield f"  {change['recorded_at']}  from then on {_waited_for(change)}{by}{_why(change)}"


def _waited_for(one: Json) -> str:
    integrations = [f"integration {name}" for name in one["integrations"]]
    return ", ".join([*map(_who, one["approvers"]), *integrations]) or "nobody"


def _decisions(decisions: Iterable[Json]) -> Iterator[str]:
    for one in decisions:
        stage = f" at {one['stage']}" if one["stage"] else ""
        code = f": {one['code']}" if one["code"] else ""
        yield f"{one['recorded_at']}  {one['decided']}{stage}{code}  {', '.join(one['items'])}"
        yield f"  by {_hand(one)}{_evidence(one)}{_why(one)}"
        if one["shortened_to"]:
            yield f"  shortened to {one['shortened_to']}"
        for rule in one["rules"]:
            name = f" {rule['name']}" if rule["name"] else ""
            yield f"  rule: {rule['kind']}{name} of {_version(rule)}: {rule['says']}"


def _evidence(one: Json) -> str:
    proof = f", proof {one['proof']}" if one["proof"] else ""
    return f", evidence {one['evidence']}{proof}" if one["evidence"] else ""


def _done(one: Json) -> str:
    what = one["event"].partition(".")[2].replace("_", " ")
    work = one["integration"] or ", ".join(map(_who, one["assignees"]))
    order = f"  order to {work}, attempt {one['attempt']}" if work else f"  by {_hand(one)}"
    until = f", until {one['expires_at']}" if one["expires_at"] else ""
    return f"{one['recorded_at']}  {what}  {', '.join(one['items'])}{order}{until}{_why(one)}"


def _review(review: Json | None) -> Iterator[str]:
    if review is not None:
        who = ", ".join(map(_who, review["reviewers"])) or "administrators"
        yield f"by {who} until {review['due_at']}: {review['judgement'] or 'not judged'}"


def _outcome(outcome: Json) -> Iterator[str]:
    ended = "closed" if outcome["closed"] else "not closed"
    yield f"{outcome['status']} since {outcome['since']}, {ended}"
    for one in outcome["items"]:
        until = f", until {one['expires_at']}" if one["expires_at"] else ""
        yield f"{one['item_id']}: {one['status']}{until}"


def _policy(policy: Json) -> str:
    version = _version(policy)
    if policy["built_in"]:
        return f"{version}, which is built in"
    if policy["published_at"] is None:
        return f"{version}, of which the log holds no text"
    by = f" by {_who(policy['published_by'])}" if policy["published_by"] else ""
    at = f"{policy['published_at']} (event {policy['published_position']:,})"
    return f"{version}, published at {at}{by}"


def _document(document: Json | None) -> list[str]:
    return [] if document is None else [json.dumps(document, ensure_ascii=False, indent=2)]


def _version(policy: Json) -> str:
    return f"policy {policy['policy_id']} version {policy['version']}"


def _hand(one: Json) -> str:
    """Return who did something, and through what."""
    who = _who(one["by"]) if one["by"] else None
    through = one["client"] or one["via"]
    names = [who, f"integration {one['submitted_by']}" if one["submitted_by"] else None]
    return f"{' and '.join(filter(None, names)) or 'Doorward'} ({through})"


def _who(person: Json) -> str:
    return f"{person['username']} ({person['person_id']})"


def _why(one: Json) -> str:
    return f", because: {_line(one['reason'])}" if one["reason"] else ""


def _line(text: str) -> str:
    return " ".join(text.split())
