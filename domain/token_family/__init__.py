r"""A token family: everything that grew out of one authorization code (RFC 6749 §4.1, §6). It
opens with the code, the code is redeemed once, the refresh token rotates (OAuth 2.1 §4.3.1), and
any replay ends the family.

    Absent --OpenFamily--> Opened --RedeemCode--> Live --RotateRefreshToken--> Live
                              \_________________________ replay · revoke · -> Ended

A refresh token is rotated once. Whoever shows it again within `GRACE` gets the same successor: a
client whose sessions share it, or whose answer was lost on the way, is not an attacker. Later use
is a replay.
"""

from domain.token_family.decider import DECIDER, decide, evolve, family_stream
from domain.token_family.vocabulary import (
    GRACE,
    Absent,
    CodeRedeemed,
    Ended,
    EndFamily,
    EndReason,
    FamilyCommand,
    FamilyEnded,
    FamilyEvent,
    FamilyOpened,
    Live,
    Opened,
    OpenFamily,
    RedeemCode,
    RefreshTokenRotated,
    RotateRefreshToken,
    TokenFamily,
)

__all__ = [
    "DECIDER",
    "GRACE",
    "Absent",
    "CodeRedeemed",
    "EndFamily",
    "EndReason",
    "Ended",
    "FamilyCommand",
    "FamilyEnded",
    "FamilyEvent",
    "FamilyOpened",
    "Live",
    "OpenFamily",
    "Opened",
    "RedeemCode",
    "RefreshTokenRotated",
    "RotateRefreshToken",
    "TokenFamily",
    "decide",
    "evolve",
    "family_stream",
]
