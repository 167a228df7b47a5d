"""Why a sign-in by the identity provider does not go on, each with a sentence for a page. What an
operator needs beyond it stands in the log; neither ever holds what the provider or a browser
sent."""

from __future__ import annotations

from domain.errors import Refused


class SignInRefused(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """A sign-in by the identity provider was refused. `then` is the page
    that still waits; None where this browser has not proved that it is his."""

    sentence = "You could not be signed in."
    then: str | None = None


class StaleSignIn(SignInRefused):
    """No such sign-in is on its way in this browser: unknown, finished, expired, or another's."""

    sentence = (
        "This sign-in has expired, was finished before, or was begun in another browser. "
        "Go back to your AI client and start signing in again."
    )


class ProviderUnreachable(SignInRefused):
    """The identity provider does not answer; the next sign-in tries again."""

    sentence = "Your identity provider cannot be reached now. Try again in a moment."


class ProviderDeclined(SignInRefused):
    """The identity provider answered that it did not sign the person in."""

    sentence = "Your identity provider did not sign you in. Start signing in again, or ask it why."


class ProviderUntrusted(SignInRefused):
    """The identity provider's answer breaks a rule that makes it trustworthy."""

    sentence = (
        "The answer of your identity provider could not be trusted. Start signing in again; "
        "if it stays so, tell an administrator."
    )


class NotAdmitted(SignInRefused):
    """The identity is proved, but Doorward's own rules refuse the person."""

    def __init__(self, refusal: Refused) -> None:
        super().__init__(refusal.code)
        self.sentence = refusal.sentence
