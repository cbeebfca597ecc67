"""What happened to an incident, in order and in sentences: facts, what clocks did, what became of pages.

Sentences are plain text; nothing here is markup.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tandem_console import words

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a timeline."""

    at: datetime
    kind: str
    """fact, sla or page."""
    what: str
    """The fact's kind, or what the clock or page did."""
    sentence: str
    text: str | None = None
    """What a person wrote."""
    party: str | None = None
    person: str | None = None
    version: int | None = None
    """Of facts."""
    tone: str = "calm"
    """calm, good, bad: a hint for the eye, said in the sentence too."""


def merge(facts: Iterable[Row], clocks: Iterable[Row], pages: Iterable[Row]) -> list[Entry]:
    """Everything in order of when it counts; at one instant facts come first, by version."""
    entries = [_of_fact(row) for row in facts]
    entries += [entry for row in clocks for entry in _of_clock(row)]
    entries += [entry for row in pages for entry in _of_page(row)]
    order = {"fact": 0, "sla": 1, "page": 2}
    return sorted(entries, key=lambda entry: (entry.at, order[entry.kind], entry.version or 0))


def _of_fact(row: Row) -> Entry:
    kind, detail = row["kind"], row["detail"] or {}
    say = _SAY.get(kind, _plainly)
    return Entry(
        at=row["effective_at"],
        kind="fact",
        what=kind,
        sentence=say(row, detail),
        text=detail.get("text"),
        party=row["party"],
        person=row["person"],
        version=row["version"],
        tone={"resolved": "good", "acknowledged": "good", "command_refused": "bad", "reopened": "bad"}.get(
            kind, "calm"
        ),
    )


def _who(row: Row) -> str:
    return words.who(row["person"], row["party"])


def _source(row: Row) -> str:
    alert = row["alert"] or {}
    return str(alert.get("integration") or alert.get("vendor") or "a tool")


def _opened(row: Row, detail: Row) -> str:
    alert = row["alert"] or {}
    how = f"{row['priority']}, {words.party(row['responsible_party'])} is responsible"
    if row["person"] or row["party"]:
        return f"Raised by {_who(row)}: {how}"
    reach = f", {detail['affected_users']} users affected" if detail.get("affected_users") else ""
    host = f" on {alert['host']}" if alert.get("host") else ""
    return f"Opened by {_source(row)}{host}: {how}{reach}"


def _joined_alert(row: Row, detail: Row) -> str:
    alert = row["alert"] or {}
    title = alert.get("title") or "another alert"
    if detail.get("reason") == "storm":
        return f"The alert storm goes on: {detail.get('text') or 'more alerts'}, the latest: {title}"
    face = f". {detail.get('reason')}" if detail.get("track") else ""
    return f"Alert joined from {_source(row)}: {title}{face}"


def _cleared(row: Row, detail: Row) -> str:
    held = " The clear is held before it resolves the incident." if detail.get("hold_until") else ""
    if detail.get("reason") == "expired":
        return f"{_source(row)} did not say it again before it expired: over.{held}"
    return f"{_source(row)} says the condition is over.{held}"


def _acknowledged(row: Row, detail: Row) -> str:
    return f"{_who(row)} acknowledged{_on_track(detail)}"


def _on_track(detail: Row) -> str:
    """For which of two page legs an answer is."""
    track = detail.get("track")
    return f" on the {words.TRACKS.get(str(track), track)} track" if track else ""


def _resolved(row: Row, detail: Row) -> str:
    if detail.get("reason") == "stale":
        return "Closed: nobody had repeated it for too long"
    if detail.get("reason") == "cleared_before":
        return "Resolved at once: its clear was here before it"
    return "Resolved by the source's clear" if detail.get("auto") else f"Resolved by {_who(row)}"


def _reopened(row: Row, detail: Row) -> str:
    cycle = f" (cycle {detail['cycle']})" if detail.get("cycle") else ""
    return (
        f"Opened again: the condition came back{cycle}" if detail.get("auto") else f"Opened again by {_who(row)}{cycle}"
    )


def _reprioritised(row: Row, detail: Row) -> str:
    why = f": {detail['reason']}" if detail.get("reason") else ""
    by = f" by {_who(row)}" if row["party"] else ""
    return f"Priority {detail.get('from_priority', '?')} → {detail.get('to_priority', row['priority'])}{by}{why}"


def _reowned(row: Row, detail: Row) -> str:
    reason = detail.get("reason")
    why = {"hours": " because of the hours", "taken back": f", taken back by {_who(row)}"}
    said = why.get(str(reason), f": {reason}" if reason else "")
    return f"Responsible party is now {words.party(detail.get('to_party') or row['responsible_party'])}{said}"


def _noted(row: Row, detail: Row) -> str:
    if detail.get("reason") == "attached":
        alert = row["alert"] or {}
        return f"Explained by this incident and not paged: {alert.get('title') or 'another alert'}"
    if row["party"] or row["person"]:
        return f"{_who(row)} noted"
    reason = str(detail.get("reason") or "")
    if reason == "handoff_suggested":
        return f"Other hours: a hand-off to {words.party(detail.get('to_party') or '')} is suggested"
    return _NOTES.get(reason, f"Noted: {reason}" if reason else "Noted")


_NOTES = {
    "cleared_pending_confirm": "The source cleared it; a person holds it and resolves it",
    "still_yours": "Nobody has acted on it since the hours changed: its holder is called",
    "hours": "Other hours: whom it pages and tells has changed",
    "flapping": "It comes and goes: further changes are recorded only",
    "flapping_over": "It has been quiet long enough: no longer flapping",
    "storm_over": "The alert storm is over: what comes now opens incidents of its own",
    "stale": "Nobody repeats it any more; it stays open",
    "no_longer_stale": "An alert came again: no longer stale",
}


def _merged(row: Row, detail: Row) -> str:
    by = f" by {_who(row)}" if row["party"] or row["person"] else ""
    why = {"wide_outage": "together they touch too many users"}.get(str(detail.get("reason")), detail.get("reason"))
    return f"Merged into another incident{by}{f': {why}' if why else ''}"


def _linked(row: Row, detail: Row) -> str:
    other = (row["alert"] or {}).get("title")
    by = f" by {_who(row)}" if row["party"] or row["person"] else ""
    if detail.get("reason") == "merged":
        moved = len(detail.get("conditions") or ())
        many = f"{moved} conditions" if moved != 1 else "1 condition"
        return f"Took in {other or 'another incident'}{by}: {many} of it are this incident's from now on"
    if detail.get("reason") == "storm":
        return "Linked to an alert storm"
    return f"Linked to another incident{by}"


def _released(_row: Row, detail: Row) -> str:
    return f"Let go: {detail.get('reason') or 'it had been held'}"


def _started(row: Row, _detail: Row) -> str:
    return f"{_who(row)} started work"


def _joined(row: Row, _detail: Row) -> str:
    return f"{_who(row)} joined the call"


def _refused(row: Row, detail: Row) -> str:
    return f"Refused to {_who(row)}: {detail.get('reason') or 'no reason given'}"


def _plainly(row: Row, detail: Row) -> str:
    why = f": {detail['reason']}" if detail.get("reason") else ""
    by = f" by {_who(row)}" if row["party"] else ""
    return f"{str(row['kind']).replace('_', ' ').capitalize()}{by}{why}"


_SAY: dict[str, Callable[[Row, Row], str]] = {
    "opened": _opened,
    "alert_joined": _joined_alert,
    "alert_cleared": _cleared,
    "acknowledged": _acknowledged,
    "resolved": _resolved,
    "reopened": _reopened,
    "reprioritised": _reprioritised,
    "reowned": _reowned,
    "noted": _noted,
    "released": _released,
    "merged": _merged,
    "linked": _linked,
    "started": _started,
    "joined": _joined,
    "command_refused": _refused,
}


def _of_clock(row: Row) -> list[Entry]:
    """A breach when it was due, and the end; a start is the fact that started it."""
    name = f"{words.clock(row['clock'])} clock of {words.party(row['party'])}"
    entries = []
    if row["breached_at"] is not None:
        entries.append(_clock_entry(row, row["breached_at"], "breached", f"{name} breached", "bad"))
    if row["stop_at"] is not None and row["state"] == "met":
        took = words.length(row["stop_at"] - row["start_at"])
        entries.append(_clock_entry(row, row["stop_at"], "met", f"{name} met after {took}", "good"))
    if row["stop_at"] is not None and row["state"] == "breached":
        entries.append(_clock_entry(row, row["stop_at"], "stopped", f"{name} stopped, too late", "calm"))
    if row["stop_at"] is not None and row["state"] == "cancelled":
        entries.append(_clock_entry(row, row["stop_at"], "cancelled", f"{name} cancelled", "calm"))
    return entries


def _clock_entry(row: Row, at: datetime, what: str, sentence: str, tone: str) -> Entry:
    return Entry(at=at, kind="sla", what=what, sentence=sentence, party=row["party"], tone=tone)


def _of_page(row: Row) -> list[Entry]:
    """When it went out (or would have), and when it was answered."""
    to = words.who(row["person"], row["party"])
    channel = f" by {row['channel']}" if row["channel"] else ""
    why = f": {row['reason']}" if row["reason"] else ""
    done = "told" if row.get("told") else "paged"
    said = {
        "failed": (f"Page to {to}{channel} failed{why}", "bad"),
        "would_have_paged": (f"{to} would have been {done}{channel} (observe mode)", "calm"),
        "cancelled": (f"Page to {to}{channel} not sent, no longer needed", "calm"),
        "planned": (f"Page to {to}{channel} planned", "calm"),
        "sending": (f"Paging {to}{channel}", "calm"),
    }
    sentence, tone = said.get(row["state"], (f"{to} {done}{channel}", "calm"))
    entries = [
        Entry(
            at=row["sent_at"] or row["planned_at"],
            kind="page",
            what=row["state"],
            sentence=sentence,
            party=row["party"],
            person=row["person"],
            tone=tone,
        )
    ]
    if row["acknowledged_at"] is not None:
        answered = f"{to} answered the page{channel}"
        entries.append(
            Entry(
                at=row["acknowledged_at"],
                kind="page",
                what="answered",
                sentence=answered,
                party=row["party"],
                person=row["person"],
                tone="good",
            )
        )
    return entries
