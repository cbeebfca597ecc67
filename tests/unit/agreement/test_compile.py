"""What a compiled agreement answers: defaults filled, provider merged in, calendars built."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tandem.agreement.compiled import Agreement, RowQuery
from tandem.agreement.schema.fields import Target
from tandem.model.ownership import Mode, Party, Track
from tandem.model.priority import Priority

Compiled = Callable[..., Agreement]

PROVIDER = """\
provider: {id: msp, name: MSP}
calendars: {desk: {zone: UTC, weekly: {mon-sun: 00:00-24:00}}}
parties: {msp: {name: MSP, calendar: 24x7, accountable: boss, senior_ops: olga}}
people:
  boss: {name: Boss, party: msp}
  olga: {name: Olga, party: msp, absences: [{from: 2026-12-01, to: 2026-12-02}]}
schedules:
  - id: msp-ops
    zone: UTC
    party: msp
    track: ops
    layers: [{people: [olga], anchor: 2026-01-05T09:00}]
    overrides: [{type: add, person: boss, from: 2026-12-01T00:00, to: 2026-12-02T00:00}]
functions: [{id: servers, name: Servers}, {id: siem, name: SIEM, track: soc}]
classification: [{id: any, function: servers}]
matrix: [{id: servers, function: servers, owner: msp}, {id: siem, function: siem, owner: msp}]
priorities: {default: {high: P1}, vendors: {x: {a: P1, b: P2}}}
sla: {gold: {priorities: {P1: {response: 10m}}}}
"""
TENANT = "tenant: {id: acme, name: Acme, mode: overlap}\nuse: msp\n"


def row(agreement: Agreement, function: str, **fields: str) -> str | None:
    query = RowQuery(function=function, category=None, site=fields.get("site"), tags=frozenset(), severity="high")
    answer = agreement.find_row(query)
    return answer.row.id if answer.row else None


def test_a_tenant_that_says_nothing_has_everything_of_its_provider(compiled: Compiled):
    agreement = compiled(TENANT, PROVIDER)

    assert (agreement.version, agreement.provider) == (3, "msp")
    assert row(agreement, "servers") == "servers"
    assert agreement.schedules["msp-ops"].party is Party.MSP
    assert agreement.parties[Party.MSP].accountable == "boss"
    assert [rule.id for rule, _ in agreement.classification] == ["any"]


def test_the_tenant_s_row_of_the_same_id_replaces_the_provider_s(compiled: Compiled):
    agreement = compiled(TENANT + "matrix: [{id: servers, function: servers, owner: internal}]", PROVIDER)

    assert [(entry.id, entry.owner) for entry in agreement.rows] == [("servers", "internal"), ("siem", "msp")]


def test_the_tenant_s_rules_are_tried_first(compiled: Compiled):
    agreement = compiled(TENANT + "classification: [{id: mine, function: siem}]", PROVIDER)

    assert [rule.id for rule, _ in agreement.classification] == ["mine", "any"]


def test_an_absence_of_a_provider_s_person_holds_although_the_tenant_replaces_the_person(compiled: Compiled):
    mine = "people: {olga: {name: Olga, party: msp, absences: [{from: 2026-12-24, to: 2026-12-24}]}}"

    absences = compiled(TENANT + mine, PROVIDER).people["olga"].absences

    assert [str(absence.first) for absence in absences] == ["2026-12-01", "2026-12-24"]


def test_an_override_in_the_provider_s_schedule_holds_although_the_tenant_replaces_the_schedule(compiled: Compiled):
    mine = "schedules: [{id: msp-ops, zone: UTC, overrides: [{type: remove, person: olga, from: 2027-01-01T00:00, to: 2027-01-02T00:00}]}]"

    schedule = compiled(TENANT + mine, PROVIDER).schedules["msp-ops"]

    assert [override.type for override in schedule.overrides] == ["add", "remove"]
    assert schedule.layers == ()


def test_severity_tables_are_merged_word_by_word(compiled: Compiled):
    tables = compiled(TENANT + "priorities: {vendors: {X: {A: P4}}}", PROVIDER).priorities

    assert tables.vendors["x"] == {"a": Priority.P4, "b": Priority.P2}
    assert (tables.default["high"], tables.default["low"]) == (Priority.P1, Priority.P4)
    assert tables.vendors["wazuh"]["12"] is Priority.P2


def test_the_standard_profile_is_that_of_the_domain(compiled: Compiled):
    standard = compiled("tenant: {id: a, name: A}").sla["standard"].priorities

    p1, p3 = standard[Priority.P1], standard[Priority.P3]
    assert p1.detect == Target(length=timedelta(minutes=15))
    assert p1.response == Target(length=timedelta(minutes=30))
    assert p1.joint_call == Target(length=timedelta(minutes=60))
    assert p1.resolution == Target(length=timedelta(hours=4))
    assert p3.response == Target(length=timedelta(hours=4), business=True)
    assert p3.joint_call is None
    assert standard[Priority.P5].response is None


def test_a_profile_says_only_what_differs(compiled: Compiled):
    text = "sla: {standard: {priorities: {P2: {response: 45m}}}, slow: {priorities: {P2: {resolution: null}}}}"

    sla = compiled(TENANT + text, PROVIDER).sla

    slow, gold = sla["slow"].priorities[Priority.P2], sla["gold"].priorities[Priority.P1]
    assert slow.response == Target(length=timedelta(minutes=45))  # from the agreement's own standard
    assert slow.resolution is None  # said: there is no such clock
    assert gold.response == Target(length=timedelta(minutes=10))
    assert gold.detect == Target(length=timedelta(minutes=15))


def test_rows_are_complete(compiled: Compiled, small: str):
    agreement = compiled(small)
    rows = {entry.id: entry for entry in agreement.rows}

    assert (rows["servers"].track, rows["servers"].after_hours, rows["servers"].mode) == (Track.OPS, "msp", Mode.LIVE)
    assert rows["servers"].paths == {Party.MSP: "p-ops", Party.INTERNAL: "internal-ops"}
    assert rows["siem"].track is Track.SOC


def test_a_party_with_one_schedule_and_no_path_has_the_default_ladder(compiled: Compiled, small: str):
    path = compiled(small).path_of(Party.MSP, Track.SOC)

    assert path is not None
    assert path.id == "msp-soc"
    assert [(step.after, step.page) for step in path.steps] == [
        (timedelta(0), ("schedule:msp-soc",)),
        (timedelta(minutes=5), ("schedule:msp-soc",)),
        (timedelta(minutes=5), ("senior:msp",)),
        (timedelta(minutes=17), ("accountable:msp",)),
    ]


def test_a_party_s_own_path_comes_before_the_ladder(compiled: Compiled, small: str):
    agreement = compiled(small)

    assert sorted(agreement.paths) == ["internal-ops", "msp-soc", "p-in-soc", "p-ops"]
    assert agreement.path_of(Party.INTERNAL, Track.SOC) is agreement.paths["p-in-soc"]


def test_hosts_are_found_without_case(compiled: Compiled, small: str):
    agreement = compiled(small)

    found = [agreement.asset_of(host) for host in ("SRV1", "10.0.0.1", "other", None)]

    assert [asset.id if asset else None for asset in found] == ["srv1", "srv1", None, None]


NYBH = """\
tenant: {id: a, name: A}
calendars:
  nybh:
    zone: America/New_York
    weekly: {mon-fri: 09:00-17:00}
    holidays: [2026-11-26]
    special: {2026-11-27: 09:00-13:00}
  desk: {zone: America/New_York, weekly: {mon-thu: 22:00-06:00, thu: []}}
  us: {zone: America/New_York, weekly: {mon-sun: 00:00-24:00}, holidays_of: US}
"""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("calendar", "moment", "is_open"),
    [
        ("nybh", "2026-11-25T15:00", True),
        ("nybh", "2026-11-25T22:30", False),
        ("nybh", "2026-11-26T15:00", False),
        ("nybh", "2026-11-27T17:59", True),
        ("nybh", "2026-11-27T18:00", False),
        ("nybh", "2026-11-28T15:00", False),
        ("desk", "2026-11-25T10:59", True),  # Wednesday 05:59, the desk of Tuesday night
        ("desk", "2026-11-27T04:00", False),  # Thursday 23:00: a day on its own beats the range it lies in
        ("us", "2026-12-25T15:00", False),
        ("us", "2026-12-26T15:00", True),
        ("24x7", "2026-12-25T15:00", True),
    ],
)
def test_calendars_are_built_as_written(compiled: Compiled, calendar: str, moment: str, is_open: bool):
    assert compiled(NYBH).calendars[calendar].is_open(at(moment)) is is_open


def test_a_party_without_a_calendar_of_its_own_counts_around_the_clock(compiled: Compiled):
    assert compiled("tenant: {id: a, name: A}").calendar_of(Party.MSP).is_open(at("2026-12-25T03:00"))


def test_the_example_e05_of_the_domain_comes_out(compiled: Compiled):
    calendar = compiled(NYBH).calendars["nybh"]

    assert calendar.add(at("2026-11-25T21:00"), timedelta(hours=4)) == at("2026-11-27T17:00")
