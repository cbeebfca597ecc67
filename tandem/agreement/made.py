"""A silence or maintenance window that a person made at run time, and the consent of both parties to it. Pure.

Storing is ``tandem/policy/silences.py``'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from tandem.agreement.schema.suppression import MaintenanceSpec, SilenceSpec
from tandem.agreement.suppression import Suppressor
from tandem.agreement.suppressors import silence_of, window_of
from tandem.model.ownership import Actor, Party
from tandem.model.suppression import SuppressionKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One party's consent that P1 and security alerts are held too."""

    person: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A silence or window that a person made."""

    kind: SuppressionKind
    tenant: str
    id: str
    spec: SilenceSpec | MaintenanceSpec
    made_by: Actor
    made_at: datetime
    expires_at: datetime | None
    """When its last occurrence is over, as far as that can be said at once."""
    ended_at: datetime | None = None
    ended_by: Actor | None = None
    consent: Mapping[Party, Consent] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def holds_p1(self) -> bool:
        """Asked for, and somebody of each party agreed."""
        return self.spec.allow_suppress_p1 and set(self.consent) == set(Party)

    def compiled(self, zones: Mapping[str, str], zone: str) -> Suppressor:
        """As decisions use it; ``zones`` of sites and ``zone`` of the client."""
        if isinstance(self.spec, SilenceSpec):
            found = silence_of(self.spec, zone, consented=self.holds_p1, ended_at=self.ended_at)
        else:
            found = window_of(self.spec, zones, zone, consented=self.holds_p1, ended_at=self.ended_at)
        return replace(found, made=True)
