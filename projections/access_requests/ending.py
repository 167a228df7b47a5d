"""The words with which a request, or a part of it, came to its end."""

from __future__ import annotations

from domain.access_request import (
    AccessRevoked,
    ProvisioningDenied,
    RequestCancelled,
    RequestDenied,
)
from projections.access_requests.drafts import Draft


def keep_reason(
    draft: Draft, event: RequestDenied | RequestCancelled | ProvisioningDenied | AccessRevoked
) -> None:
    """Keep why the request, or a part of it, came to its end."""
    if event.reason is not None:
        draft.columns["closed_reason"] = event.reason.text
        draft.columns["closed_reason_of"] = event.reason.subject
