"""Every refusal is problem+json with a request id; nothing a caller sends becomes a 500."""

from __future__ import annotations

import asyncio
import json

import pytest

from tandem.errors import Reason, Unavailable
from tests.support.web import exchange, get, post

DEEP = b"[" * 100_000


def is_problem(answer, status):
    document = answer.json()
    return (
        answer.status == status
        and answer.headers["content-type"] == "application/problem+json"
        and set(document) == {"type", "title", "status", "detail", "errors", "request_id"}
        and document["status"] == status
        and document["request_id"] == answer.headers["x-request-id"]
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'{"text": "x", "weight": NaN}',
        b'{"text": "x", "weight": Infinity}',
        b'{"text": "x", "weight": 1e999}',
        b'{"text": NaN}',
        b'{"text": "\\ud800"}',
        b'{"text": "\\u0000"}',
        b'{"\\ud800": 1, "text": "x"}',
        b'{"text": "x", "more": 1}',
        b'{"text": "' + b"x" * 5_000 + b'"}',
        b'{"text": ' + b"9" * 5_000 + b"}",
        DEEP,
        b'{"text": ' + DEEP,
        b'{"a":' * 50_000,
        b"\xff\xfe\x00",
        b'"\xed\xa0\x80"',
    ],
    ids=lambda body: body[:24].decode("latin-1"),
)
@pytest.mark.parametrize(
    "content_type", ["application/json", "text/plain", "application/json; charset=utf-16", "\xff/;=", ""]
)
async def test_a_body_that_cannot_be_read_is_a_problem(server, body, content_type):
    request = post("/api/v1/notes", body).replace(b"application/json", content_type.encode("latin-1"))

    answer = await exchange(server, request)

    assert answer.status in {400, 422}
    assert is_problem(answer, answer.status)


async def test_a_good_body_is_read(server):
    answer = await exchange(server, post("/api/v1/notes", '{"text": "größer 🚨", "weight": 2}'.encode()))

    assert (answer.status, answer.json()) == (200, {"text": "größer 🚨", "weight": 2.0})


async def test_a_validation_problem_points_at_the_field_and_does_not_repeat_the_input(server):
    answer = await exchange(server, post("/api/v1/notes", b'{"text": 4711, "weight": "CANARY"}'))

    assert is_problem(answer, 422)
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/body/text", "/body/weight"]
    assert b"CANARY" not in answer.body
    assert b"4711" not in answer.body


async def test_unknown_paths_and_methods_are_problems(server):
    missing = await exchange(server, get("/no/such/path"))
    wrong = await exchange(server, post("/livez", b""))

    assert is_problem(missing, 404)
    assert is_problem(wrong, 405)
    assert wrong.headers["allow"] == "GET"


@pytest.mark.parametrize("reason", Reason)
async def test_every_reason_of_refusal_has_a_status_of_its_own_kind(server, reason):
    answer = await exchange(server, get(f"/api/v1/refuse/{reason.value}"))

    assert 400 <= answer.status < 500
    assert is_problem(answer, answer.status)
    assert answer.json()["type"] == f"urn:tandem:problem:{reason.value}"
    assert answer.json()["errors"] == [{"pointer": "/text", "detail": "too long"}]
    assert ("retry-after" in answer.headers) == (reason is Reason.TOO_MANY)
    assert ("www-authenticate" in answer.headers) == (reason is Reason.UNAUTHENTICATED)


async def test_a_fault_of_ours_tells_no_details(server, caplog):
    answer = await exchange(server, get("/api/v1/fault"))

    assert is_problem(answer, 500)
    assert b"hidden.table" not in answer.body
    assert b"Traceback" not in answer.body


async def test_an_error_of_a_lane_is_a_problem_with_retry_after(server):
    answer = await exchange(server, get("/lane/down"))

    assert is_problem(answer, 503)
    assert answer.headers["retry-after"] == "5"
    assert b"hunter2" not in answer.body


@pytest.mark.parametrize(
    ("given", "kept"), [("abcdef-123456", True), ("x" * 65, False), ("short", False), ('"><script>alert', False)]
)
async def test_a_sane_request_id_is_kept_and_another_replaced(server, given, kept):
    answer = await exchange(server, get("/livez", f"X-Request-Id: {given}"))

    assert (answer.headers["x-request-id"] == given) == kept
    assert len(answer.headers["x-request-id"]) >= 8


async def test_readyz_names_what_fails_and_only_that(server, checks):
    async def fine():
        pass

    async def down():
        raise Unavailable("database", "schema 7 < 9: run tandem db upgrade\r\nx")

    async def hangs():
        await asyncio.Event().wait()

    checks.update(bus=fine)
    ready = await exchange(server, get("/readyz"))
    checks.update(database=down, kafka=hangs)
    failing = await exchange(server, get("/readyz"))
    checks.clear()

    assert (ready.status, ready.json()) == (200, {"status": "ready"})
    assert is_problem(failing, 503)
    assert failing.headers["retry-after"] == "5"
    assert [(error["pointer"], error["detail"]) for error in failing.json()["errors"]] == [
        ("database", "database: schema 7 < 9: run tandem db upgrade\\r\\nx"),
        ("kafka", "no answer within 2 s"),
    ]


async def test_metrics_are_exposed_and_count_answers(server):
    await exchange(server, get("/api/v1/refuse/precondition"))

    plain = await exchange(server, get("/metrics"))
    openmetrics = await exchange(server, get("/metrics", "Accept: application/openmetrics-text"))

    assert b'tandem_http_responses_total{status="412"} ' in plain.body
    assert plain.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert openmetrics.headers["content-type"].startswith("application/openmetrics-text")
    assert openmetrics.body.endswith(b"# EOF\n")


async def test_the_description_is_served_and_no_page_that_loads_scripts(server):
    description = await exchange(server, get("/api/v1/openapi.json"))

    assert description.json()["openapi"].startswith("3.1")
    assert "/livez" not in description.json()["paths"]
    assert [(await exchange(server, get(path))).status for path in ("/docs", "/redoc")] == [404, 404]


async def test_problems_are_ascii_whatever_they_say(server):
    answer = await exchange(server, post("/api/v1/notes", json.dumps({"text": "x", "é\u202e\n": 1}).encode()))

    assert is_problem(answer, 422)
    assert answer.body.isascii()
