"""A compiled agreement: one immutable value that answers every policy question without searching.

Built once per version by ``tandem/agreement/compile.py`` from a tenant's document and its provider's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tandem.agreement.schema.documents import SafetyRow, TenantSpec
from tandem.agreement.schema.hours import SlaProfile, Timing
from tandem.agreement.schema.people import PartySpec, PathSpec, PersonSpec, ScheduleSpec
from tandem.agreement.schema.scope import (
    AssetSpec,
    ClassificationRule,
    DecisionRules,
    FunctionSpec,
    PriorityTable,
    ScopeRow,
    SiteSpec,
)
from tandem.model.alert import Alert
from tandem.model.calendar import Calendar
from tandem.model.ownership import Party, Track


@dataclass(frozen=True, slots=True)
class RowQuery:
    """What the scope matrix is asked: a classified alert reduced to the fields a row may name."""

    function: str
    category: str | None
    site: str | None
    asset_tags: frozenset[str]
    severity: str


@dataclass(frozen=True, slots=True)
class RowAnswer:
    """The row that decides and, for the explanation, close rows with the first condition that failed."""

    row: ScopeRow | None
    """None: no row names this; the safety row takes it."""
    runners_up: tuple[tuple[str, str], ...] = ()
    """(row id, why not), at most five."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """The agreement of one tenant at one version, provider parts merged in."""

    version: int
    tenant: TenantSpec
    provider: str | None
    parties: Mapping[Party, PartySpec]
    calendars: Mapping[str, Calendar]
    """Always holds ``24x7``."""
    people: Mapping[str, PersonSpec]
    schedules: Mapping[str, ScheduleSpec]
    paths: Mapping[str, PathSpec]
    functions: Mapping[str, FunctionSpec]
    sites: Mapping[str, SiteSpec]
    assets: Mapping[str, AssetSpec]
    classification: tuple[tuple[ClassificationRule, Callable[[Alert, str | None], bool]], ...]
    """Rules in order with their compiled condition on (alert, site)."""
    rows: tuple[ScopeRow, ...]
    """In deciding order (``tandem/agreement/matrix.py``), with track, paths, after_hours and mode filled in."""
    find_row: Callable[[RowQuery], RowAnswer]
    """Indexed: its cost does not grow with the matrix."""
    priorities: PriorityTable
    rules: DecisionRules
    timing: Timing
    sla: Mapping[str, SlaProfile]
    """Always holds ``standard``, with the defaults of domain.md 1.4 filled in."""
    safety: SafetyRow
    hosts: Mapping[str, str] = field(default_factory=dict)
    """Case-folded host -> asset id."""

    def calendar_of(self, party: Party) -> Calendar:
        """The calendar in which ``party``'s business hours count."""
        spec = self.parties.get(party)
        return self.calendars[spec.calendar if spec else "24x7"]

    def asset_of(self, host: str | None) -> AssetSpec | None:
        """The inventory's asset for a host as a tool reports it."""
        asset_id = self.hosts.get(host.casefold()) if host else None
        return self.assets[asset_id] if asset_id else None

    def path_of(self, party: Party, track: Track) -> PathSpec | None:
        """The path a party uses for a track where no row says otherwise; None when it has none."""
        return default_path(self.paths, party, track)


def default_path(paths: Mapping[str, PathSpec], party: Party, track: Track) -> PathSpec | None:
    """The path named ``<party>-<track>``, or else the party's only path of that track."""
    own = [path for path in paths.values() if (path.party, path.track) == (party, track)]
    named = [path for path in own if path.id == f"{party}-{track}"]
    return (named or own)[0] if named or len(own) == 1 else None
