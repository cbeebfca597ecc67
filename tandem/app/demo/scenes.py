"""What happens in the demo, as values: which tool posts what when, and who answers. Pure.

Every body is one a vendor's tool really posts (docs/integrations); ``turn`` makes each round's conditions new ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

Body = Callable[[int, datetime], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Post:
    """A tool posts a body to one of the demo's integrations."""

    at: timedelta
    """Since the round began."""
    integration: str
    body: Body


@dataclass(frozen=True, slots=True)
class Act:
    """A person does something about the newest incident whose title holds ``about``."""

    at: timedelta
    role: str
    """Whose token of demo.json."""
    action: str
    tenant: str
    about: str
    text: str | None = None


def _s(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def ninja(device: str, message: str, *, severity: str, uid: str, reset: bool = False, organization: int = 17) -> Body:
    """A NinjaOne condition, triggered or reset."""

    def body(turn: int, now: datetime) -> Mapping[str, Any]:
        return {
            "id": int(now.timestamp() * 1000),
            "activityTime": now.timestamp(),
            "deviceId": sum(device.encode()),
            "seriesUid": f"{uid}-{turn}",
            "activityType": "CONDITION",
            "statusCode": "RESET" if reset else "TRIGGERED",
            "severity": severity,
            "priority": "HIGH",
            "sourceName": message,
            "subject": "Condition reset" if reset else "Condition triggered",
            "message": message,
            "type": "Condition",
            "device": {"systemName": device, "organizationId": organization},
        }

    return body


def wazuh(host: str, description: str, *, level: int, rule: str, late: timedelta = timedelta()) -> Body:
    """A Wazuh 4 alert; ``late`` is how long ago it happened."""

    def body(turn: int, now: datetime) -> Mapping[str, Any]:
        at = now - late
        return {
            "timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}+0000",
            "rule": {
                "level": level,
                "id": f"{rule}{turn % 100:02d}",
                "description": description,
                "groups": ["windows"],
            },
            "agent": {"id": "014", "name": host, "ip": "10.20.0.11"},
            "manager": {"name": "wazuh-1"},
            "id": f"{now.timestamp():.4f}",
            "full_log": description,
            "location": "EventChannel",
        }

    return body


def veeam(object_: str, information: str, *, status: str) -> Body:
    """A Veeam post-job report by the script in deploy/integrations/veeam."""

    def body(turn: int, now: datetime) -> Mapping[str, Any]:
        return {
            "tandem": "veeam/1",
            "product": "veeam-one",
            "alarm_id": 4000 + turn,
            "alarm": information,
            "object": object_,
            "status": status,
            "previous_status": "Information",
            "time": now.isoformat(),
            "information": information,
            "server": object_,
        }

    return body


def healthcheck(name: str, *, status: str) -> Body:
    """A healthchecks.io check, down or up."""

    def body(turn: int, now: datetime) -> Mapping[str, Any]:
        return {
            "check": f"{name}-{turn}",
            "name": name,
            "status": status,
            "at": now.isoformat(),
            "tags": "backup",
            "exit": "1",
        }

    return body


def prometheus(name: str, instance: str, summary: str, *, severity: str, resolved: bool = False) -> Body:
    """An Alertmanager webhook with one alert."""

    def body(turn: int, now: datetime) -> Mapping[str, Any]:
        labels = {"alertname": name, "severity": severity, "instance": f"{instance}:9100", "turn": str(turn)}
        status = "resolved" if resolved else "firing"
        alert = {
            "status": status,
            "labels": labels,
            "annotations": {"summary": summary},
            "startsAt": (now - timedelta(seconds=20)).isoformat(),
            "endsAt": now.isoformat() if resolved else "0001-01-01T00:00:00Z",
            "fingerprint": f"{name}-{instance}-{turn}",
        }
        return {"version": "4", "status": status, "receiver": "tandem", "groupLabels": {}, "alerts": [alert]}

    return body


def generic(title: str, *, severity: str, host: str) -> Body:
    """Tandem's own body."""

    def body(turn: int, _now: datetime) -> Mapping[str, Any]:
        return {"title": title, "dedup_key": f"{title}-{turn}", "severity": severity, "host": host}

    return body


_DISK = "Volume C: on nw-file-02 has 3 % free"
_SWITCH = "Core switch nw-core-sw1 does not answer"
_GROUP = "Domain Admins group changed outside change window"
_VERIFY = "Restore verification of srv-hr-01 failed: database does not start"
_NAS = "restic hl-nas1 nightly"
_BRANCH = "Switch bm-sw1 does not answer"
_ATM = "Cash machine atm-mall-01 does not answer"

ROUND = _s(240)
"""After so long it begins again, with new conditions."""
POSTS = (
    Post(_s(0.2), "northwind-ninjaone", ninja("nw-file-02", _DISK, severity="MAJOR", uid="disk")),
    Post(_s(4), "northwind-wazuh", wazuh("nw-dc1", _GROUP, level=12, rule="1002")),
    Post(_s(9), "harborlight-healthchecks", healthcheck(_NAS, status="down")),
    Post(_s(15), "northwind-veeam", veeam("srv-hr-01", _VERIFY, status="Error")),
    Post(_s(24), "cedarline-ninjaone", ninja("cd-pms1", "Service MSSQLSERVER stopped", severity="MODERATE", uid="sql")),
    Post(_s(32), "northwind-ninjaone", ninja("nw-core-sw1", _SWITCH, severity="CRITICAL", uid="switch")),
    Post(
        _s(48),
        "harborlight-alertmanager",
        prometheus("DiskWillFill", "hl-pms", "Disk space on hl-pms runs out in 4 h", severity="warning"),
    ),
    # A branch loses its switch; the cash machine behind it is part of the same outage and pages nobody a second time.
    Post(_s(52), "fairhaven-ninjaone", ninja("bm-sw1", _BRANCH, severity="CRITICAL", uid="branch")),
    Post(_s(55), "fairhaven-ninjaone", ninja("atm-mall-01", _ATM, severity="MAJOR", uid="atm")),
    Post(
        _s(62),
        "cedarline-generic",
        generic("Certificate of portal.cedarline.example expires in 9 days", severity="low", host="portal"),
    ),
    Post(
        _s(74),
        "northwind-wazuh",
        wazuh(
            "nw-erp-01",
            "Multiple failed sign-ins followed by a success",
            level=13,
            rule="1003",
            late=timedelta(minutes=40),
        ),
    ),
    Post(
        _s(90),
        "northwind-alertmanager",
        prometheus("PrinterOffline", "prn-2", "Coffee machine telemetry lost", severity="info"),
    ),
    Post(_s(110), "northwind-ninjaone", ninja("nw-core-sw1", _SWITCH, severity="CRITICAL", uid="switch", reset=True)),
    Post(_s(130), "northwind-ninjaone", ninja("nw-file-02", _DISK, severity="MAJOR", uid="disk", reset=True)),
    Post(_s(140), "fairhaven-ninjaone", ninja("atm-mall-01", _ATM, severity="MAJOR", uid="atm", reset=True)),
    Post(_s(142), "fairhaven-ninjaone", ninja("bm-sw1", _BRANCH, severity="CRITICAL", uid="branch", reset=True)),
    Post(_s(150), "harborlight-healthchecks", healthcheck(_NAS, status="up")),
    Post(
        _s(165),
        "cedarline-ninjaone",
        ninja("cd-pms1", "Service MSSQLSERVER stopped", severity="MODERATE", uid="sql", reset=True),
    ),
    Post(
        _s(180),
        "harborlight-alertmanager",
        prometheus("DiskWillFill", "hl-pms", "Disk space on hl-pms runs out in 4 h", severity="warning", resolved=True),
    ),
    Post(_s(195), "northwind-veeam", veeam("srv-hr-01", _VERIFY, status="Resolved")),
)
ACTS = (
    Act(_s(14), "msp_analyst", "acknowledge", "northwind", "Domain Admins"),
    Act(_s(28), "internal_responder", "acknowledge", "northwind", "nw-file-02"),
    Act(_s(40), "msp_lead", "acknowledge", "northwind", "nw-core-sw1"),
    Act(_s(44), "internal_lead", "acknowledge", "northwind", "nw-core-sw1"),
    Act(_s(50), "msp_lead", "join", "northwind", "nw-core-sw1"),
    Act(_s(56), "internal_lead", "join", "northwind", "nw-core-sw1"),
    Act(
        _s(60),
        "msp_analyst",
        "note",
        "northwind",
        "Domain Admins",
        "Account b.carter-adm added by an unknown workstation; asking Ben.",
    ),
    Act(_s(100), "msp_analyst", "start", "northwind", "Domain Admins"),
    Act(_s(125), "msp_lead", "resolve", "northwind", "nw-core-sw1"),
    Act(_s(170), "msp_analyst", "resolve", "northwind", "Domain Admins"),
    Act(_s(205), "msp_analyst", "resolve", "northwind", "failed sign-ins"),
    Act(_s(210), "msp_lead", "resolve", "cedarline", "Certificate"),
    Act(_s(215), "msp_lead", "resolve", "northwind", "Coffee machine"),
)
