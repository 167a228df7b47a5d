"""Feature flags: switched by administrators and operators, and by nobody else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain import feature
from domain.errors import AdministratorsOnly, StaleVersion
from domain.feature import (
    FEATURES,
    DisableFeature,
    EnableFeature,
    FeatureDisabled,
    FeatureEnabled,
    FeatureFacts,
    UnknownFeature,
    features_on,
)
from domain.person import PersonRecord, Role
from tests import seeds
from tests.seeds import BOB
from tests.spec import Spec

NAME = "cancel_access_request"
BOSS = seeds.person(BOB, roles=(Role.EMPLOYEE, Role.ADMINISTRATOR))
KNOWN = FeatureFacts(0, BOSS)
ON, OFF = EnableFeature(NAME, BOB), DisableFeature(NAME, BOB)
ENABLED, DISABLED = FeatureEnabled(NAME), FeatureDisabled(NAME)
SPEC = Spec(feature.DECIDER)


def test_a_flag_is_turned_on_and_off_and_the_same_wish_again_is_no_event() -> None:
    SPEC.given().when(ON, KNOWN).then(ENABLED)
    SPEC.given(ENABLED).when(ON, KNOWN).then()
    SPEC.given(ENABLED).when(OFF, KNOWN).then(DISABLED)
    SPEC.given(ENABLED, DISABLED).when(OFF, KNOWN).then()


def test_turning_off_what_nobody_turned_on_is_a_decision_that_the_setting_does_not_undo() -> None:
    SPEC.given().when(OFF, KNOWN).then(DISABLED)


def test_a_flag_that_nobody_knows_is_refused_with_those_there_are() -> None:
    unknown = UnknownFeature("fly", tuple(sorted(FEATURES)))
    assert all(name in unknown.sentence for name in FEATURES)
    SPEC.given().when(EnableFeature("fly"), KNOWN).refused(unknown)
    SPEC.given().when(DisableFeature("fly"), KNOWN).refused(unknown)


@pytest.mark.parametrize("switcher", [None, seeds.person(BOB), replace(BOSS, disabled=True)])
def test_only_an_administrator_switches(switcher: PersonRecord | None) -> None:
    SPEC.given().when(ON, FeatureFacts(0, switcher)).refused(AdministratorsOnly())
    SPEC.given().when(replace(ON, by=None), FeatureFacts(0, switcher)).then(ENABLED)


def test_who_saw_another_version_is_told_so() -> None:
    stale = replace(OFF, expected_version=0)
    SPEC.given(ENABLED).when(stale, FeatureFacts(1, BOSS)).refused(StaleVersion(0, 1))
    SPEC.given().when(replace(ON, expected_version=0), KNOWN).then(ENABLED)


def test_the_setting_counts_until_somebody_switches() -> None:
    assert features_on({}, {NAME}) == {NAME}
    assert features_on({NAME: False}, {NAME}) == frozenset()
    assert features_on({NAME: True}, ()) == {NAME}
    assert features_on({"of another version": True}, ()) == frozenset()
