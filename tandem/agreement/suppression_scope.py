"""What a window, a silence or an inhibition covers: the fields it names, asked of an alert or of an incident. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tandem.agreement.schema.scope import AssetSpec
from tandem.model.alert import Alert
from tandem.model.incident import Incident, IncidentClass


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


def _words(value: str | None) -> frozenset[str]:
    return frozenset((value.casefold(),)) if value else frozenset()
