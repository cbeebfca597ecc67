"""An incident with both faces pages two legs, each on its own track's path with its own answers (R-A3, R-A2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.agreement.schema.people import Contact, PartySpec, ScheduleSpec
from tandem.model.events import FactKind, PageEventKind, SlaEventKind
from tandem.model.incident import Acknowledgement, Face, IncidentState, RaciPeople
from tandem.model.ownership import Actor, Mode, Owner, Party, Track
from tandem.model.priority import Priority
from tandem_notifier.answering import Standing, command_of, view
from tandem_notifier.case import Case, leg_key
from tandem_notifier.links import AckLink
from tandem_notifier.store.cases import read_case
from tests.support.ladder import INTERNAL, MSP, START, Ladder, agreement, incident, path, person, step

OPS, SOC = Track.OPS, Track.SOC
PEOPLE = {
    **{name: person(INTERNAL, "webhook") for name in ("op", "op-second", "op-senior", "sec", "sec-senior", "it-lead")},
    **{name: person(MSP, "webhook") for name in ("noc", "noc-second", "noc-senior", "soc", "soc-second", "soc-senior")},
    "msp-lead": person(MSP, "webhook"),
}
PATHS = (
    path(INTERNAL, OPS, step(0, "person:op"), step(5, "person:op-second"), repeat=0),
    path(MSP, OPS, step(0, "person:noc"), step(5, "person:noc-second"), step(5, "senior:msp"), repeat=0),
    path(INTERNAL, SOC, step(0, "person:sec"), repeat=0),
    path(MSP, SOC, step(0, "person:soc"), step(5, "person:soc-second"), step(5, "senior:msp"), repeat=0),
)
PARTIES = {
    INTERNAL: PartySpec(
        name="IT", calendar="24x7", accountable="it-lead", senior_ops="op-senior", senior_soc="sec-senior",
        security_contact="sec", team=Contact(channel="email", to="it@acme.example"),
    ),
    MSP: PartySpec(
        name="MSP", calendar="24x7", accountable="msp-lead", senior_ops="noc-senior", senior_soc="soc-senior",
        team=Contact(channel="email", to="noc@msp.example"),
    ),
}  # fmt: skip
ACCOUNTABLES = {"it-lead", "msp-lead"}
MAY_BE_PAGED = {
    OPS: {"op", "op-second", "op-senior", "noc", "noc-second", "noc-senior"} | ACCOUNTABLES,
    SOC: {"sec", "sec-senior", "soc", "soc-second", "soc-senior"} | ACCOUNTABLES,
}
BOOK = agreement(people=PEOPLE, paths=PATHS, parties=PARTIES)


def face(track: Track = SOC, **fields: Any) -> Face:
    """What a finding adds: the analyst and the internal security contact, at P1."""
    known: dict[str, Any] = {
        "track": track,
        "priority": Priority.P1,
        "party": MSP,
        "owner": Owner.MSP,
        "function": "edr",
        "row": "edr",
        "must_acknowledge": (MSP, INTERNAL),
        "paths": {party: f"{party.value}-{track.value}" for party in Party},
        "opened_at": START,
    }
    return Face(**(known | fields))


def ladder(**fields: Any) -> Ladder:
    """A P1 of both parties' operations."""
    return Ladder(BOOK, incident(**({"must_acknowledge": (INTERNAL, MSP)} | fields))).open()


def join(system: Ladder, **fields: Any) -> None:
    """A finding joins."""
    new = face(**({"opened_at": system.now} | fields))
    system.fact(FactKind.ALERT_JOINED, detail={"track": new.track}, second_face=new)


def answer(system: Ladder, track: Track, party: Party, who: str) -> None:
    """The router's fact of an answer for one leg."""
    second = system.incident.second_face
    if second is None or second.track is not track:
        system.acknowledge(party, who)
        return
    given_ = {**second.acknowledged, party: Acknowledgement(person=who, at=system.now)}
    detail = {"track": track, "assists": True}
    new = replace(second, acknowledged=given_)
    system.fact(FactKind.ACKNOWLEDGED, by=Actor(party, who), detail=detail, second_face=new)


def on(system: Ladder, track: Track) -> list[tuple[float, str]]:
    """(minutes after the start, person) of the pages of one track."""
    pages = [page for page in system.pages if page.track is track and not page.told]
    return [((page.planned_at - START) / timedelta(minutes=1), page.person) for page in pages]


# -- paging ---------------------------------------------------------------------------------------------------------


def test_a_finding_that_joins_pages_the_analyst_and_the_security_contact_at_once():
    system = ladder()
    system.forward(2)

    join(system)

    assert on(system, SOC) == [(2, "soc"), (2, "sec")]


def test_the_leg_of_operations_goes_on_as_if_nothing_had_joined():
    alone, both = ladder(), ladder()
    both.forward(2)
    join(both)

    alone.forward(60)
    both.forward(58)

    assert on(both, OPS) == on(alone, OPS)
    main = [page.page_id for page in both.pages if page.track is OPS and not page.told]
    assert main == [page.page_id for page in alone.pages if not page.told]


def test_each_leg_climbs_to_its_own_tracks_senior_and_only_then_to_the_accountables():
    system = ladder(must_acknowledge=(MSP,), owner=Owner.MSP, responsible_party=MSP)
    join(system, must_acknowledge=(MSP,))

    system.forward(24)

    assert on(system, SOC) == [(0, "soc"), (5, "soc-second"), (10, "soc-senior"), (15, "soc-senior"), (20, "msp-lead"), (20, "it-lead")]  # fmt: skip
    assert on(system, OPS) == [(0, "noc"), (5, "noc-second"), (10, "noc-senior"), (15, "noc-senior"), (20, "msp-lead"), (20, "it-lead")]  # fmt: skip


def test_a_leg_pages_by_its_own_priority():
    """A P2 of operations stays one when a P1 finding joins: its path ends, the analysts' goes round for ever."""
    system = ladder(priority=Priority.P2, must_acknowledge=(INTERNAL,))
    new = face(must_acknowledge=(MSP,))
    system.fact(FactKind.ALERT_JOINED, second_face=new, priority=Priority.P1, own_priority=Priority.P2)

    system.forward(120)

    assert max(at for at, _ in on(system, OPS)) < 30
    assert max(at for at, _ in on(system, SOC)) > 100


def test_a_finding_of_a_function_in_observe_sends_nothing_beside_live_operations():
    system = ladder()
    join(system, mode=Mode.OBSERVE)
    system.forward(5)

    assert on(system, SOC) == []
    assert len(on(system, OPS)) > 2
    assert PageEventKind.WOULD_HAVE_PAGED in system.kinds()


def test_a_finding_pages_beside_operations_in_observe():
    system = ladder(mode=Mode.OBSERVE)
    join(system)

    assert [who for _, who in on(system, SOC)] == ["soc", "sec"]
    assert on(system, OPS) == []


def test_a_finding_for_the_queue_is_told_to_whoever_acts_on_its_track():
    system = ladder()

    join(system, priority=Priority.P3, must_acknowledge=(), informed=(MSP,))

    assert on(system, SOC) == []
    assert system.told()[-1] == (0, "msp", "queue")


def test_both_legs_tell_the_same_team_each_for_itself():
    system = ladder(must_acknowledge=(INTERNAL,), informed=(MSP,))
    join(system, must_acknowledge=(INTERNAL,), informed=(MSP,))

    told = [page for page in system.pages if page.told and page.path == "tell:open"]

    assert [(page.party, page.track) for page in told] == [(MSP, OPS), (MSP, SOC)]
    assert len({page.page_id for page in told}) == 2


def test_a_page_of_either_leg_says_its_track_and_the_incidents_one_responsible_party():
    system = ladder(runbook="https://wiki/ops")
    join(system, runbook="https://wiki/soc", raci=RaciPeople(accountable={INTERNAL: "sec-senior"}))

    said = {page.person: msgspec.json.decode(page.content) for page in system.pages if not page.told}

    assert (said["soc"]["track"], said["soc"]["runbook"]) == ("soc", "https://wiki/soc")
    assert (said["op"]["track"], said["op"]["runbook"]) == ("ops", "https://wiki/ops")
    assert {said[who]["responsible_party"] for who in ("soc", "op")} == {"internal"}


# -- answers --------------------------------------------------------------------------------------------------------


def test_an_answer_stops_its_own_leg_only_though_the_party_has_both():
    system = ladder()
    join(system)

    answer(system, OPS, MSP, "noc")
    system.forward(10)

    assert [who for _, who in on(system, OPS) if who.startswith("noc")] == ["noc"]
    assert [who for _, who in on(system, SOC) if who.startswith("soc")] == ["soc", "soc-second", "soc-senior"]


def test_the_security_contacts_answer_leaves_internal_operations_and_the_analyst_paged():
    system = ladder()
    join(system)

    answer(system, SOC, INTERNAL, "sec")
    system.forward(5)

    assert (5, "op-second") in on(system, OPS)
    assert (5, "soc-second") in on(system, SOC)
    assert [who for _, who in on(system, SOC)].count("sec") == 1


def test_an_answer_closes_the_pages_of_its_track_only():
    system = ladder()
    join(system)
    answer(system, OPS, MSP, "noc")

    acknowledged = [event for event in system.events if event.kind is PageEventKind.ACKNOWLEDGED]

    assert [(event.track, event.person) for event in acknowledged] == [(OPS, "noc")]


def test_each_legs_answer_runs_out_for_itself():
    """After a quarter of an hour somebody of operations notes something: the analyst's answer does not last longer."""
    system = ladder(must_acknowledge=(INTERNAL,))
    join(system, must_acknowledge=(MSP,))
    answer(system, SOC, MSP, "soc")
    answer(system, OPS, INTERNAL, "op")
    system.forward(15)
    system.fact(FactKind.NOTED, by=Actor(INTERNAL, "op"))

    system.forward(15)

    assert on(system, SOC)[-1] == (30, "soc")
    assert on(system, OPS) == [(0, "op")]


def test_a_note_by_operations_does_not_make_the_same_partys_analysts_answer_last():
    system = ladder(must_acknowledge=(MSP,), responsible_party=MSP)
    join(system, must_acknowledge=(MSP,))
    answer(system, SOC, MSP, "soc")
    answer(system, OPS, MSP, "noc")
    system.forward(15)
    system.fact(FactKind.NOTED, by=Actor(MSP, "noc"))

    system.forward(15)

    assert on(system, SOC)[-1] == (30, "soc")
    assert on(system, OPS) == [(0, "noc")]


def test_the_end_of_the_incident_ends_both_legs():
    system = ladder()
    join(system)

    system.fact(FactKind.RESOLVED, state=IncidentState.RESOLVED)
    before = len(system.pages)
    system.forward(120)

    assert system.due is None
    assert len([page for page in system.pages[before:] if not page.told]) == 0


def test_the_response_clock_forces_the_leg_that_leads():
    system = ladder(priority=Priority.P2, own_priority=Priority.P3, must_acknowledge=(), responsible_party=MSP)
    join(system, priority=Priority.P2, must_acknowledge=(MSP,))

    system.sla(SlaEventKind.WARNED, threshold=75)
    system.sla(SlaEventKind.WARNED, threshold=90)

    assert on(system, SOC) == [(0, "soc"), (0, "soc-second"), (0, "msp-lead")]


# -- links ----------------------------------------------------------------------------------------------------------


def link(system: Ladder, person_: str) -> AckLink:
    page = next(page for page in system.pages if page.person == person_)
    return AckLink(
        page_id=page.page_id, incident_id=page.incident_id, tenant=page.tenant, party=page.answers_for,
        person=page.person, expires_at=START + timedelta(days=7), track=page.track,
    )  # fmt: skip


def test_a_link_answers_for_the_track_of_its_page():
    system = ladder()
    join(system)

    assert command_of(link(system, "soc"), system.now).detail.track is SOC
    assert command_of(link(system, "noc"), system.now).detail.track is OPS


def test_a_link_shows_what_its_own_leg_has():
    system = ladder()
    join(system)
    answer(system, OPS, MSP, "noc")

    assert view(system.case, link(system, "noc")).standing is Standing.ALREADY
    assert view(system.case, link(system, "soc")).standing is Standing.OPEN


# -- stored cases ---------------------------------------------------------------------------------------------------


def test_a_case_of_before_is_read_with_its_legs_on_the_incidents_track():
    system = ladder(track=SOC, paths={party: f"{party.value}-soc" for party in Party})
    assert system.case is not None
    stored = msgspec.json.decode(msgspec.json.encode(system.case))
    stored["legs"] = {key.partition("-")[0]: leg for key, leg in stored["legs"].items()}
    for leg in stored["legs"].values():
        del leg["track"]
    for name in ("second", "own_priority", "acts", "asked_second_at"):
        del stored["brief"][name]

    read = read_case(msgspec.json.encode(stored).decode())

    assert read == system.case
    assert set(read.legs) == {leg_key(INTERNAL, SOC), leg_key(MSP, SOC)}


def test_a_case_with_both_faces_is_read_as_it_was_written():
    system = ladder()
    join(system, acknowledged={MSP: Acknowledgement(person="soc", at=START)})
    assert system.case is not None

    again = msgspec.json.decode(msgspec.json.encode(system.case), type=Case)

    assert again == system.case


# -- the tracks never mix, whatever happens ----------------------------------------------------------------------

CROSSING = (
    path(
        INTERNAL, OPS, step(0, "person:op", "path:internal-soc"), step(3, "path:msp-soc", "person:op-second"), repeat=1
    ),
    path(MSP, OPS, step(0, "schedule:analysts", "person:noc"), step(4, "path:internal-ops"), step(4, "senior:msp")),
    path(INTERNAL, SOC, step(0, "person:sec", "path:msp-ops"), step(6, "path:internal-ops", "path:msp-soc"), repeat=1),
    path(MSP, SOC, step(0, "person:soc"), step(5, "path:internal-ops", "person:soc-second"), step(5, "senior:msp")),
)
"""Paths that no check would let through: each tries to reach the other track's people."""
ANALYSTS = ScheduleSpec.model_validate(
    {
        "id": "analysts",
        "zone": "UTC",
        "party": "msp",
        "track": "soc",
        "layers": [{"people": ["soc"], "anchor": "2026-01-05T09:00:00"}],
    }
)
CROSSED = agreement(people=PEOPLE, paths=CROSSING, parties=PARTIES, schedules=[ANALYSTS])
TRACKS, SIDES = st.sampled_from(Track), st.sampled_from(Party)
PAGED = st.sampled_from([(), (MSP,), (INTERNAL,), (MSP, INTERNAL)])
LEVELS = st.sampled_from([Priority.P1, Priority.P2, Priority.P3])
ACTS = st.one_of(
    st.tuples(st.just("forward"), st.integers(1, 40)),
    st.tuples(st.just("join"), LEVELS, PAGED, SIDES),
    st.tuples(st.just("answer"), TRACKS, SIDES),
    st.tuples(st.just("fail"), st.integers(0, 50)),
    st.tuples(st.just("press"), st.integers(0, 50)),
    st.tuples(st.just("sla"), st.sampled_from([75, 90, 100])),
    st.tuples(st.just("priority"), LEVELS, PAGED),
    st.tuples(st.just("reown"), SIDES),
    st.tuples(st.just("note"), SIDES),
    st.tuples(st.just("end")),
    st.tuples(st.just("again"), st.booleans()),
)


class History:
    """One incident through anything that the router may say of it."""

    def __init__(self, main: Track, level: Priority) -> None:
        paths = {party: f"{party.value}-{main.value}" for party in Party}
        self.main = main
        self.system = Ladder(CROSSED, incident(track=main, priority=level, paths=paths)).open()

    @property
    def second(self) -> Face | None:
        return self.system.incident.second_face

    def forward(self, minutes: int) -> None:
        self.system.forward(minutes)

    def join(self, level: Priority, paged: tuple[Party, ...], party: Party) -> None:
        if self.second is None:
            other = SOC if self.main is OPS else OPS
            join(self.system, track=other, priority=level, must_acknowledge=paged, party=party)

    def answer(self, track: Track, party: Party) -> None:
        answer(self.system, track, party, f"{party.value}-person")

    def fail(self, which: int) -> None:
        self.system.fail(self.system.pages[which % len(self.system.pages)])

    def press(self, which: int) -> None:
        self.system.answer(self.system.pages[which % len(self.system.pages)])

    def sla(self, threshold: int) -> None:
        breached = threshold == 100
        kind = SlaEventKind.BREACHED if breached else SlaEventKind.WARNED
        self.system.sla(kind, threshold=None if breached else threshold)

    def priority(self, level: Priority, paged: tuple[Party, ...]) -> None:
        self.system.fact(FactKind.REPRIORITISED, priority=level, must_acknowledge=paged)

    def reown(self, party: Party) -> None:
        self.system.fact(FactKind.REOWNED, responsible_party=party)

    def note(self, party: Party) -> None:
        self.system.fact(FactKind.NOTED, by=Actor(party, "somebody"))

    def end(self) -> None:
        self.system.fact(FactKind.RESOLVED, state=IncidentState.RESOLVED)

    def again(self, keeps: bool) -> None:
        second = replace(self.second, acknowledged={}) if self.second is not None and keeps else None
        cycle: dict[str, Any] = {
            "cycle": self.system.incident.cycle + 1,
            "reopened_at": self.system.now,
            "state": IncidentState.OPEN,
        }
        self.system.fact(FactKind.REOPENED, acknowledged={}, second_face=second, **cycle)


@settings(max_examples=120, deadline=None)
@given(main=TRACKS, level=LEVELS, acts=st.lists(ACTS, min_size=1, max_size=14))
def test_no_page_of_a_leg_ever_reaches_the_other_tracks_people(main: Track, level: Priority, acts: list[Any]):
    history = History(main, level)

    for name, *arguments in acts:
        if history.system.pages or name not in {"fail", "press"}:
            getattr(history, name)(*arguments)

    crossed = [(page.track, page.person) for page in history.system.pages if not page.told]
    assert [each for each in crossed if each[1] not in MAY_BE_PAGED[each[0]]] == []


@settings(max_examples=40, deadline=None)
@given(minutes=st.integers(0, 90), paged=PAGED, level=LEVELS)
def test_whenever_a_finding_joins_the_pages_of_the_first_track_are_what_they_would_have_been(minutes, paged, level):
    alone, both = ladder(), ladder()
    both.forward(minutes)
    join(both, must_acknowledge=paged, priority=level)

    alone.forward(120)
    both.forward(120 - minutes)

    first = [(page.page_id, page.planned_at) for page in both.pages if page.track is OPS]
    assert first == [(page.page_id, page.planned_at) for page in alone.pages]
