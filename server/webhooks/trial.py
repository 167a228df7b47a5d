"""The event with which somebody tries whether a webhook arrives. It looks like all others and is in no
log."""

from __future__ import annotations

from datetime import datetime

import msgspec

TYPE = "doorward.webhook.test.v1"


def trial_event(event_id: str, webhook: str, tenant: str, now: datetime) -> bytes:
    """Return it as CloudEvents 1.0 JSON."""
    return msgspec.json.encode(
        {
            "specversion": "1.0",
            "id": event_id,
            "source": f"/doorward/{tenant}",
            "type": TYPE,
            "subject": webhook,
            "time": now,
            "datacontenttype": "application/json",
            "data": {"webhook": webhook},
        }
    )
