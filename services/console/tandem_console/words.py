"""How the console says things: lengths of time, parties, clocks, who. Plain words, no markup; the templates escape."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

PARTIES = {"internal": "Internal IT", "msp": "MSP"}
OWNERS = {"internal": "Internal", "msp": "MSP", "shared": "Shared"}
STATES = {"open": "Open", "acknowledged": "Acknowledged", "in_progress": "In progress", "resolved": "Resolved"}
TRACKS = {"soc": "Security", "ops": "Operations"}
CLOCKS = {
    "detect": "Detection",
    "response": "Response",
    "joint_call": "Joint call",
    "resolution": "Resolution",
    "handoff_accept": "Hand-off answer",
    "obligation.approval": "Approval",
    "obligation.information": "Information",
}
PAGE_STATES = {
    "planned": "planned",
    "sending": "being sent",
    "delivered": "delivered",
    "failed": "failed",
    "acknowledged": "acknowledged",
    "cancelled": "not sent, no longer needed",
    "would_have_paged": "would have been paged (observe mode)",
}
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def length(span: timedelta) -> str:
    """The two largest units that matter: ``40 s``, ``12 min``, ``1 h 5 min``, ``3 d 4 h``; no sign."""
    seconds = int(abs(span.total_seconds()))
    if seconds < _MINUTE:
        return f"{seconds} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min"
    if seconds < _DAY:
        return _two(seconds, (_HOUR, "h"), (_MINUTE, "min"))
    return _two(seconds, (_DAY, "d"), (_HOUR, "h"))


def _two(seconds: int, large: tuple[int, str], small: tuple[int, str]) -> str:
    first, rest = divmod(seconds, large[0])
    second = rest // small[0]
    return f"{first} {large[1]} {second} {small[1]}" if second else f"{first} {large[1]}"


def ago(at: datetime, now: datetime) -> str:
    """``3 s ago``, ``in 5 min``, ``now`` within a second."""
    span = now - at
    if abs(span) < timedelta(seconds=1):
        return "now"
    return f"{length(span)} ago" if span > timedelta() else f"in {length(span)}"


def countdown(due: datetime, now: datetime) -> str:
    """``12 min left`` or ``5 min over``."""
    return f"{length(due - now)} left" if due >= now else f"{length(now - due)} over"


def party(name: str | None) -> str:
    """A party as people call it; the system when there is none."""
    return PARTIES.get(name or "", name or "Tandem")


def who(person: str | None, side: str | None) -> str:
    """``Mara (MSP)``, ``MSP`` or ``Tandem``."""
    if person:
        return f"{person} ({party(side)})" if side else person
    return party(side)


def clock(name: str) -> str:
    """A clock as people call it."""
    return CLOCKS.get(name, name.replace("_", " ").replace(".", " ").capitalize())


def responsible(incident: Mapping[str, object]) -> str:
    """The responsible person once somebody of the responsible party acknowledged, else the empty text."""
    face = incident.get("second_face")
    # Where only the second face is paged, its answer is the incident's.
    led_by_second = isinstance(face, Mapping) and incident.get("state") in {"acknowledged", "in_progress"}
    for side in (incident, face) if led_by_second else (incident,):
        acknowledged = side.get("acknowledged") if isinstance(side, Mapping) else None
        first = acknowledged.get(str(incident.get("responsible_party"))) if isinstance(acknowledged, Mapping) else None
        if isinstance(first, Mapping):
            return str(first.get("person") or "")
    return ""
