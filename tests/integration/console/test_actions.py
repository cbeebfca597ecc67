"""Acting on incidents: done, refused with who was first, accepted for later, not taken; and never twice."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from tandem.model.events import CommandKind
from tandem_console.api.remember import LEASE
from tests.support.console_rows import incident


@pytest.fixture
async def made(world):
    return await world.bus.add(incident())


def url(made, action):
    return f"/api/v1/incidents/{made.incident_id}/{action}"


async def test_an_acknowledgement_answers_with_the_new_state(world, made):
    async with await world.api() as api:
        answer = await api.post(url(made, "acknowledge"))

    assert answer.status_code == 200, answer.text
    assert (answer.json()["state"], answer.json()["version"], answer.headers["etag"]) == ("acknowledged", 2, '"2"')
    assert answer.json()["acknowledged"]["internal"]["person"] == "internal-responder"
    assert [(each.kind, each.by.party, each.via) for each in world.bus.commands] == [("acknowledge", "internal", "api")]


async def test_an_acknowledgement_may_say_whose_page_leg_it_answers(world, made):
    async with await world.api() as api:
        answer = await api.post(url(made, "acknowledge"), json={"track": "soc"})
        unknown = await api.post(url(made, "acknowledge"), json={"track": "both"})

    assert (answer.status_code, unknown.status_code) == (200, 422)
    assert [each.detail.track for each in world.bus.commands] == ["soc"]


async def test_the_second_is_told_who_was_first_and_when(world, made):
    async with await world.api() as api, await world.api("lead") as other:
        await api.post(url(made, "acknowledge"))
        world.clock.advance(timedelta(seconds=3))
        answer = await other.post(url(made, "acknowledge"))

    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == "internal-responder (Internal IT) acknowledged 3 s ago"
    assert {"pointer": "by_person", "detail": "internal-responder"} in answer.json()["errors"]


async def test_a_command_the_router_does_not_answer_in_time_is_202_with_where_to_look(world, made):
    world.bus.answers = False
    world.console.desk._watched_s = 0.05

    async with await world.api() as api:
        accepted = await api.post(url(made, "acknowledge"))
        pending = await api.get(accepted.headers["location"])
        await world.bus._answer(world.bus.commands[0])
        done = await api.get(accepted.json()["status_url"])

    assert accepted.status_code == 202
    assert pending.json()["outcome"] == "pending"
    assert (done.json()["outcome"], done.json()["version"]) == ("done", 2)


async def test_a_bus_that_is_away_is_503_and_nothing_happened(world, made):
    world.bus.away = True

    async with await world.api() as api:
        answer = await api.post(url(made, "acknowledge"))

    assert answer.status_code == 503
    assert "retry-after" in answer.headers
    assert world.bus.commands == []


async def test_an_old_version_in_if_match_is_412_and_the_present_one_is_done(world, made):
    async with await world.api() as api:
        await api.post(url(made, "acknowledge"))
        stale = await api.post(url(made, "resolve"), headers={"if-match": '"1"'})
        present = await api.post(url(made, "resolve"), headers={"if-match": '"2"'})
        never = await api.post(url(made, "reopen"), headers={"if-match": "W/x"})

    assert (stale.status_code, present.status_code, never.status_code) == (412, 200, 412)


async def test_the_same_key_gives_the_same_answer_and_one_command(world, made):
    headers = {"idempotency-key": '"k-1"'}

    async with await world.api() as api:
        first = await api.post(url(made, "note"), json={"text": "one"}, headers=headers)
        again = await api.post(url(made, "note"), json={"text": "one"}, headers={"idempotency-key": "k-1"})
        other = await api.post(url(made, "note"), json={"text": "two"}, headers=headers)

    assert (first.status_code, again.status_code, other.status_code) == (200, 200, 422)
    assert again.content == first.content
    assert (again.headers["idempotent-replayed"], again.headers["etag"]) == ("true", first.headers["etag"])
    assert len(world.bus.commands) == 1


async def test_two_requests_with_one_key_at_once_are_one_command(world, made):
    headers = {"idempotency-key": "both"}

    async with await world.api() as api:
        answers = await asyncio.gather(
            *(api.post(url(made, "note"), json={"text": "x"}, headers=headers) for _ in range(4))
        )

    assert {answer.status_code for answer in answers} <= {200, 409}
    assert 200 in {answer.status_code for answer in answers}
    assert len(world.bus.commands) == 1


async def test_a_request_that_was_not_taken_may_be_repeated_with_its_key(world, made):
    headers = {"idempotency-key": "again"}
    world.bus.away = True

    async with await world.api() as api:
        lost = await api.post(url(made, "acknowledge"), headers=headers)
        world.bus.away = False
        done = await api.post(url(made, "acknowledge"), headers=headers)

    assert (lost.status_code, done.status_code) == (503, 200)


async def test_a_key_whose_request_died_may_be_taken_again_after_its_lease_by_the_same_request(world, made):
    headers, body = {"idempotency-key": "died"}, {"text": "x"}
    async with await world.api() as api:
        await api.post(url(made, "note"), json=body, headers=headers)
        admin = await world.database.admin()
        await admin.execute("update console.request set status = null, headers = null, body = null")  # as a kill -9

        soon = await api.post(url(made, "note"), json=body, headers=headers)
        world.clock.advance(LEASE + timedelta(seconds=1))
        other = await api.post(url(made, "note"), json={"text": "y"}, headers=headers)
        later = await api.post(url(made, "note"), json=body, headers=headers)
        again = await api.post(url(made, "note"), json=body, headers=headers)

    assert [each.status_code for each in (soon, other, later, again)] == [409, 422, 200, 200]
    assert again.headers["idempotent-replayed"] == "true"


async def test_one_key_of_two_principals_are_two_requests(world, made):
    headers = {"idempotency-key": "same"}

    async with await world.api() as api, await world.api("lead") as lead:
        await api.post(url(made, "note"), json={"text": "x"}, headers=headers)
        await lead.post(url(made, "note"), json={"text": "x"}, headers=headers)

    assert len({command.command_id for command in world.bus.commands}) == 2


async def test_a_person_raises_an_incident_and_repeats_it_safely(world):
    body = {"title": "Phones are dead", "function": "voice", "impact": "high"}
    headers = {"idempotency-key": "phones"}

    async with await world.api() as api:
        first = await api.post("/api/v1/incidents", json=body, headers=headers)
        again = await api.post("/api/v1/incidents", json=body, headers=headers)

    assert first.status_code == 200, first.text
    assert first.json()["id"] == again.json()["id"]
    detail = world.bus.commands[0].detail
    assert (detail.title, detail.function, detail.impact) == ("Phones are dead", "voice", "high")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"title": ""},
        {"title": "x"},
        {"title": "x\ny", "function": "f"},
        {"title": "x\x00", "function": "f"},
        {"title": "x", "function": "f", "impact": "huge"},
        {"title": "x", "function": "f", "onset": "2026-01-01T00:00:00"},
        {"title": "x", "function": "f", "tenant": "globex"},
        {"title": "x", "function": "f", "unknown": 1},
        [],
        "x",
    ],
)
async def test_an_unfit_raise_is_refused_and_no_command(world, body):
    async with await world.api() as api:
        answer = await api.post("/api/v1/incidents", json=body)

    assert answer.status_code in {400, 404, 422}
    assert world.bus.commands == []


async def test_who_sees_several_tenants_must_say_which(world):
    async with await world.api(tenants=["acme", "globex"]) as api:
        answer = await api.post("/api/v1/incidents", json={"title": "x", "function": "f"})

    assert (answer.status_code, answer.json()["errors"]) == (400, [{"pointer": "/tenant", "detail": "is needed"}])


async def test_a_note_needs_a_text(world, made):
    async with await world.api() as api:
        answers = [await api.post(url(made, "note"), json={"text": text}) for text in ("", "  ")]
        answers.append(await api.post(url(made, "note")))

    assert [answer.status_code for answer in answers] == [400, 400, 400]


async def test_what_the_router_does_not_support_yet_is_refused_by_it(world, made):
    async with await world.api("lead") as api:
        answers = {kind: await api.post(url(made, kind)) for kind in ("offer", "snooze", "escalate")}

    assert {answer.status_code for answer in answers.values()} == {409}
    assert answers["offer"].json()["detail"] == "offer is not supported yet"


async def test_a_merge_and_a_link_name_the_other_incident_and_answer_with_the_new_state(world, made):
    other = await world.bus.add(incident(title="Another one"))
    body = {"other_incident": str(other.incident_id), "reason": "same cause"}

    async with await world.api("lead") as api:
        linked = await api.post(url(made, "link"), json=body)
        merged = await api.post(url(made, "merge"), json=body, headers={"if-match": linked.headers["etag"]})
        bare = [await api.post(url(other, kind), json={}) for kind in ("merge", "link")]
        nonsense = await api.post(url(other, "merge"), json={"other_incident": "that one"})

    assert (linked.status_code, linked.json()["linked"]) == (200, [str(other.incident_id)])
    assert (merged.status_code, merged.json()["merged_into"]) == (200, str(other.incident_id))
    assert [command.detail.reason for command in world.bus.commands] == ["same cause", "same cause"]
    assert [answer.status_code for answer in (*bare, nonsense)] == [400, 400, 422]
    assert bare[0].json()["errors"] == [{"pointer": "/other_incident", "detail": "is needed"}]


async def test_every_action_of_the_interface_has_a_route(world, made):
    async with await world.api("admin", tenants=["acme"]) as api:
        for kind in CommandKind:
            if kind is not CommandKind.RAISE:
                answer = await api.post(f"/api/v1/incidents/{uuid4()}/{kind}", json={"priority": "P1"})
                assert answer.status_code == 404, kind
                assert answer.json()["detail"] == "there is no such incident among your tenants"


async def test_what_was_done_is_in_the_audit(world, made):
    async with await world.api() as api, await world.api("lead") as lead:
        await api.post(url(made, "acknowledge"))
        deeds = (await lead.get("/api/v1/audit")).json()["items"]

    assert [(deed["action"], deed["who"], deed["party"], deed["outcome"]) for deed in deeds] == [
        ("incident.acknowledge", "responder of internal", "internal", "done")
    ]


async def test_a_body_of_nonsense_is_never_a_500(world, made):
    bodies = [
        b"{",
        b"\xff",
        b'{"text": NaN}',
        b'{"text": 1e999}',
        b'{"text": "\\ud800"}',
        b"[" * 5000,
        b'{"until": 1e308}',
    ]

    async with await world.api() as api:
        answers = [
            await api.post(url(made, "note"), content=body, headers={"content-type": "application/json"})
            for body in bodies
        ]

    assert {answer.status_code for answer in answers} <= {400, 422}
