"""Conditions of classification rules, compiled once to closures over (alert, site). Evaluating them costs no parsing.

Texts are compared without case. A field the alert does not have counts as the word ``unknown`` for ``is`` and
``not``, and holds no text for the other operators.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tandem.agreement.patterns import compile_glob, compile_regex
from tandem.agreement.schema.scope import Matcher
from tandem.model.alert import Alert, Severity

Condition = Callable[[Alert, str | None], bool]
_Read = Callable[[Alert, str | None], str | None]
_Test = Callable[[str | None], bool]

UNKNOWN = "unknown"
_WORST_FIRST = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW, Severity.INFO)


def compile_conditions(conditions: Mapping[str, Matcher]) -> Condition:
    """True when every condition holds; no condition at all holds for every alert. ValueError for a bad pattern."""
    parts = tuple((_reader(name), _test(matcher)) for name, matcher in conditions.items())

    def holds(alert: Alert, site: str | None) -> bool:
        return all(test(read(alert, site)) for read, test in parts)

    return holds


def at_least(severity: str, floor: str) -> bool:
    """Whether ``severity`` is ``floor`` or worse; ``unknown`` never is, nor is anything at least ``unknown``."""
    worst = [str(word) for word in _WORST_FIRST]
    return severity in worst and floor in worst and worst.index(severity) <= worst.index(floor)


def _reader(name: str) -> _Read:
    if name == "site":
        return lambda _alert, site: site
    if name.startswith("labels."):
        label = name.removeprefix("labels.")
        return lambda alert, _site: alert.labels.get(label)
    return lambda alert, _site: getattr(alert, name)


def _test(matcher: Matcher) -> _Test:
    if matcher.is_ is not None:
        wanted = frozenset(text.casefold() for text in matcher.is_)
        return lambda value: (value or UNKNOWN).casefold() in wanted
    if matcher.not_ is not None:
        unwanted = frozenset(text.casefold() for text in matcher.not_)
        return lambda value: (value or UNKNOWN).casefold() not in unwanted
    if matcher.at_least is not None:
        floor = matcher.at_least
        return lambda value: at_least(value or UNKNOWN, floor)
    return _text_test(matcher)


def _text_test(matcher: Matcher) -> _Test:
    if matcher.contains is not None:
        parts = tuple(text.casefold() for text in matcher.contains)
        return lambda value: value is not None and any(part in value.casefold() for part in parts)
    if matcher.prefix is not None:
        starts = tuple(text.casefold() for text in matcher.prefix)
        return lambda value: value is not None and value.casefold().startswith(starts)
    if matcher.glob is not None:
        globs = tuple(compile_glob(text) for text in matcher.glob)
        return lambda value: value is not None and any(glob.fullmatch(value.casefold()) for glob in globs)
    pattern = compile_regex(matcher.regex or "")
    return lambda value: value is not None and pattern.search(value) is not None
