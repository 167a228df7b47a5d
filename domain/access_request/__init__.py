"""An access request, from submission to the end of access. Knows nothing of transports, storage or
notification.

    commands, facts --decider--> events --evolve--> state

`asking` and `wanted` say what may be asked, `submission` opens the request and `routing` leads each
item from stage to stage; `decisions` takes what approvers say, `fulfilment` what provisioners
report; `provisioning` gives the orders to grant and to remove; `ending`, `participation` and
`passing_time` do the rest. `events`, `waiting_events` and `fulfilment_events` hold what happened, `status` the public
status (the enumeration of Lumos' API), `unfolding` strings together what one command leads to.

    PENDING -> PENDING_MANAGER_APPROVAL -> MANAGER_APPROVED -> PENDING_APPROVAL -> APPROVED
        -> PENDING_(MANUAL_)PROVISIONING -> PROVISIONED -> PENDING_(MANUAL_)DEPROVISIONING
        -> TIME_BASED_EXPIRED

Each item goes this way by itself, and may leave it: denied, expired, cancelled, refused by its
provisioner, reverted, or complete where access has no end."""

from domain.access_request.asking import JUSTIFICATION_LIMIT, MOST_ANSWERS, MOST_PERMISSIONS
from domain.access_request.commands import (
    Action,
    ActionCommand,
    CallOffRemoval,
    CancelRequest,
    CommentOnRequest,
    Decide,
    ExtendAccess,
    ItemId,
    LetTimePass,
    NoteRefusedDecision,
    Reassign,
    ReportFulfilment,
    RequestCommand,
    Result,
    ReviseApprovers,
    RevokeAccess,
    SubmitRequest,
    Verdict,
)
from domain.access_request.decider import (
    DECIDER,
    request_of_stream,
    request_stream,
)
from domain.access_request.decisions import REASON_LIMIT
from domain.access_request.events import (
    DecisionRefused,
    DecisionTaken,
    Directory,
    FieldAnswer,
    ItemOutcome,
    RequestApproved,
    RequestCancelled,
    RequestClosed,
    RequestDenied,
    RequestedApp,
    RequestedPermission,
    RequestExpired,
    RequestRouted,
    RequestSubmitted,
    Route,
    RuleUsed,
    StageApproved,
    StageStarted,
)
from domain.access_request.evolve import (
    RequestEvent,
)
from domain.access_request.facts import (
    ActionFacts,
    Approvers,
    HeldAccess,
    KnownApp,
    KnownPermission,
    KnownPerson,
    RequestFacts,
    SubmissionFacts,
)
from domain.access_request.fulfilment_events import (
    AccessCompleted,
    AccessExtended,
    AccessRevoked,
    Deprovisioned,
    DeprovisioningFailed,
    DeprovisioningStarted,
    Ending,
    FulfilmentEvent,
    Provisioned,
    ProvisioningDenied,
    ProvisioningFailed,
    ProvisioningStarted,
    RemovalCalledOff,
    Task,
)
from domain.access_request.participation import (
    COMMENT_LIMIT,
    MOST_ASSIGNED,
    person_ref,
    takes_part,
)
from domain.access_request.provisioning import UNDER_WAY
from domain.access_request.routing import eligible
from domain.access_request.state import (
    Absent,
    AccessRequest,
    Item,
    Request,
    integration_voter,
)
from domain.access_request.status import (
    AWAITING_APPROVAL,
    CANCELLABLE,
    DEPROVISIONING,
    HELD,
    PROVISIONING,
    TERMINAL,
    Status,
    overall,
)
from domain.access_request.waiting_events import (
    ApproversChanged,
    ApproversReminded,
    CommentAdded,
    RequestEscalated,
)

__all__ = [
    "AWAITING_APPROVAL",
    "CANCELLABLE",
    "COMMENT_LIMIT",
    "DECIDER",
    "DEPROVISIONING",
    "HELD",
    "JUSTIFICATION_LIMIT",
    "MOST_ANSWERS",
    "MOST_ASSIGNED",
    "MOST_PERMISSIONS",
    "PROVISIONING",
    "REASON_LIMIT",
    "TERMINAL",
    "UNDER_WAY",
    "Absent",
    "AccessCompleted",
    "AccessExtended",
    "AccessRequest",
    "AccessRevoked",
    "Action",
    "ActionCommand",
    "ActionFacts",
    "Approvers",
    "ApproversChanged",
    "ApproversReminded",
    "CallOffRemoval",
    "CancelRequest",
    "CommentAdded",
    "CommentOnRequest",
    "Decide",
    "DecisionRefused",
    "DecisionTaken",
    "Deprovisioned",
    "DeprovisioningFailed",
    "DeprovisioningStarted",
    "Directory",
    "Ending",
    "ExtendAccess",
    "FieldAnswer",
    "FulfilmentEvent",
    "HeldAccess",
    "Item",
    "ItemId",
    "ItemOutcome",
    "KnownApp",
    "KnownPermission",
    "KnownPerson",
    "LetTimePass",
    "NoteRefusedDecision",
    "Provisioned",
    "ProvisioningDenied",
    "ProvisioningFailed",
    "ProvisioningStarted",
    "Reassign",
    "RemovalCalledOff",
    "ReportFulfilment",
    "Request",
    "RequestApproved",
    "RequestCancelled",
    "RequestClosed",
    "RequestCommand",
    "RequestDenied",
    "RequestEscalated",
    "RequestEvent",
    "RequestExpired",
    "RequestFacts",
    "RequestRouted",
    "RequestSubmitted",
    "RequestedApp",
    "RequestedPermission",
    "Result",
    "ReviseApprovers",
    "RevokeAccess",
    "Route",
    "RuleUsed",
    "StageApproved",
    "StageStarted",
    "Status",
    "SubmissionFacts",
    "SubmitRequest",
    "Task",
    "Verdict",
    "eligible",
    "integration_voter",
    "overall",
    "person_ref",
    "request_of_stream",
    "request_stream",
    "takes_part",
]
