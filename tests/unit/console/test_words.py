"""How things are said: lengths, verdicts of clocks, timelines, explanations of whatever a trace holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.model.ownership import Party
from tandem_console import board, clocks, faces, timeline, words
from tandem_console.access import Principal, Role, Scope, may
from tandem_console.explain import explain

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (3900, "1 h 5 min"),
        (90_000, "1 d 1 h"),
        (-61, "1 min"),
    ],
)
def test_lengths_are_said_in_two_units_at_most(seconds, said):
    assert words.length(timedelta(seconds=seconds)) == said


def clock(**changes):
    values = {
        "incident_id": "i",
        "clock": "response",
        "party": "msp",
        "cycle": 1,
        "priority": "P1",
        "start_at": NOW - timedelta(minutes=10),
        "target_s": 1800.0,
        "due_at": NOW + timedelta(minutes=20),
        "state": "running",
        "stop_at": None,
        "counted_s": None,
        "breached_at": None,
        "warned": [],
        "flags": [],
        "calendar": "24x7",
    }
    return {**values, **changes}


AGO = NOW - timedelta(minutes=5)


@pytest.mark.parametrize(
    ("changes", "said", "tone"),
    [
        ({}, "20 min left", "calm"),
        ({"due_at": NOW + timedelta(minutes=1)}, "1 min left", "soon"),
        ({"due_at": NOW}, "0 s left", "soon"),
        ({"due_at": AGO}, "5 min over", "over"),
        ({"state": "breached", "due_at": AGO, "breached_at": AGO}, "5 min over", "over"),
        (
            {"state": "breached", "due_at": AGO, "breached_at": AGO, "stop_at": NOW},
            "breached, stopped 5 min late",
            "over",
        ),
        ({"state": "met", "stop_at": NOW}, "met after 10 min", "met"),
        (
            {"state": "paused", "due_at": None, "flags": ["waiting_on_third_party"]},
            "paused: waiting on third party",
            "off",
        ),
        ({"state": "cancelled", "stop_at": NOW, "flags": ["auto_cleared"]}, "cancelled: auto cleared", "off"),
    ],
)
def test_a_clock_is_said_in_words_and_not_by_colour_alone(changes, said, tone):
    row = clock(**changes)

    assert (clocks.verdict(row, NOW), clocks.tone(row, NOW)) == (said, tone)
    assert 0 <= clocks.share(row, NOW) <= 1


def test_the_next_clock_is_the_one_that_is_due_first_and_ticks():
    over, later = clock(due_at=AGO, state="breached"), clock(clock="resolution")
    done = clock(due_at=AGO - timedelta(hours=1), state="met", stop_at=AGO)

    assert clocks.next_due([later, done, over]) is over
    assert clocks.next_due([done]) is None


def incident(**changes):
    values = {
        "id": "i",
        "state": "open",
        "priority": "P1",
        "cycle": 1,
        "responsible_party": "internal",
        "must_acknowledge": ["internal", "msp"],
        "acknowledged": {},
        "joined": {},
        "started_at": None,
        "track": "ops",
        "because": ["rule a", "row b"],
        "agreement_version": 3,
    }
    return {**values, **changes}


def person(role=Role.RESPONDER, party=Party.MSP):
    return Principal(identity="user:1", name="a", person="a", party=party, role=role, tenants=frozenset({"acme"}))


@pytest.mark.parametrize(
    ("changes", "who", "expected"),
    [
        ({}, person(), True),
        ({}, person(Role.VIEWER), False),
        ({"acknowledged": {"msp": {"person": "x"}}}, person(), False),
        ({"acknowledged": {"internal": {"person": "x"}}}, person(), True),
        ({"must_acknowledge": ["internal"]}, person(), False),
        ({"must_acknowledge": []}, person(party=Party.INTERNAL), True),
        ({"state": "resolved"}, person(), False),
    ],
)
def test_acknowledge_is_offered_to_the_party_that_is_asked_and_has_not_yet(changes, who, expected):
    assert board.may_acknowledge(incident(**changes), who) is expected


@pytest.mark.parametrize("role", list(Role))
def test_each_role_may_what_the_one_before_may(role):
    granted = {scope for scope in Scope if may(person(role), scope)}
    below = [other for other in Role if other.rank < role.rank]

    assert all({scope for scope in Scope if may(person(other), scope)} <= granted for other in below)
    assert {scope for scope in Scope if may(None, scope)} == {Scope.PUBLIC}


def test_a_person_with_several_tenants_shares_pages_only_with_who_sees_exactly_the_same():
    views = {person().view, person(Role.LEAD).view, person(party=Party.INTERNAL).view}

    assert len(views) == 3


def test_without_a_trace_the_clauses_are_the_steps():
    said = explain(incident(), None)

    assert [step.text for step in said.steps] == ["rule a", "row b"]
    assert said.sentence == "P1 for Internal IT on the Operations track, because rule a; row b."


LEAF = st.sampled_from([None, True, False, 0, 1, -1, 0.2, 1e30, "", "x", "internal"])
JSON = LEAF | st.lists(LEAF, max_size=2) | st.dictionaries(st.sampled_from(["row", "clock"]), LEAF, max_size=2)
STEPS = ["classification", "row", "priority", "hours", "parties", "paths", "clocks", "mode", "track"]
PARTS = ["runners_up", "id", "owner", "lead", "paged", "informed", "target_s", "share_limit", "affected_users", "tenant_users",
         "assets", "rule", "clock", "row", "why_not"]  # fmt: skip
PART = st.fixed_dictionaries({}, optional=dict.fromkeys(PARTS, JSON))


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(STEPS, PART | st.lists(PART, max_size=2) | JSON)))
def test_a_trace_of_another_release_is_explained_as_far_as_it_goes(trace):
    said = explain(incident(), {"trace": trace, "agreement_version": 1})

    assert all(isinstance(step.text, str) for step in said.steps)


def test_a_trace_of_nonsense_is_explained_without_failing():
    nonsense = [
        {"clocks": True},
        {"row": {"runners_up": 3.0}},
        {"parties": {"paged": 1.5}},
        {"priority": {"affected_users": "x", "tenant_users": "y", "share_limit": []}},
        {"clocks": [{"target_s": 1e30}, {"target_s": -1}, {}]},
    ]

    assert [explain(incident(), {"trace": trace, "agreement_version": 1}).agreement_version for trace in nonsense] == [
        1
    ] * 5


def test_the_first_button_is_acknowledge_for_who_is_asked_and_never_for_who_is_not():
    asked = board.actions(incident(), [], person())
    assisting = board.actions(incident(must_acknowledge=["internal"]), [], person())

    assert asked[0] == ("acknowledge", "Acknowledge")
    assert [action for action, _ in assisting] == ["start", "resolve", "acknowledge", "note"]


# -- an incident with both faces (R-A3) ---------------------------------------------------------------------------------


def with_both_faces(**second):
    face = {
        "track": "soc",
        "priority": "P2",
        "row": "edr",
        "must_acknowledge": ["msp", "internal"],
        "acknowledged": {},
        "because": ["row edr: msp", "soc track: pages msp and internal"],
    }
    return incident(second_face={**face, **second})


def test_each_leg_that_waits_for_the_party_has_a_button_of_its_own():
    waiting = board.actions(with_both_faces(), [], person())
    analyst_answered = board.actions(with_both_faces(acknowledged={"msp": {"person": "x"}}), [], person())

    assert waiting[:2] == (
        ("acknowledge?track=ops", "Acknowledge Operations"),
        ("acknowledge?track=soc", "Acknowledge Security"),
    )
    assert analyst_answered[:2] == (("acknowledge?track=ops", "Acknowledge Operations"), ("start", "Start work"))


def test_it_can_be_acknowledged_while_one_of_its_legs_waits():
    operations_answered = {**with_both_faces(), "acknowledged": {"msp": {"person": "x"}}}

    assert board.may_acknowledge(operations_answered, person())


def test_a_leg_says_who_was_paged_on_its_track():
    pages = [
        {"person": "op", "track": "ops", "told": False},
        {"person": "analyst", "track": "soc", "told": False},
        {"person": "team", "track": "soc", "told": True},
        {"person": "analyst", "track": "soc", "told": False},
    ]

    assert [(leg.track, leg.people(pages)) for leg in faces.legs(with_both_faces())] == [
        ("ops", ["op"]),
        ("soc", ["analyst"]),
    ]


def test_the_explanation_says_why_there_is_a_second_leg():
    step = explain(with_both_faces(), None).steps[-1]

    assert (step.name, step.text) == ("Also on the Security track", "row edr: msp; soc track: pages msp and internal")
    assert ("paged", "MSP, Internal IT") in step.values


def test_where_only_the_second_leg_pages_whoever_answered_it_has_the_incident():
    answered = {"acknowledged": {"internal": {"person": "sec"}}}

    assert words.responsible({**with_both_faces(**answered), "state": "acknowledged"}) == "sec"
    assert words.responsible({**with_both_faces(**answered), "state": "open"}) == ""


def test_the_timeline_says_for_which_leg_an_answer_is():
    row = {
        "kind": "acknowledged",
        "effective_at": NOW,
        "party": "msp",
        "person": "Sam",
        "version": 3,
        "alert": None,
        "detail": {"track": "soc", "assists": True},
        "priority": "P1",
        "responsible_party": "msp",
    }

    assert timeline.merge([row], [], [])[0].sentence == "Sam (MSP) acknowledged on the Security track"
