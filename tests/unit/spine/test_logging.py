"""A log line is one line, carries no secret, and says what was bound around it."""

from __future__ import annotations

import io
import json
import logging

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.logging import configure, get_logger, handler, log_format
from tandem.redaction import HIDDEN, clean, clean_block, redact

CANARY = "canary-7f3a9c51d2"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


@pytest.fixture
def lines():
    """Configures logging into memory; afterwards everything is as it was."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    out = io.StringIO()
    configure("json", stream=out)
    yield lambda: [json.loads(line) for line in out.getvalue().splitlines()]
    root.handlers[:] = before
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def test_a_line_is_json_with_time_level_logger_and_bound_context(lines):
    with structlog.contextvars.bound_contextvars(tenant="acme"):
        get_logger("tandem.test").info("alert accepted", dedup_key="disk")

    (line,) = lines()
    assert line.pop("time").endswith("Z")
    assert line == {
        "event": "alert accepted",
        "level": "info",
        "logger": "tandem.test",
        "tenant": "acme",
        "dedup_key": "disk",
    }


@pytest.mark.parametrize("name", ["uvicorn.error", "asyncio", "alembic.runtime.migration"])
def test_lines_of_the_standard_library_come_the_same_way(lines, name):
    logging.getLogger(name).warning("migration %s done", "7")

    (line,) = lines()
    assert (line["event"], line["logger"], line["level"]) == ("migration 7 done", name, "warning")


def test_an_exception_is_one_line_and_its_secret_is_cut(lines):
    try:
        raise ValueError(f"POST /v1/alerts/rmm/{CANARY}\x1b[31m\nforged")
    except ValueError:
        get_logger("tandem.test").exception("failed")

    (line,) = lines()
    assert "Traceback" in line["exception"]
    assert CANARY not in json.dumps(line)
    assert "\x1b" not in line["exception"]


def test_json_lines_stay_lines_whatever_the_text_is(lines):
    get_logger("tandem.test").warning("a\nb\r\x1b[2J\u2028\ud800", host="x\n{}")

    (line,) = lines()
    assert line["event"] == "a\\nb\\r\\x1b[2J\\u2028\\ud800"


def test_console_lines_stay_lines_whatever_the_text_is():
    out = io.StringIO()
    record = logging.LogRecord("t", logging.INFO, "", 0, "first\nsecond \x1b[31m", None, None)

    handler("console", out).emit(record)

    assert out.getvalue().count("\n") == 1
    assert "\x1b[31m" not in out.getvalue()


@settings(deadline=None)
@given(st.text(max_size=50) | st.binary(max_size=50))
def test_cleaned_text_holds_nothing_that_moves_a_cursor(text):
    cleaned = clean(text)

    assert cleaned.isprintable() or not any(ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 for char in cleaned)
    cleaned.encode("utf-8")


@pytest.mark.parametrize(
    "text",
    [
        f"POST /v1/alerts/acme-rmm/{CANARY} 202",
        f"POST /v1/alerts//acme-rmm//{CANARY}?x=1",
        f"http://host:8080/v1/heartbeats/acme/nightly/{CANARY}/fail",
        f"GET /a/{CANARY}",
        f"https://t.example/am/acme/{CANARY}/api/v2/alerts",
        f"/callbacks/sms/{CANARY}",
        f"https://x.example/hook?token={CANARY}&b=1",
        f"Authorization: Bearer {CANARY}",
        f"Basic {CANARY}",
        f"tdm_{CANARY}",
        f"whsec_{CANARY}",
        f"postgresql://tandem:{CANARY}@db:5432/tandem",
    ],
)
def test_a_secret_in_a_text_is_cut(text):
    assert CANARY not in redact(text)
    assert HIDDEN in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "POST /v1/alerts/acme-rmm 202",
        "/v1/heartbeats/acme/nightly/fail",
        "/v1/heartbeats/acme/nightly",
        "dedup key k-1",
    ],
)
def test_a_text_without_a_secret_stays(text):
    assert redact(text) == text


@pytest.mark.parametrize(
    "key",
    [
        "Authorization",
        "cookie",
        "set-cookie",
        "X-Tandem-Key",
        "password",
        "secret",
        "api_key",
        "token",
        "webhook-signature",
    ],
)
def test_values_under_secret_keys_are_cut_at_any_depth(key):
    cleaned = json.dumps(
        [clean({"headers": {key: CANARY}}), clean([[key, CANARY]]), clean([(key.encode(), CANARY.encode())])]
    )

    assert CANARY not in cleaned


@pytest.mark.parametrize("key", ["dedup_key", "group_key", "idempotency_key", "secret_id", "integration"])
def test_keys_that_name_things_stay_readable(key):
    assert clean({key: "visible"}) == {key: "visible"}


def test_values_are_bounded():
    deep: list[object] = [1]
    for _ in range(200):
        deep = [deep]

    assert len(clean("x" * 1_000_000)) < 5_000
    assert len(clean(list(range(10_000)))) == 100
    assert len(json.dumps(clean(deep))) < 5_000
    assert len(clean_block("x\n" * 1_000_000)) < 100_000


def test_a_terminal_gets_console_and_a_pipe_json_unless_told():
    assert log_format(None, Terminal()) == "console"
    assert log_format(None, io.StringIO()) == "json"
    assert log_format("json", Terminal()) == "json"
    assert log_format("console", io.StringIO()) == "console"
