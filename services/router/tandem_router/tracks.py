"""Which track, who is paged and who is told: the mapping of domain.md 5.1.

A paged party's path runs until that party acknowledges, so "paged" and "must acknowledge" are one list. Persons and
channels are the notifier's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tandem.agreement.compiled import Agreement
from tandem.model.alert import Alert, Kind
from tandem.model.incident import IncidentClass
from tandem.model.ownership import Mode, Owner, Party, Track
from tandem.model.priority import Priority
from tandem_router import priority
from tandem_router.classify import Classified
from tandem_router.scope import Scope

_SECURITY = (IncidentClass.BREACH, IncidentClass.SECURITY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What the mapping looks at."""

    scope: Scope
    track: Track
    priority: Priority
    responsible: Party
    took_over: bool = False
    internal_on_duty: bool = True
    p1_workflow: bool = False
    managed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Who hears of it, responsible party first."""

    paged: tuple[Party, ...]
    informed: tuple[Party, ...]
    paths: Mapping[Party, str] = field(default_factory=dict)
    because: tuple[str, ...] = ()


def track_of(classified: Classified, scope: Scope, alert: Alert, agreement: Agreement) -> Track:
    """The rule's word; soc for a high finding (D05); the row's, the function's; soc for what may be security (R-A1)."""
    if classified.track is not None:
        return classified.track
    if priority.is_siem_high(alert, agreement):
        return Track.SOC
    if scope.track is not None:
        return scope.track
    function = agreement.functions.get(classified.function)
    if function is not None and not scope.unmapped:
        return function.track
    return Track.SOC if alert.kind is Kind.SIEM or classified.incident_class in _SECURITY else Track.OPS


def audience(case: Case, agreement: Agreement) -> Audience:
    """Pages and information for a case; nobody is paged below P2 (R-E6)."""
    paged = _paged(case)
    informed = tuple(party for party in _told(case) if party not in paged)
    paths = {party: path for party in paged if (path := path_of(party, case, agreement))}
    because = []
    if paged:
        because.append(f"{case.track.value} track: pages {' and '.join(party.value for party in paged)}")
    if informed:
        because.append(f"told without a page: {' and '.join(party.value for party in informed)}")
    because.extend(f"{party.value} has no {case.track.value} path" for party in paged if party not in paths)
    return Audience(paged=paged, informed=informed, paths=paths, because=tuple(because))


def path_of(party: Party, case: Case, agreement: Agreement) -> str | None:
    """The row's path, else ``<party>-<track>``, else the party's only path of the track; never another track's."""
    named = agreement.paths.get(case.scope.paths.get(party, ""))
    if named is not None and named.track is case.track:
        return named.id
    usual = f"{party.value}-{case.track.value}"
    if usual in agreement.paths:
        return usual
    ours = [path.id for path in agreement.paths.values() if path.party is party and path.track is case.track]
    return ours[0] if len(ours) == 1 else None


def _paged(case: Case) -> tuple[Party, ...]:
    if not case.priority.pages:
        return ()
    paged = [case.responsible]
    if not case.managed:
        paged += _security_pages(case) if case.track is Track.SOC else _operations_pages(case)
    return tuple(dict.fromkeys(paged))


def _security_pages(case: Case) -> list[Party]:
    """MSP's SOC always; the internal security contact at P1, in hours, or when the row says so (R-P5)."""
    if case.priority is Priority.P1 or case.internal_on_duty or case.scope.night_page:
        return [Party.MSP, Party.INTERNAL]
    return [Party.MSP]


def _operations_pages(case: Case) -> list[Party]:
    if case.priority is not Priority.P1:
        return []
    if case.scope.owner is Owner.SHARED:
        return [Party.MSP, Party.INTERNAL]
    # The MSP's P1s call the internal contact to the joint call; the P1 workflow calls the MSP (R-P4).
    joins = [Party.INTERNAL] if case.scope.owner is Owner.MSP else []
    return [*joins, Party.MSP] if case.p1_workflow else joins


def _told(case: Case) -> tuple[Party, ...]:
    """Everybody who hears of it at all; the paged ones are taken out by the caller."""
    if case.priority is Priority.P5:
        return ()
    if case.managed:
        return (Party.MSP,)
    if _both_hear(case):
        return (case.responsible, case.responsible.other)
    return (case.responsible,)


def _both_hear(case: Case) -> bool:
    scope = case.scope
    always = scope.both_told or scope.unmapped or scope.mode is Mode.OVERLAP or scope.owner is Owner.SHARED
    if always or case.track is Track.SOC or case.priority is Priority.P1:
        return True
    # P2 in the internal party's own hours concerns nobody else; at night, and of the MSP, its lead hears of it.
    return case.priority is Priority.P2 and (case.took_over or scope.owner is Owner.MSP)
