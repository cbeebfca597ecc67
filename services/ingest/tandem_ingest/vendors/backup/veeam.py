"""Veeam (backup): the ``veeam/1`` body of the scripts we ship in deploy/integrations/veeam, and what Veeam's APIs say.

Veeam ONE runs them as an alarm action (status Error, Warning, Information, Resolved), Backup & Replication after
a job (result Failed, Warning, Success). Success and Resolved clear what failed before. A poller may post objects as the
REST APIs give them: alarms of the Service Provider Console and of Veeam ONE, sessions of Backup & Replication.
VeeamNotify's messages for Discord, Slack and Teams are read as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from tandem.model.alert import AlertStatus, Severity, VendorAlert
from tandem_ingest import times
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, chat, severity, shape
from tandem_ingest.vendors.draft import draft

SEVERITY: Mapping[str, Severity] = MappingProxyType(
    {
        "error": Severity.HIGH,
        "failed": Severity.HIGH,
        "warning": Severity.MEDIUM,
        "information": Severity.INFO,
        "info": Severity.INFO,
        "resolved": Severity.INFO,
        "success": Severity.INFO,
        "working": Severity.INFO,
        "starting": Severity.INFO,
        "running": Severity.INFO,
    }
)
CLEAR = frozenset({"resolved", "success"})
_LISTS = ("data", "items", "alarms", "triggeredalarms", "sessions", "backupjobsession")
_KEYS = 200


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The alarms or job results of a post: one, a list, or a page of an API."""
    body = _inside(body)
    says = _folded(body)
    page = next((says[name] for name in _LISTS if isinstance(says.get(name), list)), None)
    return batch.one_or_many(body if page is None else page, _result)


def _inside(body: object) -> object:
    """What the root of an XML document of Enterprise Manager holds, or an object's one name."""
    inner = next(iter(body.values())) if isinstance(body, dict) and len(body) == 1 else None
    return inner if isinstance(inner, dict) else body


def _folded(body: object) -> Mapping[str, object]:
    """Names in lower case, without underscores and blanks: scripts, PowerShell, the APIs and messages differ."""
    return {
        name.casefold().replace("_", "").replace(" ", ""): value
        for name, value in list(shape.mapping(body).items())[:_KEYS]
    }


def _result(body: object) -> VendorAlert:
    says = _whole(body)
    last = _folded(says.get("lastactivation"))
    what, where = _what(says), _where(says)
    status = _status(says, last)
    if status is None or (what is None and where is None):
        raise Unreadable("no status with an alarm, job or object: not the veeam/1 body")
    word, level = _severity(says, status)
    message = shape.first(last.get("message"), _message(says))
    return draft(
        title=f"{_headline(what, where, message)} ({status})",
        status=AlertStatus.RESOLVED if status.casefold() in CLEAR else AlertStatus.FIRING,
        severity=level,
        severity_word=word,
        host=shape.first(
            says.get("host"),
            says.get("computername"),
            says.get("server"),
            says.get("hostname"),
            says.get("backupserver"),
        ),
        occurred_at=_occurred_at(says, last),
        dedup_key=_condition(says, what, where),
        customer=shape.first(
            says.get("customer"), says.get("companyname"), says.get("companyid"), says.get("organizationuid")
        ),
        url=says.get("url"),
        description=shape.first(says.get("information"), message, says.get("description")),
        labels={
            "product": says.get("product"),
            "alarm": shape.first(says.get("alarm"), says.get("alarmname")),
            "alarm_id": shape.first(says.get("alarmid"), says.get("alarmtemplateid")),
            "job": shape.first(says.get("job"), says.get("jobname")),
            "job_type": says.get("jobtype"),
            "object": where,
            "server": says.get("server"),
            "previous_status": shape.first(says.get("previousstatus"), says.get("previousstate")),
            "location_id": shape.first(says.get("locationid"), says.get("locationuid")),
            "remark": last.get("remark"),
        },
        test=shape.word(says.get("test")) == "true",
    )


def _whole(body: object) -> Mapping[str, object]:
    """An alarm with what it is raised on, which newer APIs keep in an object of its own."""
    says = _folded(chat.plain(body))
    inner = {**_folded(says.get("object")), **_folded(says.get("alarmassignment"))}
    own = {name: value for name, value in inner.items() if name not in {"name", "id", "instanceuid"}}
    return {**own, **says} if own else says


def _headline(what: str | None, where: str | None, message: str | None) -> str:
    """Alarm or job and object; the console's alarms have no name, there the message says what is wrong."""
    parts = (what, where) if what else (where, message and message.splitlines()[0])
    return ": ".join(each for each in parts if each)


def _what(says: Mapping[str, object]) -> str | None:
    return shape.first(*(says.get(name) for name in ("alarm", "job", "alarmname", "jobname", "name", "title")))


def _where(says: Mapping[str, object]) -> str | None:
    return shape.first(says.get("object"), says.get("objectname"), shape.dig(says.get("object"), "name"))


def _status(says: Mapping[str, object], last: Mapping[str, object]) -> str | None:
    """The alarm's or job's own; a session of the API nests its result, its ``state`` is only Stopped or Working."""
    result = says.get("result")
    nested = shape.dig(result, "result") if isinstance(result, dict) else result
    if shape.word(nested) == "none":  # a session that still runs
        nested = None
    own = (nested, says.get("jobresult"), says.get("sessionresult"), last.get("status"), says.get("state"))
    return shape.first(says.get("status"), *own)


def _severity(says: Mapping[str, object], status: str) -> tuple[str, Severity]:
    """The status is the severity; a status that is none (active) leaves it to a field of its own."""
    own = shape.text(says.get("severity"))
    level = severity.of_word(status, SEVERITY)
    if level is Severity.UNKNOWN and own is not None:
        return own, severity.of_word(own)
    return status, level


def _message(says: Mapping[str, object]) -> str | None:
    return shape.first(shape.dig(says.get("result"), "message"), says.get("message"), says.get("reason"))


def _occurred_at(says: Mapping[str, object], last: Mapping[str, object]) -> datetime | None:
    own = (says.get(name) for name in ("time", "endtime", "endtimeutc", "triggeredon", "triggeredtime", "creationtime"))
    return next((at for at in map(times.parse, (*own, last.get("time"))) if at), None)


def _condition(says: Mapping[str, object], what: str | None, where: str | None) -> str:
    """An alarm of the console has an id that lasts; elsewhere ids are a run's or a template's, names last."""
    if "lastactivation" in says and (its_id := shape.first(says.get("id"), says.get("instanceuid"))):
        return f"veeam-vspc/{its_id}"
    return "/".join((shape.text(says.get("product")) or "veeam", what or "", where or ""))
