"""What the server can do, as SCIM clients ask (RFC 7644 section 4)."""

from __future__ import annotations

from typing import Any

from server.scim.group_resource import GROUP
from server.scim.paging import MOST, Paging, listed
from server.scim.user_resource import CORE_ATTRIBUTES, ENTERPRISE, ENTERPRISE_ATTRIBUTES, USER

CONFIG = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
RESOURCE_TYPE = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Schema"


def service_provider_config(issuer: str) -> dict[str, Any]:
    """Return the features."""
    return {
        "schemas": [CONFIG],
        "patch": {"supported": True},
        "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": MOST},
        "changePassword": {"supported": False},
        "sort": {"supported": False},
        "etag": {"supported": False},
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "Bearer token",
                "description": "A token made by `doorward scim-token add`",
                "primary": True,
            }
        ],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": f"{issuer}/scim/v2/ServiceProviderConfig",
        },
    }


def resource_types(issuer: str) -> dict[str, Any]:
    """Return the kinds of resources."""
    user = _resource_type(issuer, "User", USER)
    user["schemaExtensions"] = [{"schema": ENTERPRISE, "required": False}]
    return _all([user, _resource_type(issuer, "Group", GROUP)])


def schemas(issuer: str) -> dict[str, Any]:
    """Return the attributes of each kind."""
    return _all(
        [
            _schema(issuer, USER, "User", _user()),
            _schema(issuer, ENTERPRISE, "EnterpriseUser", _enterprise()),
            _schema(issuer, GROUP, "Group", _group()),
        ]
    )


def _user() -> list[dict[str, Any]]:
    return [
        _attribute("userName", required=True, uniqueness="server"),
        _attribute("externalId", case_exact=True),
        _complex("name", [_attribute("givenName"), _attribute("familyName")]),
        _attribute("displayName", mutability="readOnly"),
        _attribute("active", kind="boolean"),
        _complex(
            "emails",
            [
                _attribute("value"),
                _attribute("type", mutability="readOnly"),
                _attribute("primary", kind="boolean", mutability="readOnly"),
            ],
            many=True,
        ),
        _complex(
            "groups", [_attribute("value"), _attribute("display")], many=True, read_only=True
        ),
        *(_attribute(name) for name in CORE_ATTRIBUTES),
    ]


def _enterprise() -> list[dict[str, Any]]:
    return [
        *(_attribute(name) for name in ENTERPRISE_ATTRIBUTES),
        _complex("manager", [_attribute("value"), _reference("User")]),
    ]


def _group() -> list[dict[str, Any]]:
    return [
        _attribute("displayName", required=True, uniqueness="server"),
        _attribute("externalId", case_exact=True),
        _complex(
            "members",
            [
                _attribute("value"),
                _reference("User"),
                _attribute("display", mutability="readOnly"),
            ],
            many=True,
        ),
    ]


def _all(resources: list[dict[str, Any]]) -> dict[str, Any]:
    return listed(resources, len(resources), Paging(1, len(resources)))


def _resource_type(issuer: str, name: str, schema: str) -> dict[str, Any]:
    location = f"{issuer}/scim/v2/ResourceTypes/{name}"
    return {
        "schemas": [RESOURCE_TYPE],
        "id": name,
        "name": name,
        "endpoint": f"/{name}s",
        "schema": schema,
        "meta": {"resourceType": "ResourceType", "location": location},
    }


def _schema(issuer: str, key: str, name: str, attributes: list[dict[str, Any]]) -> dict[str, Any]:
    location = f"{issuer}/scim/v2/Schemas/{key}"
    return {
        "schemas": [SCHEMA],
        "id": key,
        "name": name,
        "attributes": attributes,
        "meta": {"resourceType": "Schema", "location": location},
    }


def _attribute(
    name: str,
    *,
    kind: str = "string",
    required: bool = False,
    mutability: str = "readWrite",
    uniqueness: str = "none",
    case_exact: bool = False,
) -> dict[str, Any]:
    return {
        "name": name,
        "type": kind,
        "multiValued": False,
        "description": "",
        "required": required,
        "caseExact": case_exact,
        "mutability": mutability,
        "returned": "default",
        "uniqueness": uniqueness,
    }


def _reference(kind: str) -> dict[str, Any]:
    shape = _attribute("$ref", kind="reference", mutability="readOnly")
    return {**shape, "referenceTypes": [kind]}


def _complex(
    name: str, inner: list[dict[str, Any]], *, many: bool = False, read_only: bool = False
) -> dict[str, Any]:
    mutability = "readOnly" if read_only else "readWrite"
    shape = _attribute(name, kind="complex", mutability=mutability)
    return {**shape, "multiValued": many, "subAttributes": inner}
