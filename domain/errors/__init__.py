"""Every refusal of the domain. A refusal is an answer, not a fault: it has a stable `code`, typed
fields, and a sentence that tells the reader what to do next. It knows no HTTP status and no
protocol: `server.errors` translates.

    Refused
     ├─ Invalid        the input breaks a rule of form
     │   ├─ MalformedText · TextTooLong · TooMany · UnknownField · InputMissing
     │   ├─ DurationNotOffered · StartInThePast · RepeatedPermission · PermissionOfOtherApp
     │   ├─ OnePermissionOnly · NameTaken · PasswordLength
     │   └─ of webhooks: UnusableUrl · BadTopicPattern
     ├─ Missing        no such thing, or not for this caller: both look alike
     │   ├─ UnknownApp · UnknownPermission · UnknownPerson · UnknownRequest
     │   ├─ UnknownConnection · UnknownResourceServer
     │   └─ of webhooks: UnknownWebhook · UnknownDelivery
     ├─ Forbidden      the rules say no
     │   └─ PersonDisabled · OnBehalfNotAllowed
     ├─ Conflicting    the world has moved on
     │   ├─ AlreadyClosed · StaleVersion · IdempotencyKeyReused · ChangedMeanwhile
     │   ├─ IdentityOfAnother
     │   └─ of webhooks: NoSuchPosition · TestNotDelivered
     └─ InvalidGrant   an OAuth grant is not, or no longer, good (RFC 6749 §5.2)
"""

from domain.errors.base import (
    Conflicting,
    Forbidden,
    Invalid,
    InvalidGrant,
    Missing,
    Refused,
)
from domain.errors.conflicting import (
    AlreadyClosed,
    ChangedMeanwhile,
    IdempotencyKeyReused,
    IdentityOfAnother,
    StaleVersion,
)
from domain.errors.forbidden import (
    OnBehalfNotAllowed,
    PersonDisabled,
)
from domain.errors.invalid import (
    DurationNotOffered,
    InputMissing,
    MalformedText,
    NameTaken,
    OnePermissionOnly,
    PasswordLength,
    PermissionOfOtherApp,
    RepeatedPermission,
    StartInThePast,
    TextTooLong,
    TooMany,
    UnknownField,
)
from domain.errors.missing import (
    UnknownApp,
    UnknownConnection,
    UnknownPermission,
    UnknownPerson,
    UnknownRequest,
    UnknownResourceServer,
)

__all__ = [
    "AlreadyClosed",
    "ChangedMeanwhile",
    "Conflicting",
    "DurationNotOffered",
    "Forbidden",
    "IdempotencyKeyReused",
    "IdentityOfAnother",
    "InputMissing",
    "Invalid",
    "InvalidGrant",
    "MalformedText",
    "Missing",
    "NameTaken",
    "OnBehalfNotAllowed",
    "OnePermissionOnly",
    "PasswordLength",
    "PermissionOfOtherApp",
    "PersonDisabled",
    "Refused",
    "RepeatedPermission",
    "StaleVersion",
    "StartInThePast",
    "TextTooLong",
    "TooMany",
    "UnknownApp",
    "UnknownConnection",
    "UnknownField",
    "UnknownPermission",
    "UnknownPerson",
    "UnknownRequest",
    "UnknownResourceServer",
]
