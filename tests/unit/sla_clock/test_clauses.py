"""What an agreement promises: targets, calendars, parties."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tandem.model.events import ClockName
from tandem.model.ownership import Party
from tandem.model.priority import Priority
from tandem_sla_clock.clauses import AgreementClauses
from tests.support.sla import DefaultClauses, sla_agreement

INTERNAL, MSP = Party.INTERNAL, Party.MSP


@pytest.mark.parametrize("clock", ClockName)
@pytest.mark.parametrize("priority", Priority)
def test_an_agreement_that_says_nothing_has_the_defaults(clock: ClockName, priority: Priority):
    clauses = AgreementClauses(sla_agreement(), "standard")

    promised, default = clauses.clause(clock, priority, MSP), DefaultClauses().clause(clock, priority, MSP)

    assert (promised is None) == (default is None)
    assert promised is None or default is None or promised.length == default.length


def test_business_hours_are_those_of_the_obliged_party():
    clauses = AgreementClauses(sla_agreement(), "standard")

    names = {}
    for party in Party:
        clause = clauses.clause(ClockName.RESPONSE, Priority.P3, party)
        assert clause is not None
        names[party] = clause.calendar.name

    assert names == {INTERNAL: "office", MSP: "24x7"}


def test_other_targets_count_around_the_clock_also_for_a_party_with_hours():
    clause = AgreementClauses(sla_agreement(), "standard").clause(ClockName.RESPONSE, Priority.P1, INTERNAL)

    assert clause is not None
    assert clause.calendar.name == "24x7"


def test_a_row_may_have_a_profile_of_its_own():
    clause = AgreementClauses(sla_agreement(), "gold").clause(ClockName.RESPONSE, Priority.P2, MSP)

    assert clause is not None
    assert clause.length == timedelta(minutes=20)


def test_a_profile_that_is_gone_is_taken_as_the_standard_one():
    clause = AgreementClauses(sla_agreement(), "platinum").clause(ClockName.RESPONSE, Priority.P2, MSP)

    assert clause is not None
    assert clause.length == timedelta(minutes=60)


def test_a_managed_tenant_has_one_party():
    assert AgreementClauses(sla_agreement("managed"), "standard").parties == (MSP,)
    assert AgreementClauses(sla_agreement(), "standard").parties == (INTERNAL, MSP)
