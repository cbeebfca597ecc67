"""Classification rules, indexed: the first rule, in order, that takes an alert, without asking them one by one.

Each field gives the rules whose condition on it holds, as a bit per rule; fields are combined with "and", the lowest
bit left is the first candidate. The index may leave too much and never too little: the rule's own condition
(``tandem/agreement/conditions.py``) has the last word, so that the answer is that of asking every rule in order.

Source: the design's performance goals P7-P9.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tandem.agreement.bits import Numbers, bits, mask_of, packed
from tandem.agreement.conditions import UNKNOWN, Condition, Read, at_least, failures, folded, reader, value_test
from tandem.agreement.schema.scope import ClassificationRule, Matcher
from tandem.agreement.texts import TextIndex, text_index
from tandem.model.alert import Alert, Severity

Rules = Sequence[tuple[ClassificationRule, Condition]]
LABEL = "labels."
MOST_EARLIER = 5
_FEW = 3
"""So few candidates are asked themselves instead of looking at further fields."""


@dataclass(frozen=True, slots=True)
class _Field:
    """All conditions on one field."""

    read: Read
    named: Numbers
    """Rules with a condition on it."""
    equal: Mapping[str, Numbers]
    """Case-folded value -> rules that ask for it."""
    unless: Numbers
    """Rules that take every value but some."""
    excluded: Mapping[str, Numbers]
    """Case-folded value -> rules of ``unless`` that it fails."""
    texts: TextIndex | None

    def narrowed(self, alive: int, alert: Alert, site: str | None) -> int:
        """``alive`` without the rules whose condition on this field fails."""
        asked = alive & bits(self.named)
        if not asked:
            return alive
        return alive ^ asked ^ (asked & self._holding(self.read(alert, site)))

    def _holding(self, value: str | None) -> int:
        text = (value or UNKNOWN).casefold()
        mask = bits(self.equal.get(text, 0))
        if self.unless:
            open_to_most = bits(self.unless)
            mask |= open_to_most ^ (open_to_most & bits(self.excluded.get(text, 0)))
        if self.texts is not None and value is not None:
            for numbers in self.texts.matching(value, value.casefold()):
                mask |= bits(numbers)
        return mask


@dataclass(frozen=True, slots=True)
class RuleIndex:
    """Rules in order and what is known of them by field. Call it with (alert, site)."""

    rules: Rules
    free: int
    """Rules that need no label."""
    needing: Mapping[str, Numbers]
    """Label -> rules that cannot hold for an alert without it; each rule stands under its rarest one."""
    fields: tuple[_Field, ...]
    """All but labels, the cheap ones first."""
    labels: Mapping[str, _Field]

    def __call__(self, alert: Alert, site: str | None) -> ClassificationRule | None:
        """The first rule that takes the alert."""
        alive = self._candidates(alert, site)
        while alive:
            lowest = alive & -alive
            rule, holds = self.rules[lowest.bit_length() - 1]
            if holds(alert, site):
                return rule
            alive ^= lowest
        return None

    def _candidates(self, alert: Alert, site: str | None) -> int:
        alive = self.free
        for label in alert.labels if self.needing else ():
            alive |= bits(self.needing.get(label, 0))
        for looked_at in self.fields:
            if alive.bit_count() <= _FEW:
                return alive
            alive = looked_at.narrowed(alive, alert, site)
        for label in alert.labels if self.labels else ():
            if label in self.labels:
                alive = self.labels[label].narrowed(alive, alert, site)
        return alive


def rule_index(rules: Rules) -> RuleIndex:
    """The index over ``rules`` in order."""
    size = len(rules)
    conditions: defaultdict[str, list[tuple[int, Matcher]]] = defaultdict(list)
    for number, (rule, _) in enumerate(rules):
        for name, matcher in rule.when.items():
            conditions[name].append((number, matcher))
    made = {name: _field(name, found, size) for name, found in conditions.items()}
    fields = sorted((entry for name, entry in made.items() if not name.startswith(LABEL)), key=_cost)
    needing = _needed_labels(rules)
    return RuleIndex(
        rules=rules,
        free=mask_of((number for number, label in enumerate(needing) if label is None), size),
        needing=_grouped(((label, number) for number, label in enumerate(needing) if label is not None), size),
        fields=tuple(fields),
        labels={name.removeprefix(LABEL): entry for name, entry in made.items() if name.startswith(LABEL)},
    )


def earlier_rules(
    rules: Rules, decided: str | None, alert: Alert, site: str | None, most: int = MOST_EARLIER
) -> list[tuple[str, str]]:
    """Rules before the one that decided, the closest first, each with the first condition that failed.

    For explanations: it asks every rule. Close is a rule of which few conditions fail, then the later one.

    Args:
        rules: the agreement's, in order.
        decided: id of the rule that decided; None or another word: all rules failed.
        alert: what was classified.
        site: where it is.
        most: how many.
    """
    close: list[tuple[int, int, str, str]] = []
    for number, (rule, _) in enumerate(rules):
        if rule.id == decided:
            break
        said = failures(rule.when, alert, site)
        if said:
            close.append((len(said), -number, rule.id, said[0]))
    return [(rule, why) for _, _, rule, why in sorted(close)[:most]]


def why_not(rule: ClassificationRule, alert: Alert, site: str | None) -> str | None:
    """The first condition of ``rule`` that the alert fails, in words; None when the rule takes it."""
    return next(iter(failures(rule.when, alert, site)), None)


def _field(name: str, conditions: Sequence[tuple[int, Matcher]], size: int) -> _Field:
    equal = ((text, number) for number, matcher in conditions for text in _accepted(matcher))
    excluded = ((text, number) for number, matcher in conditions for text in folded(matcher.not_ or ()))
    return _Field(
        read=reader(name),
        named=packed([number for number, _ in conditions], size),
        equal=_grouped(equal, size),
        unless=packed([number for number, matcher in conditions if matcher.not_ is not None], size),
        excluded=_grouped(excluded, size),
        texts=text_index(conditions, size),
    )


def _accepted(matcher: Matcher) -> frozenset[str]:
    """Case-folded values that ``is`` or ``at_least`` takes."""
    if matcher.at_least is not None:
        return frozenset(str(word) for word in Severity if at_least(str(word), matcher.at_least))
    return folded(matcher.is_ or ())


def _grouped(pairs: Iterable[tuple[str, int]], size: int) -> dict[str, Numbers]:
    found: defaultdict[str, list[int]] = defaultdict(list)
    for text, number in pairs:
        found[text].append(number)
    return {text: packed(numbers, size) for text, numbers in found.items()}


def _needed_labels(rules: Rules) -> list[str | None]:
    """Per rule the rarest label without which it cannot hold."""
    needed = [
        [name.removeprefix(LABEL) for name, matcher in rule.when.items() if name.startswith(LABEL) and _needs(matcher)]
        for rule, _ in rules
    ]
    used = Counter(label for labels in needed for label in labels)
    return [min(labels, key=used.__getitem__, default=None) for labels in needed]


def _needs(matcher: Matcher) -> bool:
    return not value_test(matcher)(None)


def _cost(entry: _Field) -> tuple[bool, int]:
    """Without texts first, and among them what tells most rules apart."""
    return entry.texts is not None, -len(entry.equal)
