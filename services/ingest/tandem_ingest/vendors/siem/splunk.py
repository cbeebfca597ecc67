"""Splunk: the webhook of a saved search, Enterprise Security's notable events in it, and what On-Call's endpoint takes.

``result`` is the first row of the search, every value in it is text or a list of texts. ``sid`` is new in each run and
``search_name`` is null for a search that was never saved. A saved search never clears; a notable event is closed by an
analyst and says so in ``status``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from tandem.model.alert import AlertStatus, VendorAlert
from tandem_ingest import times
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, severity, shape
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.monitoring import generic
from tandem_ingest.vendors.siem import fields

CLEAR = frozenset({"4", "5", "resolved", "closed"})
"""Enterprise Security's own states; an ordinary row's ``status`` is data, such as an HTTP status."""
_TITLES = ("rule_title", "rule_name", "title", "search_name", "signature", "alert_name", "name", "message", "_raw")
_HOSTS = ("host", "dest", "dest_host", "dest_name", "hostname", "computer", "ComputerName", "dvc", "orig_host")
_HOSTS_OF_NOTABLE = ("dest", "dest_host", "orig_host", "dvc", "src_host", "src")
"""Not ``host``: it is the search head that wrote the notable event."""
_USERS = ("user", "src_user", "account", "Account_Name")
_SOURCES = ("src", "src_ip", "src_host", "clientip")
_SEVERITIES = ("urgency", "severity", "severity_label", "alert_severity", "priority")
_OF_NOTABLE = frozenset({"event_id", "rule_title"})
_LABELS = 50
_TOLD = 5


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:
    """The search's first row; a post that holds several rows is as many alerts."""
    on_call = shape.dig(body, "message_type") is not None and shape.dig(body, "entity_id") is not None
    if on_call or shape.dig(body, "detectorUrl") is not None:  # On-Call, and a detector of Observability Cloud
        return generic.read(body, headers)
    rows = shape.either(shape.dig(body, "result"), shape.dig(body, "results"))
    if isinstance(rows, list) and rows:
        return batch.each(rows, lambda row: _alert(body, row))
    return batch.one_or_many(body, lambda each: _alert(each, shape.dig(each, "result")))


def _alert(body: object, result: object) -> VendorAlert:
    says, row = shape.mapping(body), shape.mapping(result)
    if not row and says.keys() & _OF_NOTABLE:
        row = says  # the row itself, as a SOAR or a script posts a notable event
    elif not says.keys() & {"sid", "search_name", "result", "results", "results_link"}:
        raise Unreadable("neither a search nor a result: not Splunk's webhook")
    notable = bool(row.keys() & {"event_id", "rule_id"} and row.keys() & {"rule_name", "rule_title", "urgency"})
    name = shape.text(says.get("search_name"))
    title = (_one(row, _TITLES[:2]) if notable else None) or name or _one(row, _TITLES) or _unnamed(row)
    word = _one(row, _SEVERITIES) or shape.text(says.get("severity"))
    closed = notable and {shape.word(_one(row, ["status_label"])), shape.word(_one(row, ["status"]))} & CLEAR
    return draft(
        title=title,
        status=AlertStatus.RESOLVED if closed else AlertStatus.FIRING,
        severity=severity.of_word(word),
        severity_word=word,
        host=_one(row, _HOSTS_OF_NOTABLE if notable else _HOSTS),
        occurred_at=_occurred_at(row, says),
        dedup_key=(_one(row, ["event_id", "rule_id"]) if notable else None) or _condition(name, says, row),
        customer=_one(row, ("customer", "client", "tenant", "organization")),
        url=says.get("results_link"),
        description=_one(row, ("rule_description", "description", "message", "_raw")),
        labels={
            "search_name": name,
            "app": says.get("app"),
            "owner": says.get("owner"),
            "sid": says.get("sid"),
            **{key: row[key] for key in list(row)[:_LABELS] if not key.startswith("_")},
        },
    )


def _one(row: Mapping[str, object], names: Iterable[str]) -> str | None:
    """The first of ``names`` that says something, of many values the first; "unknown" is CIM's word for none."""
    found = (fields.first(row, name) for name in names)
    return next((each for each in found if each and each.casefold() not in {"unknown", "-", "n/a", "null"}), None)


def _unnamed(row: Mapping[str, object]) -> str:
    """A search without a name, told apart by what it found."""
    pairs = ((name, fields.first(row, name)) for name in list(row)[:_LABELS] if not name.startswith("_"))
    told = [f"{name}={value}" for name, value in pairs if value][:_TOLD]
    return ": ".join(["Splunk search without a name", *([" ".join(told)] if told else [])])


def _condition(name: str | None, says: Mapping[str, object], row: Mapping[str, object]) -> str | None:
    """The search, where and who: a run's id is new each time, and so are counts and times in the row."""
    search = name or (shape.text(says.get("sid")) or "").partition("_at_")[0]
    where = _one(row, _HOSTS) or _one(row, _SOURCES)
    parts = [part for part in (search, where, _one(row, _USERS)) if part]
    return "/".join(parts) if search else None


def _occurred_at(row: Mapping[str, object], says: Mapping[str, object]) -> datetime | None:
    found = (times.parse(fields.at(each, name)) for each, name in ((row, "_time"), (row, "orig_time"), (says, "_time")))
    return next((at for at in found if at), None)
