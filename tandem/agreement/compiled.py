"""A compiled agreement: one immutable value that answers every policy question without searching.

Built once per version by ``tandem/agreement/compile.py`` from a tenant's document and its provider's.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from tandem.agreement.expected import Expected
from tandem.agreement.schema.documents import SafetyRow, TenantSpec
from tandem.agreement.schema.hours import SlaProfile, Timing
from tandem.agreement.schema.joining import FlappingSpec, StaleSpec, StormSpec
from tandem.agreement.schema.matrix import ScopeRow
from tandem.agreement.schema.people import PartySpec, PathSpec, PersonSpec, ScheduleSpec
from tandem.agreement.schema.scope import (
    AssetSpec,
    ClassificationRule,
    DecisionRules,
    FunctionSpec,
    ImpactMatrix,
    PriorityTable,
    SiteSpec,
)
from tandem.agreement.suppression import Suppressions
from tandem.model.alert import Alert
from tandem.model.calendar import Calendar
from tandem.model.ownership import Mode, Party, Track


def _no_class(_host: str | None) -> str | None:
    """What a vocabulary without host classes answers."""
    return None


@dataclass(frozen=True, slots=True)
class RowQuery:
    """What the scope matrix is asked: a classified alert reduced to the fields a row may name."""

    function: str
    scenario: str = "incident"
    category: str | None = None
    site: str | None = None
    tags: frozenset[str] = frozenset()
    """Tags of the alert's asset."""
    severity: str = "unknown"
    kind: str | None = None
    vendor: str | None = None
    data_class: str | None = None
    host_class: str | None = None


@dataclass(frozen=True, slots=True)
class RowAnswer:
    """The row that decides and, for the explanation, close rows with the first condition that failed."""

    row: ScopeRow | None
    """None: no row names this; the safety row takes it."""
    runners_up: tuple[tuple[str, str], ...] = ()
    """(row id, the first condition that failed or why it lost), at most five, the closest first."""


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
    """Rules in order with their compiled condition on (alert, site), to be read."""
    find_rule: Callable[[Alert, str | None], ClassificationRule | None]
    """(alert, site) -> the first of ``classification`` that takes it. Indexed: its cost does not grow with them."""
    rows: tuple[ScopeRow, ...]
    """In deciding order (``tandem/agreement/matrix.py``), with track, paths and after_hours filled in.

    ``mode`` too where it is one for all functions of the row; else it follows the alert's function (``modes``)."""
    find_row: Callable[[RowQuery], RowAnswer]
    """Indexed: its cost does not grow with the matrix."""
    priorities: PriorityTable
    impact: ImpactMatrix
    """With the defaults of domain.md 2.1 filled in."""
    rules: DecisionRules
    timing: Timing
    storm: StormSpec = field(default_factory=StormSpec)
    flapping: FlappingSpec = field(default_factory=FlappingSpec)
    stale: StaleSpec = field(default_factory=StaleSpec)
    sla: Mapping[str, SlaProfile]
    """Always holds ``standard``, with the defaults of domain.md 1.4 filled in."""
    safety: SafetyRow
    hosts: Mapping[str, str] = field(default_factory=dict)
    """Case-folded host -> asset id."""
    host_class_of: Callable[[str | None], str | None] = _no_class
    """Host as a tool reports it -> its class of the vocabulary."""
    runbooks: Mapping[str, str] = field(default_factory=dict)
    """Name -> URL."""
    suppression: Suppressions = field(default_factory=Suppressions)
    """Windows, silences and inhibitions; the book adds those that people made at run time."""
    expected: Expected = field(default_factory=Expected)
    """Signals that both parties count on."""
    modes: Mapping[str, Mode] = field(default_factory=dict)
    """Function -> mode, where it differs from the tenant's; a row with a mode of its own beats it."""
    responders: frozenset[str] = frozenset()
    """People of the internal party who answer: on schedules, in steps, seniors (R-A4)."""
    overflows: bool = False
    """Some row goes to the MSP while the internal queue is over its limit (R-A6)."""
    row_of: Mapping[str, ScopeRow] = field(init=False, repr=False, compare=False)
    """Row id -> the row."""
    kept: dict[Hashable, Any] = field(init=False, repr=False, compare=False, default_factory=dict)
    """Answers that follow from this version alone, worked out when first needed; a changed copy starts without any.

    Its users own their keys, which begin with a word of their own and are as few as the document has parts."""

    def __post_init__(self) -> None:
        """Index the rows by id."""
        object.__setattr__(self, "row_of", MappingProxyType({row.id: row for row in reversed(self.rows)}))

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
