"""The trace of a decision: every value that was looked at, as JSON can hold it. In words: ``explain``."""

from __future__ import annotations

from tandem.agreement.compiled import Agreement
from tandem.model.priority import Priority
from tandem_router import raci
from tandem_router.classify import Classified
from tandem_router.parts import Parts
from tandem_router.scope import RunnersUp, Scope


def trace_of(parts: Parts) -> dict[str, object]:
    """Every value that was looked at, in order of decision."""
    return {
        "at": parts.now.isoformat(),
        "agreement_version": parts.agreement.version,
        "classification": _classification(parts.found),
        "row": _row(parts.row, parts.runners_up),
        "raci": _people(parts.row, parts.found),
        "priority": parts.level.trace,
        "hours": _hours(parts),
        "suppression": {"held": False, "passed": []},
        "track": parts.track.value,
        "parties": _parties(parts),
        "paths": {party.value: path for party, path in parts.heard.paths.items()},
        "clocks": _clocks(parts.row.sla, parts.level.priority, parts.agreement),
        "mode": parts.mode.value,
        "standing_in": parts.party.flag,
    }


def _classification(found: Classified) -> dict[str, object]:
    return {
        "rule": found.rule,
        "function": found.function,
        "category": found.category,
        "class": found.incident_class.value,
        "asset": found.asset.id if found.asset else None,
        "site": found.site,
    }


def _row(row: Scope, runners_up: RunnersUp) -> dict[str, object]:
    return {
        "id": row.row,
        "owner": row.owner.value,
        "lead": row.lead.value if row.lead else None,
        "runners_up": [{"row": other, "why_not": why} for other, why in runners_up],
    }


def _people(row: Scope, found: Classified) -> dict[str, object]:
    return {
        **raci.as_trace(row.raci),
        "runbook": row.runbook,
        "public_communications": row.public_communications,
        "approval": found.asset.approval if found.asset else None,
    }


def _hours(parts: Parts) -> dict[str, object]:
    on_duty = parts.on_duty
    return {
        "on_duty": on_duty.on_duty,
        "calendar": on_duty.calendar,
        "zone": on_duty.zone,
        "local": on_duty.local,
    }


def _parties(parts: Parts) -> dict[str, object]:
    return {
        "responsible": parts.party.party.value,
        "took_over": parts.party.took_over,
        "paged": [party.value for party in parts.heard.paged],
        "informed": [party.value for party in parts.heard.informed],
    }


def _clocks(sla: str, level: Priority, agreement: Agreement) -> list[dict[str, object]]:
    """The clocks that start at opening, with their targets as the agreement has them."""
    profile = agreement.sla.get(sla) or agreement.sla.get("standard")
    targets = profile.priorities.get(level) if profile is not None else None
    if targets is None:
        return []
    named = (
        ("detect", targets.detect),
        ("response", targets.response),
        ("joint_call", targets.joint_call),
        ("resolution", targets.resolution),
    )
    return [
        {"clock": name, "target_s": int(target.length.total_seconds()), "business_hours": target.business}
        for name, target in named
        if target is not None
    ]
