"""How urgent: the most urgent of the table's floor, the matrix, the rule's floor, a person's impact and the rules.

Source: domain.md 2 (R-P1..R-P4). The matrix is ``impact``'s. Does not decide who acts on it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from tandem.agreement.compiled import Agreement
from tandem.agreement.schema.scope import AssetSpec, Level
from tandem.model.alert import Alert, Kind, Severity
from tandem.model.incident import IncidentClass
from tandem.model.priority import Priority, most_urgent
from tandem_router import impact
from tandem_router.classify import Classified
from tandem_router.impact import Weighed

UNMAPPED = Priority.P3
"""What a word that no table knows means; counted, never dropped (R-P1)."""

_RANK: Mapping[str, int] = {word.value: rank for rank, word in enumerate(Severity) if word is not Severity.UNKNOWN}
_OUR_WORDS = frozenset(word.value for word in Severity)

IMPACTS = frozenset(level.value for level in Level)
"""Words for the impact of a raised incident."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessed:
    """A priority and what led to it."""

    priority: Priority
    p1_workflow: bool = False
    regulated: bool = False
    affected_users: int = 0
    tenant_users: int = 0
    unmapped_word: bool = False
    because: tuple[str, ...] = ()
    trace: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Floor:
    """What the priority table says of a vendor's word."""

    priority: Priority
    source: str
    """Which table and key, e.g. ``vendors.wazuh.12``."""
    known: bool = True


def floor_of(alert: Alert, agreement: Agreement) -> Floor:
    """Vendor's table first, then the kind's, then the default.

    The vendor's own word comes before our severity in its own table. In the shared ones it counts only when it is no
    word of our scale: one tool's "high" is not another's.
    """
    tables = agreement.priorities
    ours = alert.severity.value
    word = alert.severity_word.strip().lower() if alert.severity_word else ours
    shared = (ours,) if word in _OUR_WORDS else (word, ours)
    places = (
        (f"vendors.{alert.vendor}", tables.vendors.get(alert.vendor), (word, ours)),
        (f"kinds.{alert.kind.value}", tables.kinds.get(alert.kind), shared),
        ("default", tables.default, shared),
    )
    for name, table, keys in places:
        for key in keys if table else ():
            found = table.get(key) if table else None
            if found is not None:
                return Floor(found, f"{name}.{key}", known=key != Severity.UNKNOWN.value)
    return Floor(UNMAPPED, "no table knows the word", known=False)


def is_siem_high(alert: Alert, agreement: Agreement) -> bool:
    """R-P5: a security tool's finding of at least the agreed severity."""
    return alert.kind is Kind.SIEM and at_least(alert.severity.value, agreement.rules.siem_both)


def at_least(severity: str, limit: str) -> bool:
    """Whether ``severity`` is as bad as ``limit``; an unknown one never is."""
    return _RANK.get(severity, len(_RANK)) <= _RANK.get(limit, 1)


def floor_of_impact(word: str | None, agreement: Agreement) -> Floor:
    """A person's word for the impact at medium urgency; an unknown one counts as medium."""
    level = Level(word) if word in IMPACTS else Level.MEDIUM
    return Floor(impact.cell(level, Level.MEDIUM, agreement) or UNMAPPED, f"impact {level.value}, urgency medium")


def assets_of(ids: Collection[str], agreement: Agreement) -> list[AssetSpec]:
    """The distinct known assets of an incident's firing alerts."""
    return [agreement.assets[asset_id] for asset_id in sorted(set(ids)) if asset_id in agreement.assets]


def assess(
    classified: Classified,
    floor: Floor,
    firing_assets: Collection[str],
    agreement: Agreement,
    *,
    siem_high: bool = False,
    urgency: Level | None = None,
    elsewhere: Collection[str] = (),
) -> Assessed:
    """Priority of an alert within the incident whose firing alerts touch ``firing_assets`` (asset ids).

    ``urgency`` None: the impact x urgency matrix is not asked (a person has said the impact). ``elsewhere``: assets
    of other outages that count with this one towards the share of users.
    """
    assets = assets_of(firing_assets, agreement)
    affected = sum(asset.users for asset in assets)
    regulated = any(asset.data_class == "regulated" for asset in assets)
    together = sum(asset.users for asset in assets_of({*firing_assets, *elsewhere}, agreement)) if elsewhere else 0
    wide = _wide_outage(classified, max(affected, together), agreement)
    touches = _regulated(classified.incident_class, agreement, regulated=regulated)
    weighed = impact.weigh(classified.incident_class, assets, affected, urgency, agreement)
    grounds = list(_grounds(classified, floor, weighed, (wide, touches), siem_high=siem_high))
    priority = most_urgent(*(level for level, _ in grounds))
    affected_users = max(affected, together) if wide else affected
    return Assessed(
        priority=priority,
        p1_workflow=bool(wide or touches),
        regulated=regulated,
        affected_users=affected_users,
        tenant_users=agreement.tenant.users,
        unmapped_word=not floor.known,
        because=tuple(clause for _, clause in grounds),
        trace={
            "priority": priority.value,
            "floor": floor.priority.value,
            "floor_source": floor.source,
            "matrix": weighed.trace,
            "rule_floor": classified.floor.value if classified.floor else None,
            "affected_users": affected_users,
            "tenant_users": agreement.tenant.users,
            "share_limit": agreement.rules.wide_outage_share,
            "assets": [asset.id for asset in assets],
            "regulated": regulated,
            "siem_high": siem_high,
            "wide_outage": wide,
            "regulated_rule": touches,
        },
    )


def _grounds(
    classified: Classified, floor: Floor, weighed: Weighed, rules: Iterable[str], *, siem_high: bool
) -> Iterator[tuple[Priority, str]]:
    """Every source of the priority with its clause; the most urgent decides (R-P1)."""
    yield floor.priority, f"{floor.priority.value} by {floor.source}"
    if weighed.priority is not None:
        clause = f"impact {weighed.impact} ({weighed.source}) and urgency {weighed.urgency}"
        yield weighed.priority, f"{weighed.priority.value} by {clause}"
    if classified.floor is not None:
        yield classified.floor, f"at least {classified.floor.value} by rule {classified.rule}"
    if siem_high:
        yield Priority.P2, "at least P2: a finding that both parties' security contacts act on"
    yield from ((Priority.P1, clause) for clause in rules if clause)


def _wide_outage(classified: Classified, affected: int, agreement: Agreement) -> str:
    """R-P2: strictly more than the share; an unknown share counts when the rule says sitewide."""
    rules, users = agreement.rules, agreement.tenant.users
    if classified.incident_class not in rules.wide_outage_classes:
        return ""
    if is_wide(affected, agreement):
        share = float(Decimal(str(rules.wide_outage_share)) * 100)
        return f"P1: {affected} of {users} users are affected, more than {share:g} %"
    if classified.sitewide and (affected == 0 or users == 0):
        return "P1: a sitewide outage whose reach is unknown"
    return ""


def is_wide(affected: int, agreement: Agreement) -> bool:
    """Whether so many users are strictly more than the share of all (R-P2)."""
    # Decimal of the written number: 0.29 * 100 as floats is below 29, and 29 % exactly would count.
    users = agreement.tenant.users
    return users > 0 and affected > Decimal(str(agreement.rules.wide_outage_share)) * users


def _regulated(incident_class: IncidentClass, agreement: Agreement, *, regulated: bool) -> str:
    """R-P3: an outage or breach that touches regulated data."""
    if regulated and incident_class in agreement.rules.regulated_classes:
        article = "an" if incident_class.value[0] in "aeiou" else "a"
        return f"P1: {article} {incident_class.value} touches regulated data"
    return ""
