"""What the documents hold back, compiled: windows, silences, inhibitions, and what an asset depends on. Pure.

What they do to an alert at an instant is ``suppression``'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
)
from tandem.agreement.suppression import Inhibition, Suppressions, Suppressor
from tandem.agreement.suppression_scope import Scope
from tandem.agreement.windows import Recurrence, weekly_hours
from tandem.model.calendar import instant_of
from tandem.model.ownership import Party
from tandem.model.suppression import SuppressionKind

DEEPEST = 16
"""How many assets lie between an asset and the farthest one it depends on."""


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
        above=MappingProxyType(_ancestors(assets)),
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
        once=(_instant(spec.once.start, local), _instant(spec.once.end, local, last=True)) if spec.once else None,
        not_before=_instant(spec.effective_from, local) if spec.effective_from else None,
        not_after=_instant(spec.effective_until, local) if spec.effective_until else None,
        cut_at=ended_at,
    )
    return _suppressor(spec, SuppressionKind.WINDOW, spec.name, recurrence, spec.party, consented)


def silence_of(
    spec: SilenceSpec, zone: str, *, consented: bool | None = None, ended_at: datetime | None = None
) -> Suppressor:
    """A silence; arguments as for ``window_of``."""
    local = ZoneInfo(zone)
    span = (_instant(spec.start, local), _instant(spec.end, local, last=True))
    recurrence = Recurrence(zone=local, once=span, cut_at=ended_at)
    return _suppressor(spec, SuppressionKind.SILENCE, spec.id, recurrence, None, consented)


def zone_of(spec: MaintenanceSpec, zones: Mapping[str, str], zone: str) -> str:
    """The window's own zone, that of the only site it names, or the client's."""
    only = spec.site[0] if spec.site and len(spec.site) == 1 else None
    return spec.zone or zones.get(only or "", zone)


def _instant(moment: Moment, zone: ZoneInfo, *, last: bool = False) -> datetime:
    """A moment of a document: wall time of ``zone`` by R-B2, or with its offset an instant."""
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    return instant_of(moment.date(), moment.time(), zone, last=last)


def _ancestors(assets: Iterable[AssetSpec]) -> dict[str, frozenset[str]]:
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


def _scope_of(spec: Scoped) -> Scope:
    """The compiled scope."""
    return Scope(tuple((name, frozenset(value.casefold() for value in values)) for name, values in spec.named.items()))


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
        scope=_scope_of(spec),
        recurrence=recurrence,
        reason=spec.reason,
        owner=spec.owner,
        party=party,
        holds_p1=spec.allow_suppress_p1 and consented is not False,
        zone=recurrence.zone.key,
    )


def _inhibition(spec: InhibitSpec) -> Inhibition:
    return Inhibition(
        id=spec.id,
        source=_scope_of(spec.source),
        source_priorities=frozenset(priority.value for priority in spec.source.priority),
        source_classes=frozenset(spec.source.incident_class),
        target=_scope_of(spec.target),
        target_classes=frozenset(spec.target.incident_class),
        equal=spec.equal,
        reason=spec.reason,
    )
