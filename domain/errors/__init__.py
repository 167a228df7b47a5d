"""Every refusal of the domain. A refusal is an answer, not a fault: it has a stable `code`, typed
fields, and a sentence that tells the reader what to do next. It knows no HTTP status and no
protocol: `server.errors` translates.

    Refused
     ├─ Invalid        the input breaks a rule of form
     │   ├─ MalformedText · TextTooLong · TooMany · UnknownField · InputMissing
     │   ├─ DurationNotOffered · StartInThePast · RepeatedPermission · PermissionOfOtherApp
     │   ├─ OnePermissionOnly · NameTaken · PasswordLength
     │   ├─ AnswerUnfit · ExtensionTooShort · StartNotAllowed · PolicyUnfit · NotConfirmed
     │   └─ of webhooks: UnusableUrl · BadTopicPattern; of integrations: NoRights
     ├─ Missing        no such thing, or not for this caller: both look alike
     │   ├─ UnknownApp · UnknownPermission · UnknownPerson · UnknownRequest
     │   ├─ UnknownConnection · UnknownResourceServer · NothingThere
     │   └─ of webhooks: UnknownWebhook · UnknownDelivery; UnknownIntegration · UnknownGroup · UnknownFeature
     ├─ Forbidden      the rules say no
     │   ├─ PersonDisabled · OnBehalfNotAllowed · AdministratorsOnly · NotAssigned
     │   ├─ NotAnApprover · SelfApproval · IntegrationNotAllowed · WouldWiden · EvidenceTooWeak
     │   ├─ ConflictOfDuties · BreakGlassNotAllowed · ExtensionNotAllowed · OwnRole
     │   ├─ of AI clients: OperatorOnly
     │   └─ of integrations: BadEvidence
     ├─ Conflicting    the world has moved on
     │   ├─ AlreadyClosed · StaleVersion · IdempotencyKeyReused · ChangedMeanwhile
     │   ├─ IdentityOfAnother · AlreadyHeld · AlreadyAsked · TooManyOpen · NotHeld
     │   ├─ AlreadyDecided · DecisionLapsed · NothingUnderWay
     │   ├─ PersonStillActive · PersonStillHolds · PersonForgottenBefore · LastAdministrator
     │   ├─ TooMuchForACall · CheckpointsUnreadable
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
    AlreadyAsked,
    AlreadyClosed,
    AlreadyDecided,
    AlreadyHeld,
    ChangedMeanwhile,
    CheckpointsUnreadable,
    DecisionLapsed,
    IdempotencyKeyReused,
    IdentityOfAnother,
    LastAdministrator,
    NotHeld,
    NothingUnderWay,
    PersonForgottenBefore,
    PersonStillActive,
    PersonStillHolds,
    StaleVersion,
    TooManyOpen,
    TooMuchForACall,
)
from domain.errors.forbidden import (
    AdministratorsOnly,
    BreakGlassNotAllowed,
    ConflictOfDuties,
    EvidenceTooWeak,
    ExtensionNotAllowed,
    IntegrationNotAllowed,
    NotAnApprover,
    NotAssigned,
    OnBehalfNotAllowed,
    OperatorOnly,
    OwnRole,
    PersonDisabled,
    SelfApproval,
    WouldWiden,
)
from domain.errors.invalid import (
    AnswerUnfit,
    DurationNotOffered,
    ExtensionTooShort,
    InputMissing,
    MalformedText,
    NameTaken,
    NotConfirmed,
    OnePermissionOnly,
    PasswordLength,
    PermissionOfOtherApp,
    PolicyUnfit,
    RepeatedPermission,
    StartInThePast,
    StartNotAllowed,
    TextTooLong,
    TooMany,
    UnknownField,
)
from domain.errors.missing import (
    NothingThere,
    UnknownApp,
    UnknownConnection,
    UnknownPermission,
    UnknownPerson,
    UnknownRequest,
    UnknownResourceServer,
)

__all__ = [
    "AdministratorsOnly",
    "AlreadyAsked",
    "AlreadyClosed",
    "AlreadyDecided",
    "AlreadyHeld",
    "AnswerUnfit",
    "BreakGlassNotAllowed",
    "ChangedMeanwhile",
    "CheckpointsUnreadable",
    "ConflictOfDuties",
    "Conflicting",
    "DecisionLapsed",
    "DurationNotOffered",
    "EvidenceTooWeak",
    "ExtensionNotAllowed",
    "ExtensionTooShort",
    "Forbidden",
    "IdempotencyKeyReused",
    "IdentityOfAnother",
    "InputMissing",
    "IntegrationNotAllowed",
    "Invalid",
    "InvalidGrant",
    "LastAdministrator",
    "MalformedText",
    "Missing",
    "NameTaken",
    "NotAnApprover",
    "NotAssigned",
    "NotConfirmed",
    "NotHeld",
    "NothingThere",
    "NothingUnderWay",
    "OnBehalfNotAllowed",
    "OnePermissionOnly",
    "OperatorOnly",
    "OwnRole",
    "PasswordLength",
    "PermissionOfOtherApp",
    "PersonDisabled",
    "PersonForgottenBefore",
    "PersonStillActive",
    "PersonStillHolds",
    "PolicyUnfit",
    "Refused",
    "RepeatedPermission",
    "SelfApproval",
    "StaleVersion",
    "StartInThePast",
    "StartNotAllowed",
    "TextTooLong",
    "TooMany",
    "TooManyOpen",
    "TooMuchForACall",
    "UnknownApp",
    "UnknownConnection",
    "UnknownField",
    "UnknownPermission",
    "UnknownPerson",
    "UnknownRequest",
    "UnknownResourceServer",
    "WouldWiden",
]
