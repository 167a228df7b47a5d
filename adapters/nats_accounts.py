"""Who may say what on NATS: the accounts of a nats-server's configuration. Doorward's own account
holds the streams; every integration has an account to itself, which sees nothing but what Doorward
exports to it: its own command subjects, and its own consumers of events and outcomes.

Why accounts and not permissions inside one: a user who may publish to his own command subject alone
can still name any subject as the reply, and the server then stores its own acknowledgement there,
as an event or as somebody else's decision. Between accounts a reply is mapped to a subject of the
server's, so that such attacks lead nowhere."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import nkeys

from adapters.jetstream import events_stream, outcomes_stream
from domain.integration import IntegrationKey, IntegrationRecord, Right

ENGINE = "DOORWARD"


@dataclass(frozen=True, slots=True)
class EngineUser:
    """How one of Doorward's own connections signs in: by NKey, or by name and password."""

    nkey: str = ""
    name: str = ""
    password: str = ""

    def __str__(self) -> str:
        if self.nkey:
            return f"nkey: {self.nkey}"
        return f"user: {json.dumps(self.name)}, password: {json.dumps(self.password)}"


def new_nats_key() -> IntegrationKey:
    """Return a new user's NKey: the seed, and the public key that the server knows."""
    seed = nkeys.encode_seed(os.urandom(32), nkeys.PREFIX_BYTE_USER)
    return IntegrationKey(seed.decode(), public_nats_key(seed.decode()))


def public_nats_key(seed: str) -> str:
    """Return the public key of a seed."""
    pair = nkeys.from_seed(bytearray(seed.encode()))
    public: bytes = pair.public_key
    return public.decode()


def accounts(
    tenant: str,
    publisher: EngineUser,
    reader: EngineUser,
    integrations: Mapping[str, IntegrationRecord],
) -> str:
    """Return the ``accounts`` block; integrations without an NKey do not appear in it."""
    connected = {name: one for name, one in sorted(integrations.items()) if one.nkey}
    exports = [
        _export(service, name)
        for name, one in connected.items()
        for service in _services(tenant, name, one)
    ]
    lines = [
        "accounts {",
        f"  {ENGINE} {{",
        "    jetstream: enabled",
        "    users: [",
        f"      {{ {publisher}, permissions: {{ publish: {{ deny: {_list(_not_publisher(tenant))} }} }} }}",
        f"      {{ {reader}, permissions: {{ publish: {{ deny: {_list(_not_reader(tenant))} }} }} }}",
        "    ]",
        "    exports: [",
        *(f"      {one}" for one in exports),
        "    ]",
        "  }",
        *(line for name, one in connected.items() for line in _account(tenant, name, one)),
        "}",
    ]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class _Service:
    """A subject that one account may call in Doorward's; `many` if more than one answer may come."""

    subject: str
    many: bool = False


def _services(tenant: str, name: str, record: IntegrationRecord) -> list[_Service]:
    rights = [one for one in (Right.DECIDE, Right.FULFIL) if one in record.rights]
    services = [
        _Service(f"doorward.{tenant}.{subject}")
        for right in rights
        for subject in (f"cmd.{right}.{name}.>", f"api.{name}.{right}")
    ]
    streams = [outcomes_stream(tenant)] if rights else []
    if Right.SUBSCRIBE in record.rights:
        streams.append(events_stream(tenant))
        services.append(_Service(f"doorward.{tenant}.api.{name}.open"))
    for stream in streams:
        services += [
            _Service(f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{name}", many=True),
            _Service(f"$JS.ACK.{stream}.{name}.>"),
            # The second form of acknowledgements, with domain and account before the stream.
            _Service(f"$JS.ACK.*.*.{stream}.{name}.>"),
        ]
    return services


def _export(service: _Service, name: str) -> str:
    many = ", response_type: stream" if service.many else ""
    return f"{{ service: {json.dumps(service.subject)}{many}, accounts: [{account_name(name)}] }}"


def account_name(integration: str) -> str:
    """Return the name of an integration's account."""
    return f"INTEGRATION_{integration}"


def _account(tenant: str, name: str, record: IntegrationRecord) -> list[str]:
    return [
        f"  {account_name(name)} {{",
        f"    users: [{{ nkey: {record.nkey} }}]",
        "    imports: [",
        *(
            f"      {{ service: {{ account: {ENGINE}, subject: {json.dumps(one.subject)} }} }}"
            for one in _services(tenant, name, record)
        ),
        "    ]",
        "  }",
    ]


def _not_publisher(tenant: str) -> list[str]:
    """What the connection that publishes events never says."""
    return [f"doorward.{tenant}.{branch}.>" for branch in ("cmd", "api", "out")]


def _not_reader(tenant: str) -> list[str]:
    """What the connection that reads commands never says."""
    return [f"doorward.{tenant}.{branch}.>" for branch in ("evt", "cmd", "api", "chk")]


def _list(subjects: Iterable[str]) -> str:
    return f"[{', '.join(map(json.dumps, subjects))}]"
