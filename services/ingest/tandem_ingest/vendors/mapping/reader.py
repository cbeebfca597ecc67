"""Alerts by a mapping: what an adapter is for other dialects. Pure and total; bounded by ``Look``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tandem.model.alert import VendorAlert
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.mapping import words
from tandem_ingest.vendors.mapping.document import AlertFrom, LabelsFrom, MappingDocument
from tandem_ingest.vendors.mapping.look import Look
from tandem_ingest.vendors.mapping.plan import Parts, Plan, plan_for
from tandem_ingest.vendors.mapping.texts import Texts
from tandem_ingest.vendors.remembered import Keys, Nested, Remembered

_PLANS = 32
"""As many sets of keys are remembered of a mapping; a plan of a large one takes some 30 KiB."""


class Reader:
    """One mapping, ready to read."""

    def __init__(self, document: MappingDocument) -> None:
        """Put each variant together with what it leaves as it is, once."""
        self.document = document
        variants = ((each.when, each.unless, Parts(_over(document.alert, each.alert))) for each in document.variants)
        self._whole = Plan(document.accepts, tuple(variants), Parts(document.alert))
        self._plans = Remembered(self._planned, _PLANS)
        self._deep_plans = Remembered(self._planned_deep, _PLANS)

    def read(self, body: object, headers: Mapping[str, str]) -> list[VendorAlert]:
        """The alerts of a body.

        Raises:
            Unreadable: there is nothing where the alerts should be, or some have no title; never anything else.
        """
        look = Look(body, headers)
        return batch.each(self._elements(look), lambda element: self._alert(element, look))

    def delivery_id(self, body: object, headers: Mapping[str, str]) -> str | None:
        """What the tool calls this post."""
        try:
            return self.document.delivery_id.first(Look(body, headers)) if self.document.delivery_id.choices else None
        except Unreadable:
            return None

    def _elements(self, look: Look) -> Sequence[object]:
        if self.document.each is None:
            return look.body if isinstance(look.body, list) else [look.body]
        for choice in self.document.each.choices:
            said = choice.said(look)
            if not said:
                continue
            values = [look.opened(value) for value in said]
            found = [each for value in values for each in (value if isinstance(value, list) else [value])]
            look.spend(len(found))
            if found:
                return found
        raise Unreadable("nothing stands where the mapping looks for alerts (each)")

    def _alert(self, element: object, look: Look) -> VendorAlert:
        look.element, look.blank = look.opened(element), None
        plan = self._plan(look)
        if plan.accepts is not None and not words.holds(plan.accepts, look):
            raise Unreadable("the mapping does not accept this body (accepts)")
        parts = _parts(plan, look)
        word, level = words.severity_of(parts.severity, look)
        title = next(filter(None, map(_first_line, parts.title.texts(look))), look.blank)
        if title is None:
            raise Unreadable("nothing stands where the mapping looks for a title")
        return draft(
            title=title,
            status=words.status_of(parts.status, look),
            severity=level,
            severity_word=word,
            host=parts.host.first(look),
            occurred_at=words.instant_of(parts.time, look),
            expires_at=words.instant_of(parts.expires_at, look),
            dedup_key=parts.dedup_key.first(look),
            customer=parts.customer.first(look),
            url=parts.url.first(look),
            description=parts.description.first(look),
            labels=_labels(parts.labels, look),
            test=parts.test is not None and words.holds(parts.test, look),
        )

    def _plan(self, look: Look) -> Plan:
        """What there is to look for in an element with the keys of this one."""
        element = look.element
        if not isinstance(element, dict):
            return self._whole
        keys = tuple(element)
        plan = self._plans.of(keys) or self._whole
        if not plan.deep:
            return plan
        below = (look.opened(element[key]) for key in plan.deep)
        return self._deep_plans.of((keys, *(tuple(each) if isinstance(each, dict) else None for each in below))) or plan

    def _planned(self, keys: Keys) -> Plan:
        return plan_for(self._whole, keys, {})

    def _planned_deep(self, nested: Nested) -> Plan:
        keys, below = nested[0] or (), nested[1:]
        plan = self._planned(keys)
        inner = {key: each for key, each in zip(plan.deep, below, strict=True) if each is not None}
        return plan_for(plan, keys, inner)


def _parts(plan: Plan, look: Look) -> AlertFrom:
    parts = plan.parts
    for when, unless, others in plan.variants:
        if (when is None or words.holds(when, look)) and (unless is None or not words.holds(unless, look)):
            parts = others
            break
    look.spend(parts.left_out >> 3)
    return parts.alert


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def _labels(place: LabelsFrom, look: Look) -> dict[str, object]:
    """The named ones before the others: an alert holds only so many."""
    found: dict[str, object] = {name: texts.joined(look) for name, texts in place.named.items()}
    for value in place.spread.values(look):
        inner = look.opened(value)
        if isinstance(inner, dict):
            look.spend(len(inner))
            found = {**found, **{name: each for name, each in inner.items() if found.get(name) is None}}
    return found


def _over(base: AlertFrom, variant: AlertFrom) -> AlertFrom:
    """``variant`` where it says something, else ``base``; labels of both."""
    changes = {name: getattr(variant, name) for name in variant.model_fields_set}
    if "labels" in changes:
        named = {**base.labels.named, **variant.labels.named}
        spread = Texts((*base.labels.spread.choices, *variant.labels.spread.choices))
        changes["labels"] = LabelsFrom(named=named, spread=spread)
    return base.model_copy(update=changes)
