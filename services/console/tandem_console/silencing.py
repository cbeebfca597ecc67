"""What a person asks to hold back, as a silence or window of the agreement's own kind; and how one is shown.

Pure. Storing is ``tandem.policy.silences``'s, what one holds ``tandem.agreement.suppression``'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from tandem.agreement.compiled import Agreement
from tandem.agreement.made import Made
from tandem.agreement.schema.fields import clean, suggest
from tandem.agreement.schema.suppression import MaintenanceSpec, Scoped, SilenceSpec
from tandem.agreement.suppression import Suppressor
from tandem.agreement.windows import LONGEST
from tandem.errors import Reason, Refused
from tandem.model.ownership import Party
from tandem.model.suppression import SuppressionKind
from tandem_console.access import Principal

MADE_PREFIX = "made-"
"""Of the ids that people's own get."""
_ID_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_.-")


def asked(
    principal: Principal,
    kind: SuppressionKind,
    tenant: str,
    id: str,
    body: Mapping[str, Any],
    agreement: Agreement | None,
    now: datetime,
) -> Made:
    """The silence or window that ``body`` asks for.

    Raises:
        Refused: INVALID, with every fault in words; the first is the detail.
    """
    model = SilenceSpec if kind is SuppressionKind.SILENCE else MaintenanceSpec
    try:
        spec = model.model_validate({**body, "id": id, "owner": owner_id(principal.person)})
    except ValidationError as error:
        faults = tuple(dict.fromkeys(_faults(error)))
        raise Refused(Reason.INVALID, faults[0].partition(": ")[2] or faults[0], errors=faults[:20]) from None
    unknown = tuple(_unknown(spec, agreement)) if agreement is not None else ()
    if unknown:
        raise Refused(Reason.INVALID, unknown[0].partition(": ")[2], errors=unknown[:20])
    made = Made(
        kind=kind, tenant=tenant, id=id, spec=spec, made_by=principal.actor, made_at=now, expires_at=_expires(spec, now)
    )
    if made.expires_at is not None and made.expires_at <= now:
        raise Refused(
            Reason.INVALID, "this would be over before it begins; times are in the past", errors=("/to: past",)
        )
    return made


def owner_id(person: str) -> str:
    """A person as an id of the agreement; people whose name is none get the nearest one."""
    found = "".join(char if char in _ID_LETTERS else "-" for char in person.lower())[:64].lstrip("_.-")
    return found or "somebody"


def shown(made: Made, agreement: Agreement | None, now: datetime) -> dict[str, Any]:
    """One that a person made, with what is so at ``now``."""
    zones = {site.id: site.zone for site in agreement.sites.values() if site.zone} if agreement else {}
    holder = made.compiled(zones, agreement.tenant.zone if agreement else "UTC")
    missing = set(Party) - set(made.consent) if made.spec.allow_suppress_p1 and not made.holds_p1 else set()
    return {
        **_of_holder(holder, made.tenant, now),
        "source": "made",
        "spec": made.spec.model_dump(mode="json", by_alias=True, exclude_none=True),
        "made_by": {"party": made.made_by.party, "person": made.made_by.person},
        "made_at": made.made_at,
        "ended_at": made.ended_at,
        "ended_by": {"party": made.ended_by.party, "person": made.ended_by.person} if made.ended_by else None,
        "consent": {party.value: {"person": each.person, "at": each.at} for party, each in made.consent.items()},
        "needs_consent_of": sorted(party.value for party in missing),
    }


def of_agreement(
    agreement: Agreement, kind: SuppressionKind, made: set[str], now: datetime
) -> Iterator[dict[str, Any]]:
    """Those of the agreement's document, in its order."""
    for holder in agreement.suppression.holders:
        if holder.kind is kind and holder.id not in made:
            yield {**_of_holder(holder, agreement.tenant.id, now), "source": "agreement"}


def _of_holder(holder: Suppressor, tenant: str, now: datetime) -> dict[str, Any]:
    current = holder.active(now)
    change = None if current else holder.recurrence.next_change(now)
    coming = holder.active(change) if change is not None else None
    span = current or coming
    return {
        "id": holder.id,
        "tenant": tenant,
        "kind": holder.kind.value,
        "name": holder.name,
        "scope": holder.scope.words,
        "reason": holder.reason,
        "owner": holder.owner,
        "party": holder.party.value if holder.party else None,
        "zone": holder.zone,
        "active": current is not None,
        "start": span[0] if span else None,
        "end": span[1] if span else None,
        "holds_p1": holder.holds_p1,
    }


def _expires(spec: SilenceSpec | MaintenanceSpec, now: datetime) -> datetime | None:
    """When the last occurrence is over at the latest; None for what goes on until somebody ends it."""
    margin = timedelta(days=1)  # whatever its zone
    if isinstance(spec, SilenceSpec):
        return _aware(spec.end, now) + (timedelta() if spec.end.tzinfo else margin)
    if spec.once is not None:
        return _aware(spec.once.end, now) + (timedelta() if spec.once.end.tzinfo else margin)
    return _aware(spec.effective_until, now) + LONGEST + margin if spec.effective_until else None


def _aware(moment: datetime, now: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)


def _faults(error: ValidationError) -> Iterator[str]:
    for detail in error.errors(include_url=False):
        where = "/" + "/".join(str(part) for part in detail["loc"])
        said = detail["ctx"]["error"] if detail["type"] == "value_error" and "ctx" in detail else detail["msg"]
        yield clean(f"{where}: {said}")[:300]


def _unknown(spec: Scoped, agreement: Agreement) -> Iterator[str]:
    known = {
        "site": set(agreement.sites),
        "asset": set(agreement.assets),
        "asset_tag": {tag for asset in agreement.assets.values() for tag in asset.tags},
        "function": {*agreement.functions, agreement.safety.function},
    }
    for name, values in spec.named.items():
        for value in values:
            if name in known and value.casefold() not in {each.casefold() for each in known[name]}:
                what = name.replace("_", " ")
                yield clean(f'/{name}: this client has no {what} "{value[:60]}"{suggest(value, known[name])}')
