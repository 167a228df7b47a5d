"""An access request, from submission to its end. Knows nothing of transports, storage or
notification.

    Absent --SubmitRequest--> Pending --CancelRequest--> Closed(CANCELLED)

`vocabulary` holds the words, `decider` the rules. The public status is the enumeration of Lumos'
API; `domain` draws the whole machine."""

from domain.access_request.decider import (
    DECIDER,
    JUSTIFICATION_LIMIT,
    MOST_PERMISSIONS,
    REASON_LIMIT,
    decide,
    evolve,
    request_of_stream,
    request_stream,
    slot,
)
from domain.access_request.vocabulary import (
    Absent,
    AccessRequest,
    CancellationFacts,
    CancelRequest,
    Closed,
    Directory,
    KnownApp,
    KnownPermission,
    KnownPerson,
    Pending,
    RequestCancelled,
    RequestCommand,
    RequestedApp,
    RequestedPermission,
    RequestEvent,
    RequestFacts,
    RequestSubmitted,
    RuleUsed,
    Status,
    SubmissionFacts,
    SubmitRequest,
)

__all__ = [
    "DECIDER",
    "JUSTIFICATION_LIMIT",
    "MOST_PERMISSIONS",
    "REASON_LIMIT",
    "Absent",
    "AccessRequest",
    "CancelRequest",
    "CancellationFacts",
    "Closed",
    "Directory",
    "KnownApp",
    "KnownPermission",
    "KnownPerson",
    "Pending",
    "RequestCancelled",
    "RequestCommand",
    "RequestEvent",
    "RequestFacts",
    "RequestSubmitted",
    "RequestedApp",
    "RequestedPermission",
    "RuleUsed",
    "Status",
    "SubmissionFacts",
    "SubmitRequest",
    "decide",
    "evolve",
    "request_of_stream",
    "request_stream",
    "slot",
]
