"""What an alert is about: its function, class, asset and site, by the agreement's ordered rules.

First step of a decision. Does not know who is responsible for a function (``scope``) nor how urgent it is.
"""

from __future__ import annotations

from dataclasses import dataclass

from tandem.agreement.compiled import Agreement
from tandem.agreement.schema.matrix import Scenario
from tandem.agreement.schema.scope import AssetSpec, ClassificationRule
from tandem.model.alert import Alert
from tandem.model.incident import IncidentClass
from tandem.model.ownership import Track
from tandem.model.priority import Priority

DEDUP_KEY = ("dedup_key",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Classified:
    """An alert with its place in the agreement's vocabulary."""

    rule: str
    """Id of the rule; ``asset:ID``, ``raised`` or ``safety`` when no rule decided."""
    function: str
    category: str | None = None
    scenario: Scenario = Scenario.INCIDENT
    incident_class: IncidentClass = IncidentClass.OTHER
    floor: Priority | None = None
    """At least this urgent, says the rule."""
    track: Track | None = None
    """What the rule says; None leaves it to the row and the function."""
    group_by: tuple[str, ...] = DEDUP_KEY
    sitewide: bool = False
    asset: AssetSpec | None = None
    site: str | None = None
    because: str = ""


def classify(alert: Alert, agreement: Agreement) -> Classified:
    """The first rule that matches; then the asset's own function; then the safety function."""
    asset = agreement.asset_of(alert.host)
    site = site_of(alert, asset, agreement)
    if alert.quarantined:
        return _safety(agreement, asset, site, "its body could not be read")
    rule = agreement.find_rule(alert, site)
    if rule is not None:
        return _by_rule(rule, asset, site)
    if asset is not None and asset.function is not None:
        return Classified(
            rule=f"asset:{asset.id}",
            function=asset.function,
            asset=asset,
            site=site,
            because=f"no rule matched; asset {asset.id} belongs to {asset.function}",
        )
    return _safety(agreement, asset, site, "no classification rule matched")


def site_of(alert: Alert, asset: AssetSpec | None, agreement: Agreement) -> str | None:
    """The asset's site, else the one a label names, when the agreement knows it."""
    if asset is not None and asset.site is not None:
        return asset.site
    named = alert.labels.get("site")
    return named if named in agreement.sites else None


def classify_raised(function: str | None, asset_name: str | None, agreement: Agreement) -> Classified:
    """A person's incident: the named function, else the asset's, else the safety function."""
    asset = agreement.asset_of(asset_name) or agreement.assets.get(asset_name or "")
    site = asset.site if asset is not None else None
    named = function or (asset.function if asset is not None else None)
    if named is None or named not in agreement.functions:
        return _safety(agreement, asset, site, "no known function was named")
    return Classified(
        rule="raised", function=named, asset=asset, site=site, because=f"raised by a person for function {named}"
    )


def _by_rule(rule: ClassificationRule, asset: AssetSpec | None, site: str | None) -> Classified:
    return Classified(
        rule=rule.id,
        function=rule.function,
        category=rule.category,
        scenario=rule.scenario,
        incident_class=rule.incident_class,
        floor=rule.priority,
        track=rule.track,
        group_by=rule.group_by or DEDUP_KEY,
        sitewide=rule.sitewide,
        asset=asset,
        site=site,
        because=f"rule {rule.id} makes it {rule.function}",
    )


def _safety(agreement: Agreement, asset: AssetSpec | None, site: str | None, why: str) -> Classified:
    function = agreement.safety.function
    return Classified(rule="safety", function=function, asset=asset, site=site, because=f"{why}, so it is {function}")
