"""What both parties' teams are told of windows and silences, and how it looks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import msgspec

from tandem.model.ownership import Party
from tandem.model.suppression import SuppressionEvent, SuppressionKind, SuppressionStep
from tandem_notifier import render
from tandem_notifier.suppressions import lines, notices, title, worth_telling
from tests.support.windows import northwind

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
ENDED = SuppressionEvent(
    tenant="northwind",
    kind=SuppressionKind.WINDOW,
    suppression_id="patching",
    name="Patching",
    step=SuppressionStep.ENDED,
    at=NOW,
    emitted_at=NOW,
    start=datetime(2026, 11, 20, 13, 0, tzinfo=UTC),
    end=NOW,
    reason="Monthly patches",
    owner="ben-carter",
    scope="site newark",
    agreement_version=1,
    held=3,
    conditions=2,
    worst="high",
)


def test_both_parties_hear_at_their_teams_address_without_being_asked_for_an_answer():
    pages = list(notices(ENDED, northwind(), NOW, "https://console.example"))

    assert [page.party for page in pages] == [Party.INTERNAL, Party.MSP]
    assert all(page.told and render.ack_url(page, bytes(32), "https://a.example") is None for page in pages)
    assert len({page.page_id for page in pages}) == 2
    assert [page.page_id for page in notices(ENDED, northwind(), NOW, "https://console.example")] == [
        p.page_id for p in pages
    ]


def test_in_observe_mode_nobody_is_told():
    assert list(notices(ENDED, northwind(tenant={"mode": "observe"}), NOW, "https://console.example")) == []


def test_it_says_in_local_time_what_was_held_and_what_happens_now():
    said = "\n".join(lines(ENDED, northwind()))

    assert title(ENDED) == "Maintenance window Patching has ended"
    assert "From Fri 2026-11-20 08:00 to Fri 2026-11-20 10:00 (America/New_York)" in said
    assert "Why: Monthly patches (Ben Carter)" in said
    assert "It held 3 alerts of 2 conditions, worst severity high. What still fires is looked at again now." in said


def test_a_mail_has_one_line_of_subject_and_a_phone_a_quiet_message():
    odd = replace(ENDED, name="Patch\r\nBcc: all@example.com")
    (page, *_) = notices(odd, northwind(), NOW, "https://console.example")
    page = replace(page, target="https://ntfy.example/team")

    mail = render.mail(page, None)
    server, body = render.ntfy(page, None)

    assert mail.subject.splitlines() == [
        "Northwind Medical Supply: Maintenance window Patch Bcc: all@example.com has ended"
    ]
    assert (server, msgspec.json.decode(body)["priority"]) == ("https://ntfy.example/", 2)
    assert msgspec.json.decode(render.webhook(page, None))["suppression"]["held"] == 3


def test_what_is_made_and_begins_at_once_is_one_message():
    made, begun = (replace(ENDED, step=step) for step in (SuppressionStep.CREATED, SuppressionStep.STARTED))

    assert worth_telling([made, begun, ENDED]) == [begun, ENDED]
    assert worth_telling([made]) == [made]


REMINDED = replace(ENDED, step=SuppressionStep.REMINDED, at=NOW, end=datetime(2026, 12, 20, 13, 0, tzinfo=UTC))


def test_a_reminder_goes_to_the_owner_alone():
    (page,) = notices(REMINDED, northwind(), NOW, "https://console.example")

    assert (page.person, page.party, page.told) == ("ben-carter", Party.INTERNAL, True)


def test_a_reminder_to_nobody_we_know_goes_to_both_teams():
    pages = list(notices(replace(REMINDED, owner="gone"), northwind(), NOW, "https://console.example"))

    assert [page.party for page in pages] == [Party.INTERNAL, Party.MSP]


def test_each_weeks_reminder_is_a_message_of_its_own_and_the_same_one_when_it_is_planned_again():
    weeks = [
        replace(REMINDED, at=NOW),
        replace(REMINDED, at=NOW),
        replace(REMINDED, at=datetime(2026, 11, 27, tzinfo=UTC)),
    ]

    ids = [page.page_id for each in weeks for page in notices(each, northwind(), NOW, "https://console.example")]

    assert ids[0] == ids[1] != ids[2]
