"""Nagios, Icinga 2 and Checkmk: what a notification script posts of the macros it is given, under any spelling.

``NAGIOS_HOSTNAME``, ``NOTIFY_HOSTNAME`` (Checkmk), ``host.name`` (Icinga) and ``hostname`` are one name. A notification
is about a service when it names one, else about its host; both are one condition each. PROBLEM and RECOVERY are the
ones that matter; an acknowledgement or a downtime changes nothing and is told by the label ``notification_type``.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tandem.model.alert import AlertStatus, Severity, VendorAlert
from tandem_ingest import times
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, severity, status
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.flat import Flat
from tandem_ingest.vendors.monitoring import checkmk_chat
from tandem_ingest.vendors.template import REPAIRED

SEVERITY: Mapping[str, Severity] = MappingProxyType(
    {
        "critical": Severity.CRITICAL,
        "crit": Severity.CRITICAL,
        "down": Severity.CRITICAL,
        "unreachable": Severity.HIGH,
        "warning": Severity.MEDIUM,
        "warn": Severity.MEDIUM,
        "unknown": Severity.MEDIUM,
        "ok": Severity.INFO,
        "up": Severity.INFO,
        "recovery": Severity.INFO,
    }
)
SERVICE_STATES = {"0": "OK", "1": "WARNING", "2": "CRITICAL", "3": "UNKNOWN"}
HOST_STATES = {"0": "UP", "1": "DOWN", "2": "UNREACHABLE"}
"""What the macros ...STATEID and an exit code say."""
PREFIXES = ("", "notify", "nagios", "icinga")


def _names(*names: str) -> tuple[str, ...]:
    return tuple(prefix + name for name in names for prefix in PREFIXES)


HOST = _names("hostname", "host", "hostdisplayname", "hostalias")
SERVICE = _names("servicedesc", "servicename", "service", "servicedisplayname", "servicedescription")
STATE = _names("servicestate", "servicestatename")
HOST_STATE = _names("hoststate", "state", "hoststatename", "status")
OUTPUT = _names("serviceoutput", "servicepluginoutput")
HOST_OUTPUT = _names("hostoutput", "output", "pluginoutput", "message", "text")
TYPE = _names("notificationtype", "type")
LONG = _names("longserviceoutput", "longhostoutput")
TIME = _names("epoch", "microtime", "timet", "timestamp", "lastservicecheck", "lasthostcheck", "lastcheck", "time")


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The one notification of a post."""
    return batch.one_or_many(body, _notification)


def _notification(body: object) -> VendorAlert:
    says = Flat(checkmk_chat.plain(body))
    host, service = says.first(*HOST), says.first(*SERVICE)
    if host is None and service is None:
        raise Unreadable("no host or service: not a Nagios, Icinga or Checkmk notification")
    word = says.first(*STATE, *HOST_STATE) if service else says.first(*HOST_STATE)
    state = (SERVICE_STATES if service else HOST_STATES).get(word or "", word)
    output = says.first(*OUTPUT, *HOST_OUTPUT) if service else says.first(*HOST_OUTPUT)
    kind = says.first(*TYPE)
    return draft(
        title=_title(host, service, state, output),
        status=_status(kind, state),
        severity=severity.of_word(state, SEVERITY),
        severity_word=word,
        host=host,
        occurred_at=times.parse(says.get(*TIME)),
        dedup_key="!".join(each for each in (host, service) if each),
        customer=says.first(*_names("customer", "client", "tenant")),
        url=says.first(*_names("serviceurl", "hosturl", "url", "link", "serviceactionurl", "hostactionurl")),
        description=says.first(*LONG) or output,
        labels={
            "notification_type": kind,
            "service": service,
            "address": says.first(*_names("hostaddress", "address")),
            "host_group": says.first(*_names("hostgroupnames", "hostgroup", "hostgroups")),
            "site": says.first(*_names("omdsite", "site")),
            "previous_state": says.first(
                *_names("previousservicehardstate", "previoushosthardstate", "lastservicestate")
            ),
            "author": says.first(*_names("notificationauthor", "ackauthor")),
            "comment": says.first(*_names("notificationcomment", "ackcomment")),
            REPAIRED: says.first("tandemrepaired"),
        },
        test=(kind or "").casefold() in {"test", "custom_test"} or says.word("test") in status.TRUE,
    )


def _title(host: str | None, service: str | None, state: str | None, output: str | None) -> str:
    """``CPU load on web-1 is CRITICAL: load 12.1``; without a state what is left of it."""
    what = " on ".join(each for each in (service, host) if each)
    head = f"{what} is {state}" if state else what
    return f"{head}: {output.splitlines()[0]}" if output else head


def _status(kind: str | None, state: str | None) -> AlertStatus:
    """The state decides; without one the type does."""
    return status.of_word(state or kind)
