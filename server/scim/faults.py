"""Refusals as SCIM tells them (RFC 7644 section 3.12): a status, a type that programs know, a sentence."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from domain.errors import Conflicting, Invalid, Missing, NameTaken, Refused

MEDIA_TYPE = "application/scim+json"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


class ScimFault(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """The request is refused; `scim_type` is empty where the RFC names none."""

    def __init__(self, status: int, detail: str, scim_type: str = "") -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.scim_type = scim_type


def no_such(kind: str) -> ScimFault:
    """Return the fault for a resource that is not there."""
    return ScimFault(404, f"There is no such {kind}.")


def invalid(detail: str, scim_type: str = "invalidValue") -> ScimFault:
    """Return the fault for a request that is not well formed."""
    return ScimFault(400, detail, scim_type)


def of_refusal(refusal: Refused) -> ScimFault:
    """Return a refusal of the domain as SCIM tells it."""
    if isinstance(refusal, NameTaken):
        return ScimFault(409, refusal.sentence, "uniqueness")
    if isinstance(refusal, Invalid):
        return invalid(refusal.sentence)
    if isinstance(refusal, Missing):
        return ScimFault(404, refusal.sentence)
    return ScimFault(409 if isinstance(refusal, Conflicting) else 403, refusal.sentence)


def answer(fault: ScimFault) -> Response:
    """Return the response that tells it."""
    body = {"schemas": [ERROR], "status": str(fault.status), "detail": fault.detail}
    if fault.scim_type:
        body["scimType"] = fault.scim_type
    return JSONResponse(body, fault.status, media_type=MEDIA_TYPE)
