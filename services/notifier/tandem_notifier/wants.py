"""What a batch wants of one case: pages, tellings, page events and closings, collected in order.

Pure values. ``paging.py`` turns calls into pages; nothing here decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tandem.agreement.compiled import Agreement
from tandem.agreement.schema.people import Contact
from tandem.model.events import PageEventKind
from tandem.model.ownership import Party, Track
from tandem_notifier.case import Case, Leg, Sent
from tandem_notifier.identity import page_id
from tandem_notifier.reach import Route

PAGES_KEPT = 32
"""Pages a leg remembers, for answers; older ones are in the table."""


@dataclass(frozen=True, slots=True)
class Call:
    """One person on one rung, before channels."""

    party: Party
    track: Track
    person: str
    path: str
    pass_: int
    step: int
    reason: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """One page to make; ``told`` needs no answer."""

    sent: Sent
    party: Party
    track: Track
    contact: Contact
    reason: str
    told: bool = False


@dataclass(frozen=True, slots=True)
class Noted:
    """One page event that is not about a page being made."""

    kind: PageEventKind
    party: Party
    track: Track
    path: str
    step: int
    reason: str | None = None
    sent: Sent | None = None


@dataclass(slots=True)
class Wants:
    """Filled by ``escalation.py`` and ``telling.py`` for one case."""

    case: Case
    agreement: Agreement
    pages: dict[str, Wanted] = field(default_factory=dict)
    """By page id: the same page wanted twice is one."""
    notes: list[Noted] = field(default_factory=list)
    closed: dict[tuple[Party, Track], str | None] = field(default_factory=dict)
    """Whose open pages on which track are over, with who acknowledged."""
    tellings: list[tuple[Party, Track, str]] = field(default_factory=list)

    def page(self, leg: Leg | None, call: Call, way: Route) -> None:
        """Page ``call.person`` by ``way``; the leg remembers it."""
        sent = self._sent(call, way.key)
        if str(sent.page_id) in self.pages:
            return
        self.pages[str(sent.page_id)] = Wanted(sent, call.party, call.track, way.contact, call.reason)
        if leg is not None:
            leg.standing += 1
            leg.live.append(sent)
            leg.pages = [*leg.pages, sent][-PAGES_KEPT:]

    def inform(self, call: Call, way: Route) -> None:
        """Tell ``call.person`` by ``way``, without asking for an answer."""
        sent = self._sent(call, way.key)
        self.pages[str(sent.page_id)] = Wanted(sent, call.party, call.track, way.contact, call.reason, told=True)

    def tell(self, party: Party, track: Track, why: str) -> None:
        """Have ``party`` told what a track has of it, once per cycle and reason."""
        self.tellings.append((party, track, why))

    def gap(self, party: Party, track: Track, path: str, step: int, reason: str) -> None:
        """Somebody should have been there and was not."""
        self.notes.append(Noted(PageEventKind.GAP, party, track, path, step, reason))

    def exhausted(self, leg: Leg) -> None:
        """A whole path passed without an answer."""
        why = "nobody acknowledged on the whole path"
        self.notes.append(Noted(PageEventKind.EXHAUSTED, leg.party, leg.track, leg.path, leg.step, why))

    def acknowledged(self, leg: Leg, sent: Sent) -> None:
        """``sent`` was the page that was answered."""
        self.notes.append(Noted(PageEventKind.ACKNOWLEDGED, leg.party, leg.track, sent.path, sent.step, sent=sent))

    def close(self, party: Party, track: Track, person: str | None) -> None:
        """No further attempt for a party's open pages on ``track``; those wanted in this very batch are not sent."""
        self.closed[party, track] = person
        mine = [key for key, wanted in self.pages.items() if _is_of(wanted, party, track) and not wanted.told]
        for key in mine:
            del self.pages[key]

    def _sent(self, call: Call, key: str) -> Sent:
        brief = self.case.brief
        # Both faces may tell one team the same: what the second one says has an id of its own.
        path = f"{call.track.value}:{call.path}" if brief.on(call.track).is_second else call.path
        position = {"path": path, "pass_": call.pass_, "step": call.step}
        identity = page_id(brief.incident_id, brief.cycle, call.party, person=call.person, channel=key, **position)  # type: ignore[arg-type]
        return Sent(page_id=identity, person=call.person, channel=key, path=call.path, pass_=call.pass_, step=call.step)


def _is_of(wanted: Wanted, party: Party, track: Track) -> bool:
    return wanted.party is party and wanted.track is track
