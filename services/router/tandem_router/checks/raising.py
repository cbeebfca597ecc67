"""The alert of a check: what somebody who is woken by it needs to read. Pure.

It is an alert like every other, of vendor ``heartbeat``: the agreement's rules say what it is, the matrix whose.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from tandem.agreement.compiled import Agreement
from tandem.agreement.expected import Check
from tandem.agreement.schema.expected import Sort
from tandem.agreement.schema.fields import format_duration
from tandem.ids import alert_id
from tandem.model.alert import Alert, AlertStatus, Kind, Severity
from tandem_router.checks.state import Said, State, Trouble

VENDOR = "heartbeat"
_TITLE, _NOTE = 300, 2_000
_BACKUPS = frozenset({Sort.BACKUP, Sort.RESTORE_TEST})


def alert_of(
    agreement: Agreement, check_id: str, check: Check | None, state: State, said: Said, now: datetime
) -> Alert:
    """What is said, as the alert that the router then decides; the same step gives the same id."""
    tenant, sort = agreement.tenant.id, check.spec.what if check is not None else Sort.HEARTBEAT
    status = AlertStatus.FIRING if said.firing else AlertStatus.RESOLVED
    what = f"{check_id}/{said.trouble.value}/{status.value}/{said.at.isoformat()}"
    asset = check.spec.asset if check is not None else None
    due = said.due_at.isoformat() if said.due_at is not None else ""
    return Alert(
        alert_id=alert_id(tenant, state.integration, what, 0),
        tenant=tenant,
        integration=state.integration,
        vendor=VENDOR,
        kind=Kind.BACKUP if sort in _BACKUPS else Kind.MONITORING,
        delivery_id=what,
        dedup_key=f"expected:{check_id}",
        title=title(check_id, check, said, agreement.tenant.zone)[:_TITLE],
        status=status,
        severity=Severity(check.spec.severity) if check is not None else Severity.HIGH,
        host=asset,
        received_at=now,
        description="\n".join(_lines(check, state, said, agreement.tenant.zone)),
        labels={"check": check_id, "expected": sort.value, "trouble": said.trouble.value, "due_at": due},
        raw=(said.note or "").encode("utf-8", "replace"),
        content_type="text/plain; charset=utf-8" if said.note else None,
    )


def title(check_id: str, check: Check | None, said: Said, zone: str) -> str:
    """One line: which signal, what is wrong, since when."""
    sort = check.spec.what if check is not None else Sort.HEARTBEAT
    name = (check.spec.name if check is not None else None) or check_id
    asset = check.spec.asset if check is not None else None
    due = _wall(said.due_at, check.zone if check is not None else zone)
    if not said.firing:
        return f"{_subject(sort, name, asset)}: heard again"
    if said.trouble is Trouble.OVERDUE:
        return f"{_subject(sort, name, asset)} was started and has not ended, it should have by {due}"
    if said.trouble is Trouble.FAILED:
        code = f" (exit code {said.exit_code})" if said.exit_code is not None else ""
        return f"{_subject(sort, name, asset)} failed{code}"
    match sort:
        case Sort.BACKUP:
            return f"Backup of {asset} was not verified by {due}"
        case Sort.RESTORE_TEST:
            return f"No restore test of {asset} by {due}"
        case Sort.VOLUME:
            source = (check.spec.integration or check.spec.vendor) if check is not None else name
            wanted = (check.spec.at_least or 1) if check is not None else 1
            return f"Integration {source} is silent: {said.note} in the hour to {due}, at least {wanted} expected"
        case _:
            on = f" on {asset}" if asset else ""
            return f"{name}{on} was not heard from by {due}"


def _subject(sort: Sort, name: str, asset: str | None) -> str:
    match sort:
        case Sort.BACKUP:
            return f"Backup verification of {asset}"
        case Sort.RESTORE_TEST:
            return f"Restore test of {asset}"
        case Sort.VOLUME:
            return f"Integration volume {name}"
        case _:
            return f"{name} on {asset}" if asset else name


def _lines(check: Check | None, state: State, said: Said, tenant_zone: str) -> list[str]:
    zone = check.zone if check is not None else tenant_zone
    lines = []
    if check is not None:
        grace = f", {format_duration(check.grace)} of grace" if check.grace else ""
        lines.append(f"Expected: {check.period}{grace}.")
    else:
        lines.append("No agreement declares this check; it is heard because it failed.")
    if state.last_success_at is not None:
        lines.append(f"Last success: {_wall(state.last_success_at, zone)}.")
    elif said.firing:
        lines.append("It was never heard of as a success.")
    if said.blind_from is not None and said.blind_until is not None:
        lines.append(
            f"Tandem itself took no signals from {_wall(said.blind_from, zone)} to {_wall(said.blind_until, zone)};"
            " a signal of that time is lost unless its sender tried again."
        )
    if said.note:
        lines.append(said.note[:_NOTE])
    return lines


def _wall(at: datetime | None, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%a %Y-%m-%d %H:%M %Z}" if at is not None else "now"
