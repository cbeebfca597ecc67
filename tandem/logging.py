"""Structured logs: one JSON object per line for machines, one coloured line for a person's terminal.

Everything goes through here, the standard library's loggers (uvicorn, asyncio, alembic) included: context is bound by
``structlog.contextvars``, secrets are cut out, control characters escaped, texts bounded. Holds no log line itself.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from tandem.redaction import clean, clean_block

LogFormat = Literal["json", "console"]

QUIET = (
    *("alembic", "uvicorn.error", "uvicorn.access", "asyncio"),
    *("aiokafka", "aiohttp", "httpx", "httpcore", "hpack", "sqlalchemy"),
)
"""Loggers that speak at INFO about every request, URLs and their secrets included; heard from WARNING up."""

request_id_said: ContextVar[str | None] = ContextVar("request_id_said", default=None)
"""The request being answered; every line written meanwhile says it."""

get_logger = structlog.stdlib.get_logger


def log_format(wanted: str | None, stream: TextIO) -> LogFormat:
    """``wanted`` (TANDEM_LOG_FORMAT) decides; without it a terminal gets console, anything else JSON."""
    if wanted in {"json", "console"}:
        return "json" if wanted == "json" else "console"
    return "console" if stream.isatty() else "json"


def configure(wanted: str | None = None, *, stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send every log line of this process to ``stream`` (standard output); for the process edge, once."""
    out = sys.stdout if stream is None else stream
    structlog.configure(
        processors=[*_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,  # a module's logger made before this call must obey it too
    )
    root = logging.getLogger()
    root.handlers[:] = [handler(log_format(wanted, out), out)]
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    for name in ("uvicorn", "uvicorn.error", "alembic"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    logging.captureWarnings(capture=True)


def hush_kafka() -> None:
    """For a command that says itself why no broker takes it: the client's own lines would stand in its output.

    Until the next ``configure``.
    """
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


def handler(how: LogFormat, stream: TextIO) -> logging.Handler:
    """A handler that writes records of both kinds, structlog's and the standard library's, to ``stream``."""
    made = logging.StreamHandler(stream)
    made.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_shared(),
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                clean_event,
                _renderer(how, colours=stream.isatty()),
            ],
        )
    )
    return made


def _shared() -> list[Processor]:
    """What a line says beside its own words, whoever wrote it."""
    return [
        structlog.contextvars.merge_contextvars,
        _add_request_id,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
    ]


def _add_request_id(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    request_id = request_id_said.get()
    if request_id is not None:
        event.setdefault("request_id", request_id)
    return event


def _renderer(how: LogFormat, *, colours: bool) -> Processor:
    if how == "json":
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(
        colors=colours, timestamp_key="time", exception_formatter=structlog.dev.plain_traceback
    )


def clean_event(_logger: WrappedLogger, _method: str, event: EventDict) -> Mapping[str, Any]:
    """Last before rendering: no secret, no control character, nothing longer than a line should be."""
    blocks = {key: clean_block(str(event[key])) for key in ("exception", "stack") if event.get(key)}
    return {**{key: clean(value, key) for key, value in event.items() if key not in blocks}, **blocks}
