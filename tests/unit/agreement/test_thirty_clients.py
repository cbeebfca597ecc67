"""One provider's document under thirty clients: one absence, one override, one changed row does the right thing in all.

The clients are drawn: which standard rows they replace, which people and schedules of the provider they restate.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.agreement.compile import compile_agreement
from tandem.agreement.compiled import Agreement, RowQuery
from tandem.agreement.load import load_provider
from tandem.agreement.oncall.absence import absences
from tandem.agreement.oncall.timeline import on_call
from tandem.agreement.schema.documents import ProviderDocument, TenantDocument
from tandem.agreement.schema.people import Absence, Override
from tandem.model.ownership import Owner, Party
from tests.support.tree import ROOT

CLIENTS = 30
START = datetime(2026, 11, 20, tzinfo=UTC)
SCHEDULES = ("brightwater-ops", "brightwater-ops-second", "brightwater-soc", "brightwater-soc-second")
MOMENTS = st.integers(0, 56 * 24).map(lambda hours: START + timedelta(hours=hours))


@cache
def provider() -> ProviderDocument:
    """The shipped provider's document."""
    return load_provider(ROOT / "deploy" / "agreement" / "brightwater.yaml")


FUNCTIONS = tuple(row.id for row in provider().matrix)


@st.composite
def clients(draw: st.DrawFn) -> list[TenantDocument]:
    """Thirty co-managed clients; each replaces some standard rows, some know a person of the provider's themselves."""
    documents = []
    for number in range(CLIENTS):
        replaced = draw(st.sets(st.sampled_from(FUNCTIONS), max_size=5))
        away = draw(st.none() | st.sampled_from(sorted(provider().people)))
        documents.append(TenantDocument.model_validate(_client(number, replaced, away)))
    return documents


def _client(number: int, replaced: set[str], away: str | None) -> dict[str, Any]:
    """A client's document; ``away``: it restates that person of the provider with an absence of its own."""
    people: dict[str, Any] = {"pat": {"name": "Pat", "party": "internal"}}
    if away is not None:
        absence = {"from": "2026-11-30", "to": "2026-11-30"}
        people[away] = provider().people[away].model_dump(by_alias=True, exclude_unset=True) | {"absences": [absence]}
    return {
        "tenant": {"id": f"client-{number}", "name": f"Client {number}", "users": 10 + number},
        "use": "brightwater",
        "people": people,
        "parties": {"internal": {"name": "Client", "calendar": "24x7", "accountable": "pat"}},
        "matrix": [{"id": row, "function": row, "owner": "shared", "lead": "internal"} for row in sorted(replaced)],
    }


def compiled(documents: list[TenantDocument], over: ProviderDocument) -> list[Agreement]:
    return [compile_agreement(document, over, version=1) for document in documents]


def people_on_call(agreement: Agreement, schedule: str, at: datetime) -> tuple[str, ...]:
    spec = agreement.schedules[schedule]
    return on_call(spec, at, absences(agreement.people, spec.zone))


few = settings(max_examples=8, deadline=None)


@few
@given(clients(), st.sampled_from(sorted(provider().people)), st.sampled_from(SCHEDULES), st.integers(0, 50), MOMENTS)
def test_an_absence_in_the_provider_s_document_holds_for_every_client(
    documents: list[TenantDocument], person: str, schedule: str, first: int, at: datetime
):
    day = START.date() + timedelta(days=first)
    changed = _with_absence(person, day, day + timedelta(days=4))

    for before, after in zip(compiled(documents, provider()), compiled(documents, changed), strict=True):
        was, now = people_on_call(before, schedule, at), people_on_call(after, schedule, at)
        local = at.astimezone(after.calendars["24x7"].zone).date()
        if abs((local - day).days) > 6:  # zones differ by less than a day
            assert now == was
        elif day < local < day + timedelta(days=4) and not _overridden(after, schedule, at):
            assert person not in now
            assert set(was) - {person} == set(now)


@few
@given(clients(), st.sampled_from(SCHEDULES), MOMENTS, MOMENTS)
def test_an_override_in_the_provider_s_document_holds_for_every_client(
    documents: list[TenantDocument], schedule: str, start: datetime, at: datetime
):
    end = start + timedelta(hours=30)
    override = Override.model_validate({"type": "add", "person": "martin-hale", "from": start, "to": end})
    changed = _with_override(schedule, override)

    for before, after in zip(compiled(documents, provider()), compiled(documents, changed), strict=True):
        was, now = people_on_call(before, schedule, at), people_on_call(after, schedule, at)
        away = _client_says_away(after, "martin-hale", at)
        if start <= at < end:
            assert "martin-hale" in now or away
            assert set(now) - {"martin-hale"} == set(was)
        else:
            assert now == was
        others = [name for name in SCHEDULES if name != schedule]
        assert [people_on_call(after, name, at) for name in others] == [
            people_on_call(before, name, at) for name in others
        ]


@few
@given(clients(), st.sampled_from(FUNCTIONS))
def test_a_changed_standard_row_reaches_exactly_the_clients_that_did_not_replace_it(
    documents: list[TenantDocument], name: str
):
    rows = [_led_by_msp(row) if row.id == name else row for row in provider().matrix]
    changed = provider().model_copy(update={"matrix": tuple(rows)})
    query = RowQuery(function=name, severity="high")

    agreements = zip(documents, compiled(documents, provider()), compiled(documents, changed), strict=True)
    for document, before, after in agreements:
        own = any(row.id == name for row in document.matrix)
        found = after.find_row(query).row
        assert found is not None
        assert (found.owner, found.lead) == (Owner.SHARED, Party.INTERNAL if own else Party.MSP)
        others = [RowQuery(function=other, severity="high") for other in FUNCTIONS if other != name]
        assert [after.find_row(other).row for other in others] == [before.find_row(other).row for other in others]


def _with_absence(person: str, first: date, last: date) -> ProviderDocument:
    absence = Absence.model_validate({"from": first, "to": last})
    spec = provider().people[person]
    away = spec.model_copy(update={"absences": (*spec.absences, absence)})
    return provider().model_copy(update={"people": {**provider().people, person: away}})


def _with_override(schedule: str, override: Override) -> ProviderDocument:
    schedules = tuple(
        spec.model_copy(update={"overrides": (*spec.overrides, override)}) if spec.id == schedule else spec
        for spec in provider().schedules
    )
    return provider().model_copy(update={"schedules": schedules})


def _led_by_msp(row: Any) -> Any:
    return row.model_copy(update={"owner": Owner.SHARED, "lead": Party.MSP})


def _overridden(agreement: Agreement, schedule: str, at: datetime) -> bool:
    """A word of a person stands even during an absence; overrides here are within a day of the moment."""
    zone_slack = timedelta(days=1)
    overrides = agreement.schedules[schedule].overrides
    naive = at.replace(tzinfo=None)
    return any(
        o.start.replace(tzinfo=None) - zone_slack <= naive < o.end.replace(tzinfo=None) + zone_slack for o in overrides
    )


def _client_says_away(agreement: Agreement, person: str, at: datetime) -> bool:
    return any(
        a.first <= at.date() + timedelta(days=1) and at.date() - timedelta(days=1) <= a.last
        for a in agreement.people[person].absences
    )
