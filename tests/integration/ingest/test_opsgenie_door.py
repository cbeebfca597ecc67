"""What senders of Opsgenie's Alert API are answered, and what becomes of their alerts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from tandem.clock import ManualClock
from tests.support.intake import Intake, open_intake
from tests.support.integrations import integration, secret

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
KEY = "eb243592-faa2-4ba2-a551-1afdf565c889"
OG = integration("og", vendor="opsgenie", secrets=(secret(KEY),))
GENIE = {"authorization": f"GenieKey {KEY}"}


@pytest.fixture
async def intake() -> AsyncIterator[Intake]:
    async with open_intake((OG,), ManualClock(NOW)) as found:
        yield found


def is_processed(answer) -> bool:
    assert answer.status_code == 202, answer.text
    return answer.json().keys() == {"result", "took", "requestId"}


async def test_an_alert_is_stored(intake: Intake) -> None:
    body = {"message": "Link down", "alias": "core-2/link", "priority": "P2", "entity": "core-2"}

    assert is_processed(await intake.post("/v2/alerts", body, headers=GENIE))

    (alert,) = intake.alerts
    assert (alert.dedup_key, alert.severity.value, alert.host) == ("core-2/link", "high", "core-2")


async def test_close_resolves_by_alias_with_a_body_or_without(intake: Intake) -> None:
    for alias in ("core-2%2Flink", "db3", "db4"):
        path = f"/v2/alerts/{alias}/close?identifierType=alias"
        assert is_processed(await intake.post(path, b"", headers=GENIE))
    assert is_processed(await intake.post("/v2/alerts/db5/close", {"note": "fixed"}, headers=GENIE))
    assert is_processed(await intake.http.delete("/v2/alerts/db6?identifierType=alias", headers=GENIE))

    assert [alert.dedup_key for alert in intake.alerts] == ["core-2/link", "db3", "db4", "db5", "db6"]
    assert {alert.status.value for alert in intake.alerts} == {"resolved"}
    assert intake.alerts[3].description == "fixed"


@pytest.mark.parametrize("act", ["acknowledge", "unacknowledge", "notes", "snooze", "assign", "escalate", "tags"])
async def test_other_acts_are_answered_and_change_nothing(intake: Intake, act: str) -> None:
    assert is_processed(await intake.post(f"/v2/alerts/db3/{act}", {"note": "x"}, headers=GENIE))

    assert intake.alerts == []
    assert intake.count("ignored", OG) == 1


async def test_refusals_are_in_its_words(intake: Intake) -> None:
    stranger = await intake.post("/v2/alerts", {"message": "m"}, headers={"authorization": "GenieKey wrong"})
    nobody = await intake.post("/v2/alerts", {"message": "m"})
    empty = await intake.post("/v2/alerts", {"alias": "a"}, headers=GENIE)
    odd = await intake.post("/v2/alerts/close", b"", headers=GENIE)

    assert [each.status_code for each in (stranger, nobody, empty, odd)] == [401, 401, 422, 404]
    assert stranger.json()["message"] == nobody.json()["message"] == "Could not authenticate"
    assert empty.json()["errors"] == {"message": "can not be empty"}
    assert all(each.json()["requestId"] for each in (stranger, nobody, empty, odd))
    assert intake.alerts == []


async def test_an_authentic_body_that_cannot_be_read_is_an_alert(intake: Intake) -> None:
    assert is_processed(await intake.post("/v2/alerts", b"on fire", headers=GENIE))

    assert [alert.title for alert in intake.alerts] == ["Unreadable alert from og"]


async def test_what_cannot_be_stored_is_429(intake: Intake) -> None:
    intake.bus.away()

    answer = await intake.post("/v2/alerts", {"message": "m"}, headers=GENIE)

    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "5"
