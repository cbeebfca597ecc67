"""Conditions of classification rules, compiled once to closures over (alert, site). Evaluating them costs no parsing.

Texts are compared without case. A field the alert does not have counts as the word ``unknown`` for ``is`` and
``not``, and holds no text for the other operators. What this file says is what a rule means; the index over all
rules (``tandem/agreement/rules.py``) only spares asking most of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tandem.agreement.patterns import as_bytes, compile_glob, compile_regex
from tandem.agreement.schema.scope import Matcher
from tandem.model.alert import Alert, Severity

Condition = Callable[[Alert, str | None], bool]
Read = Callable[[Alert, str | None], str | None]
"""The text of one field; None when the alert does not have it."""
Test = Callable[[str | None], bool]

UNKNOWN = "unknown"
_LONGEST_SHOWN = 80
_MOST_SHOWN = 5
_WORST_FIRST = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW, Severity.INFO)


@dataclass(slots=True)
class _Conditions:
    """All conditions of one rule, made ready when first asked.

    The index answers for most rules, and the closures and patterns of one rule weigh kilobytes.
    """

    conditions: Mapping[str, Matcher]
    parts: tuple[tuple[Read, Test], ...] | None = None

    def __call__(self, alert: Alert, site: str | None) -> bool:
        parts = self.parts
        if parts is None:
            parts = tuple((reader(name), value_test(matcher)) for name, matcher in self.conditions.items())
            self.parts = parts
        return all(test(read(alert, site)) for read, test in parts)


def compile_conditions(conditions: Mapping[str, Matcher]) -> Condition:
    """True when every condition holds; no condition at all holds for every alert.

    Patterns were tried when the document was read; a bad one raises ValueError when it is first asked.
    """
    return _Conditions(conditions)


def failures(conditions: Mapping[str, Matcher], alert: Alert, site: str | None) -> list[str]:
    """Every condition that does not hold, in words and in the order of the rule. For explanations, not for deciding."""
    said = []
    for name, matcher in conditions.items():
        value = reader(name)(alert, site)
        if not value_test(matcher)(value):
            said.append(f"{name} is {(value or UNKNOWN)[:_LONGEST_SHOWN]}, the rule asks for {wanted(matcher)}")
    return said


def wanted(matcher: Matcher) -> str:
    """A matcher in words: ``rmm or siem``, ``anything but test``, ``a text that contains disk``."""
    if matcher.is_ is not None:
        return _any(matcher.is_)
    if matcher.not_ is not None:
        return f"anything but {_any(matcher.not_)}"
    if matcher.at_least is not None:
        return f"{matcher.at_least} or worse"
    if matcher.contains is not None:
        return f"a text that contains {_any(matcher.contains)}"
    if matcher.prefix is not None:
        return f"a text that begins with {_any(matcher.prefix)}"
    if matcher.glob is not None:
        return f"a text like {_any(matcher.glob)}"
    return f"a text that fits the regex {matcher.regex}"


def _any(texts: Iterable[str]) -> str:
    shown = [text[:_LONGEST_SHOWN] for text in texts]
    more = f" or {len(shown) - _MOST_SHOWN} more" if len(shown) > _MOST_SHOWN else ""
    return " or ".join(shown[:_MOST_SHOWN]) + more


def at_least(severity: str, floor: str) -> bool:
    """Whether ``severity`` is ``floor`` or worse; ``unknown`` never is, nor is anything at least ``unknown``."""
    worst = [str(word) for word in _WORST_FIRST]
    return severity in worst and floor in worst and worst.index(severity) <= worst.index(floor)


def reader(name: str) -> Read:
    """How to read the field ``name`` (one of ``FIELDS`` or ``labels.NAME``) of an alert at a site."""
    if name == "site":
        return lambda _alert, site: site
    if name.startswith("labels."):
        label = name.removeprefix("labels.")
        return lambda alert, _site: alert.labels.get(label)
    return lambda alert, _site: getattr(alert, name)


def value_test(matcher: Matcher) -> Test:
    """Whether a field's text is one that ``matcher`` takes."""
    if matcher.is_ is not None:
        accepted = folded(matcher.is_)
        return lambda value: (value or UNKNOWN).casefold() in accepted
    if matcher.not_ is not None:
        unwanted = folded(matcher.not_)
        return lambda value: (value or UNKNOWN).casefold() not in unwanted
    if matcher.at_least is not None:
        floor = matcher.at_least
        return lambda value: at_least(value or UNKNOWN, floor)
    return _text_test(matcher)


def folded(texts: Iterable[str]) -> frozenset[str]:
    """Texts as they are compared; unlike lower case this also joins ``\u00df`` and ``ss``."""
    return frozenset(text.casefold() for text in texts)


def _text_test(matcher: Matcher) -> Test:
    if matcher.contains is not None:
        parts = tuple(text.casefold() for text in matcher.contains)
        return lambda value: value is not None and any(part in value.casefold() for part in parts)
    if matcher.prefix is not None:
        starts = tuple(text.casefold() for text in matcher.prefix)
        return lambda value: value is not None and value.casefold().startswith(starts)
    if matcher.glob is not None:
        globs = tuple(compile_glob(text) for text in matcher.glob)
        return lambda value: value is not None and _fits(globs, as_bytes(value.casefold()))
    pattern = compile_regex(matcher.regex or "")
    return lambda value: value is not None and pattern.search(as_bytes(value)) is not None


def _fits(globs: Iterable[Any], text: bytes) -> bool:
    return any(glob.fullmatch(text) for glob in globs)
