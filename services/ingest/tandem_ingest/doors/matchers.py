"""The ``filter`` of Alertmanager's API: ``name="value"`` with ``=``, ``!=``, ``=~`` and ``!~``; regexes on RE2 only.

Source: prometheus/alertmanager, pkg/labels/parse.go and matcher.go: a pattern is anchored, a missing label is empty.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from tandem.agreement.patterns import as_bytes, compile_regex

Matcher = Callable[[Mapping[str, str]], bool]
_MATCHER = re.compile(r'\s*([a-zA-Z_:][a-zA-Z0-9_:.-]*)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*+"|[^"]*+)\s*', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def matcher(text: str) -> Matcher:
    """What ``text`` demands of labels.

    Raises:
        ValueError: it is no matcher, or its regex is none; in words for the one who wrote it.
    """
    found = _MATCHER.fullmatch(text[:4096])
    if found is None:
        raise ValueError(f"bad matcher format: {text[:64]}")
    name, operator, value = found[1], found[2], _value(found[3].strip())
    wanted = not operator.startswith("!")
    if not operator.endswith("~"):
        return lambda labels: (labels.get(name, "") == value) is wanted
    pattern = compile_regex(f"^(?s:{value})$")
    return lambda labels: (pattern.search(as_bytes(labels.get(name, ""))) is not None) is wanted


def _value(said: str) -> str:
    if not said.startswith('"'):
        return said
    return _ESCAPE.sub(lambda escape: {"n": "\n", "t": "\t"}.get(escape[1], escape[1]), said[1:-1])
