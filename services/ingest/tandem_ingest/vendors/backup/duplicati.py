"""Duplicati: the report it posts after a run, as text in the form field ``message`` or as JSON (--send-http-json-urls).

``ParsedResult`` is Success, Warning, Error, Fatal or Unknown; the next success of the same backup clears. Text has the
same names, one a line, and its times carry the epoch in parentheses, which says what the local form does not.
Source: duplicati/documentation sending-http-notifications.md, duplicati/duplicati SendHttpMessage.cs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from tandem.model.alert import AlertStatus, VendorAlert
from tandem_ingest import times
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, plain, shape
from tandem_ingest.vendors.backup import outcome
from tandem_ingest.vendors.draft import draft

_REPORT = re.compile(r"\s*Duplicati (?P<operation>\w{1,40}) report for (?P<name>[^\r\n]{1,300})", re.IGNORECASE)
_LINE = re.compile(r"^[ \t]*([A-Za-z][A-Za-z -]{1,40}):[ \t]*([^\r\n]{1,300})", re.MULTILINE)
_EPOCH = re.compile(r"\((\d{9,11})\)\s*$")
_MACHINE = re.compile(r"^(?P<name>.{1,200}?)\s*\((?P<rest>[^()]{0,200})\)\s*$")
_SCANNED = 20_000
_LOG_LINES = 100


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The one report of a post."""
    return batch.one_or_many(body, _report)


def _report(body: object) -> VendorAlert:
    text = plain.message(body) if isinstance(body, str) else shape.text(shape.dig(body, "message"))
    data, extra = _of_text(text) if text else _of_json(body)
    result = shape.first(data.get("ParsedResult"), data.get("Result"), extra.get("ParsedResult"))
    name = shape.first(extra.get("backup-name"), data.get("BackupName"), data.get("backup-name"))
    failure = shape.first(data.get("Failed"), data.get("Message"), data.get("Exception"), shape.dig(body, "Exception"))
    if result is None and failure is not None:
        result = "Fatal"  # a run that broke off reports its exception and has no result
    if result is None:
        raise Unreadable("no ParsedResult: not a report of Duplicati")
    operation = shape.first(data.get("MainOperation"), extra.get("OperationName")) or "Backup"
    machine = shape.first(extra.get("machine-name"), extra.get("hostname"))
    return draft(
        title=f"{operation} of {name or machine or 'Duplicati'}: {result}{_reason(failure, body)}",
        status=AlertStatus.RESOLVED if outcome.is_clear(result) else AlertStatus.FIRING,
        severity=outcome.of_word(result),
        severity_word=result,
        host=machine,
        occurred_at=_instant(data.get("EndTime")) or _instant(data.get("BeginTime")),
        dedup_key="/".join(part for part in (machine or shape.text(extra.get("machine-id")), name, operation) if part),
        customer=extra.get("customer"),
        description=shape.joined(shape.dig(body, "LogLines")) or text or failure,
        labels={
            "operation": operation,
            "backup": name,
            "backup_id": extra.get("backup-id"),
            "machine_id": extra.get("machine-id"),
            "warnings": data.get("WarningsActualLength"),
            "errors": data.get("ErrorsActualLength"),
            "duration": data.get("Duration"),
            "version": data.get("Version"),
        },
    )


def _of_json(body: object) -> tuple[Mapping[str, object], Mapping[str, object]]:
    data = shape.mapping(shape.dig(body, "Data"))
    return data or shape.mapping(body), shape.mapping(shape.dig(body, "Extra"))


def _of_text(text: str) -> tuple[Mapping[str, object], Mapping[str, object]]:
    """The lines of a report and its headline ``Duplicati Backup report for NAME``; a name's first value counts."""
    said: dict[str, object] = {}
    for name, value in _LINE.findall(text[:_SCANNED]):
        said.setdefault(name, value.strip())
    headline = _REPORT.match(text[:_SCANNED])
    if headline is None:
        return said, said
    named = _MACHINE.match(headline["name"])
    extra = {"backup-name": named["name"] if named else headline["name"].strip()}
    said.setdefault("MainOperation", headline["operation"])
    return said, {**said, **extra}


def _reason(failure: str | None, body: object) -> str:
    """The exception, or the first error of the log without its origin, behind a comma."""
    lines = shape.dig(body, "LogLines")
    logged = (shape.text(line) or "" for line in (lines[:_LOG_LINES] if isinstance(lines, list) else ()))
    found = failure or next((line.partition("]: ")[2] for line in logged if "[Error" in line), None)
    return f", {found}" if found else ""


def _instant(value: object) -> datetime | None:
    epoch = _EPOCH.search(value[-40:]) if isinstance(value, str) else None
    return times.parse(epoch[1]) if epoch else times.parse(value)
