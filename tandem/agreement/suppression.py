"""Windows, silences and inhibitions compiled: what holds an alert at an instant. Pure.

An alert that waits in a window and one that is attached to an incident are decided from this by the router
(``tandem_router.suppress``); the agreement carries it, so every process answers the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from tandem.agreement.rrule import parse_rule
from tandem.agreement.schema.fields import Moment
from tandem.agreement.schema.scope import AssetSpec, SiteSpec
from tandem.agreement.schema.suppression import (
    Holding,
    InhibitSpec,
    MaintenanceSpec,
    Scoped,
    SilenceSpec,
    SourceSpec,
    TargetSpec,
)
from tandem.agreement.windows import Recurrence, Span, weekly_hours
from tandem.model.alert import Alert
from tandem.model.calendar import instant_of
from tandem.model.incident import Incident, IncidentClass
from tandem.model.ownership import Party
from tandem.model.suppression import SuppressionKind

DEEPEST = 16
"""How many assets lie between an asset and the farthest one it depends on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """An alert as scopes ask about it; texts in lower case, what is not known is empty."""

    values: Mapping[str, frozenset[str]]
    """Field of ``SCOPE_FIELDS`` -> its values; an asset has several tags."""
    incident_class: IncidentClass


def subject_of(
    alert: Alert,
    *,
    function: str,
    category: str | None,
    site: str | None,
    asset: AssetSpec | None,
    incident_class: IncidentClass,
) -> Subject:
    """What scopes may ask of an alert, with its classification."""
    values = {
        "site": _words(site),
        "asset": _words(asset.id if asset else None),
        "asset_tag": frozenset(tag.casefold() for tag in asset.tags) if asset else frozenset[str](),
        "function": _words(function),
        "category": _words(category),
        "kind": _words(alert.kind.value),
        "vendor": _words(alert.vendor),
        "integration": _words(alert.integration),
    }
    return Subject(values=values, incident_class=incident_class)


@dataclass(frozen=True, slots=True)
class Scope:
    """Every named field must hold; none named: everything."""

    named: tuple[tuple[str, frozenset[str]], ...] = ()

    def holds(self, subject: Subject) -> bool:
        """Whether ``subject`` lies in this scope."""
        return all(not values.isdisjoint(subject.values[name]) for name, values in self.named)

    @property
    def words(self) -> str:
        """``site hq and function servers``, for people."""
        return " and ".join(f"{name} {' or '.join(sorted(values))}" for name, values in self.named) or "everything"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppressor:
    """A window or a silence, from a document or made at run time."""

    id: str
    kind: SuppressionKind
    name: str
    scope: Scope
    recurrence: Recurrence
    reason: str
    owner: str
    party: Party | None = None
    holds_p1: bool = False
    """Both parties consented that it holds P1 and security too."""
    zone: str = "UTC"
    made: bool = False
    """By a person at run time; the others stand in the agreement."""

    @property
    def key(self) -> str:
        """``window:newark-patching``: what holds refer to."""
        return f"{self.kind.value}:{self.id}"

    def active(self, at: datetime) -> Span | None:
        """The occurrence that holds at ``at``."""
        return self.recurrence.active(at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inhibition:
    """An open incident like ``source`` mutes alerts like ``target``."""

    id: str
    source: Scope
    source_priorities: frozenset[str]
    source_classes: frozenset[IncidentClass]
    target: Scope
    target_classes: frozenset[IncidentClass]
    equal: tuple[str, ...]
    reason: str

    def concerns(self, subject: Subject) -> bool:
        """Whether an alert is one that it may mute."""
        return self.target.holds(subject) and (not self.target_classes or subject.incident_class in self.target_classes)

    def mutes(self, subject: Subject, incident: Incident) -> bool:
        """Whether ``incident`` is a source and agrees with the alert in every field of ``equal``."""
        if self.source_priorities and incident.priority.value not in self.source_priorities:
            return False
        if self.source_classes and incident.incident_class not in self.source_classes:
            return False
        values = incident_values(incident)
        source = Subject(values=values, incident_class=incident.incident_class)
        agrees = all(not values[name].isdisjoint(subject.values[name]) for name in self.equal)
        return agrees and self.source.holds(source)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppressions:
    """Everything that may hold an alert of one tenant."""

    holders: tuple[Suppressor, ...] = ()
    inhibitions: tuple[Inhibition, ...] = ()
    above: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    """Asset -> every asset it depends on, directly or through others (R-P11)."""

    def __bool__(self) -> bool:
        """True when anything can ever be held."""
        return bool(self.holders or self.inhibitions or self.above)

    def holding(self, subject: Subject, at: datetime) -> Iterator[tuple[Suppressor, Span]]:
        """Windows and silences that hold the alert at ``at``, the one that ends last first."""
        found = [
            (holder, span)
            for holder in self.holders
            if holder.scope.holds(subject) and (span := holder.active(at)) is not None
        ]
        yield from sorted(found, key=lambda each: (-each[1][1].timestamp(), each[0].key))

    def with_made(self, made: Iterable[Suppressor]) -> Suppressions:
        """These and the ones that people made at run time."""
        return replace(self, holders=(*self.holders, *made))

    def next_change(self, at: datetime) -> datetime | None:
        """The next start or end of any window or silence after ``at``."""
        changes = [holder.recurrence.next_change(at) for holder in self.holders]
        return min((change for change in changes if change is not None), default=None)


def incident_values(incident: Incident) -> dict[str, frozenset[str]]:
    """An incident as scopes ask about it; its assets are those that fire."""
    values: dict[str, frozenset[str]] = dict.fromkeys(("asset_tag", "kind", "vendor", "integration"), frozenset())
    assets = frozenset(alert.asset.casefold() for alert in incident.firing.values() if alert.asset)
    return values | {
        "site": _words(incident.site),
        "asset": assets,
        "function": _words(incident.function),
        "category": _words(incident.category),
    }


def compile_suppressions(
    *,
    maintenance: Iterable[MaintenanceSpec],
    silences: Iterable[SilenceSpec],
    inhibit: Iterable[InhibitSpec],
    sites: Iterable[SiteSpec],
    assets: Iterable[AssetSpec],
    zone: str,
) -> Suppressions:
    """What the documents hold back. ``zone`` is the client's."""
    zones = {site.id: site.zone for site in sites if site.zone}
    holders = [window_of(spec, zones, zone) for spec in maintenance]
    holders += [silence_of(spec, zone) for spec in silences]
    return Suppressions(
        holders=tuple(holders),
        inhibitions=tuple(_inhibition(spec) for spec in inhibit),
        above=MappingProxyType(ancestors(assets)),
    )


def window_of(
    spec: MaintenanceSpec,
    zones: Mapping[str, str],
    zone: str,
    *,
    consented: bool | None = None,
    ended_at: datetime | None = None,
) -> Suppressor:
    """A maintenance window.

    Args:
        spec: as it is written.
        zones: site -> its zone.
        zone: the client's.
        consented: whether both parties agreed to hold P1; None: it stands in the agreement, which both signed.
        ended_at: when a person ended it.
    """
    local = ZoneInfo(zone_of(spec, zones, zone))
    recurrence = Recurrence(
        zone=local,
        weekly=tuple(weekly_hours(line.days, line.start, line.end) for line in spec.weekly),
        rule=parse_rule(spec.rrule) if spec.rrule else None,
        start=spec.start,
        length=spec.length or timedelta(),
        once=(instant(spec.once.start, local), instant(spec.once.end, local, last=True)) if spec.once else None,
        not_before=instant(spec.effective_from, local) if spec.effective_from else None,
        not_after=instant(spec.effective_until, local) if spec.effective_until else None,
        cut_at=ended_at,
    )
    return _suppressor(spec, SuppressionKind.WINDOW, spec.name, recurrence, spec.party, consented)


def silence_of(
    spec: SilenceSpec, zone: str, *, consented: bool | None = None, ended_at: datetime | None = None
) -> Suppressor:
    """A silence; arguments as for ``window_of``."""
    local = ZoneInfo(zone)
    span = (instant(spec.start, local), instant(spec.end, local, last=True))
    recurrence = Recurrence(zone=local, once=span, cut_at=ended_at)
    return _suppressor(spec, SuppressionKind.SILENCE, spec.id, recurrence, None, consented)


def zone_of(spec: MaintenanceSpec, zones: Mapping[str, str], zone: str) -> str:
    """The window's own zone, that of the only site it names, or the client's."""
    only = spec.site[0] if spec.site and len(spec.site) == 1 else None
    return spec.zone or zones.get(only or "", zone)


def instant(moment: Moment, zone: ZoneInfo, *, last: bool = False) -> datetime:
    """A moment of a document: wall time of ``zone`` by R-B2, or with its offset an instant."""
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    return instant_of(moment.date(), moment.time(), zone, last=last)


def ancestors(assets: Iterable[AssetSpec]) -> dict[str, frozenset[str]]:
    """Asset -> everything it depends on; a circle and unknown names are passed over, ``check`` tells of them."""
    direct = {asset.id: asset.depends_on for asset in assets}
    found: dict[str, frozenset[str]] = {}
    for asset, parents in direct.items():
        reached: set[str] = set()
        rim = set(parents)
        for _ in range(DEEPEST):
            reached |= rim
            rim = {above for parent in rim for above in direct.get(parent, ())} - reached
            if not rim:
                break
        if reached - {asset}:
            found[asset] = frozenset(reached - {asset})
    return found


def _suppressor(
    spec: Holding,
    kind: SuppressionKind,
    name: str,
    recurrence: Recurrence,
    party: Party | None,
    consented: bool | None,  # noqa: FBT001 - three answers
) -> Suppressor:
    return Suppressor(
        id=spec.id,
        kind=kind,
        name=name,
        scope=scope_of(spec),
        recurrence=recurrence,
        reason=spec.reason,
        owner=spec.owner,
        party=party,
        holds_p1=spec.allow_suppress_p1 and consented is not False,
        zone=recurrence.zone.key,
    )


def scope_of(spec: Scoped) -> Scope:
    """The compiled scope."""
    return Scope(tuple((name, frozenset(value.casefold() for value in values)) for name, values in spec.named.items()))


def _inhibition(spec: InhibitSpec) -> Inhibition:
    return Inhibition(
        id=spec.id,
        source=scope_of(spec.source),
        source_priorities=frozenset(priority.value for priority in spec.source.priority),
        source_classes=frozenset(spec.source.incident_class),
        target=scope_of(spec.target),
        target_classes=frozenset(spec.target.incident_class),
        equal=spec.equal,
        reason=spec.reason,
    )


def may_come_of(source: SourceSpec, target: TargetSpec) -> bool:
    """Whether an incident like ``source`` may have been opened by an alert like ``target``: nothing rules it out."""
    shared = set(source.named) & set(target.named)
    apart = any(set(source.named[name]).isdisjoint(target.named[name]) for name in shared)
    classes = set(source.incident_class), set(target.incident_class)
    return not apart and not (all(classes) and classes[0].isdisjoint(classes[1]))


def _words(value: str | None) -> frozenset[str]:
    return frozenset((value.casefold(),)) if value else frozenset()
