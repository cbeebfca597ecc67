"""Reads severity and status out of a line that a person or a script wrote. Careful: a word in a sentence is none.

Marks are words at the line's start before punctuation (``critical: disk full``), in brackets at either end
(``[P2] fileserver``, ``disk full (warning)``), and words in capitals anywhere (``srv1/Disk is CRITICAL``).
"""

from __future__ import annotations

import re
from typing import NamedTuple

OVER = frozenset({"resolved", "ok", "recovery", "recovered", "cleared", "clear", "closed", "up", "fixed", "normal"}
                 | {"success"})  # fmt: skip
LEVELS = frozenset(
    {"critical", "crit", "emergency", "emerg", "fatal", "disaster", "severe", "page", "high", "error", "err", "major"}
    | {"medium", "moderate", "warning", "warn", "average", "low", "minor", "info", "informational", "information"}
    | {"notice", "debug"}
    | {f"{letter}{number}" for letter in ("p", "sev") for number in range(1, 6)}
)
FIRING = frozenset({"alert", "alarm", "firing", "problem", "down", "failed", "failure", "triggered"})
QUIET = frozenset({"low", "high", "page", "up", "clear", "normal", "average", "alert", "alarm", "down"}
                  | {"closed", "fixed", "success"})  # fmt: skip
"""In capitals inside a line these name what is measured: LOW DISK, CPU HIGH, port CLOSED, login SUCCESS."""
FIRM = (LEVELS | FIRING) - {"info", "informational", "information", "notice", "debug", "normal", "alert", "alarm"}
"""Set off at an end, they say that something is wrong."""
_KNOWN = OVER | LEVELS | FIRING
_WORD = "([A-Za-z]{1,13}[1-5]?)"
_LEADING = re.compile(rf"[\[(<{{*#]{{0,3}} ?{_WORD} ?(?:[\])>}}*#]{{1,3}} ?[:|!-]{{0,2}}| ?[:|!-]{{1,2}}(?= )|$)")
_TRAILING = re.compile(rf" [\[(<{{]{_WORD}[\])>}}]$")
_SHOUTED = re.compile(r"\b(?:NOT )?[A-Z]{1,13}[1-5]?\b")
_SYMBOLS = re.compile(r"^[^\x00-\x7f\w]{1,8} *(?=[\[(A-Za-z])")
"""A red circle or a tick in front of the mark."""
_STATE_LAST = re.compile(r" (?:UP|DOWN|UNREACHABLE)(?=[ *]{0,4}$)")
_SPACES = re.compile(r"[\s*]+")
_MARKS = 3
_TOKENS = re.compile(r"[^A-Za-z0-9]+")
_NAMED = frozenset({"critical", "crit", "emergency", "fatal", "warning", "warn", "info"}) | {
    f"{letter}{number}" for letter in ("p", "sev") for number in range(1, 6)
}
"""Not high, low, error, ok: "cpu-high" and "low-disk" name what is measured."""


class Said(NamedTuple):
    """What the marks of a line say."""

    level: str | None
    """The first severity word, as it was written."""
    over: bool
    rest: str
    """The line without its marks: what firing and clear have in common."""


def said_in(line: str) -> Said:
    """The marks of ``line``, which is one line of bounded length."""
    marks: list[str] = []
    rest = _without_leading(_SYMBOLS.sub("", line.strip()), marks)
    tail = _TRAILING.search(rest)
    if tail is not None and tail[1].casefold() in LEVELS | OVER:
        marks.append(tail[1])
        rest = rest[: tail.start()]
    set_off = {word.casefold() for word in marks}
    if not rest.isupper():  # a line that shouts throughout stresses nothing
        rest = _SHOUTED.sub(lambda match: _taken(match[0], marks), rest)
    if marks:  # "RECOVERY Host Alert: web1 is UP": at the end, and not alone, it is the state
        rest = _STATE_LAST.sub("", rest)
    level = next((word for word in marks if word.casefold() in LEVELS), None)
    # "CRITICAL: web1 returns no 200 OK": what is set off outweighs a word in the line.
    over = bool((set_off if set_off & FIRM else {word.casefold() for word in marks}) & OVER)
    return Said(level, over, _SPACES.sub(" ", rest).strip())


def set_off_in(line: str) -> Said:
    """The marks at the start of ``line`` only: for bodies that could have said it in a field of its own."""
    marks: list[str] = []
    rest = _without_leading(line.strip(), marks)
    level = next((word for word in marks if word.casefold() in LEVELS), None)
    return Said(level, any(word.casefold() in OVER for word in marks), rest if marks else line)


def _without_leading(rest: str, marks: list[str]) -> str:
    for _ in range(_MARKS):
        match = _LEADING.match(rest)
        if match is None or match[1].casefold() not in _KNOWN:
            break
        marks.append(match[1])
        rest = rest[match.end() :].strip()
    return rest


def _taken(word: str, marks: list[str]) -> str:
    known = word.casefold()
    if known in QUIET or known not in _KNOWN:
        return word
    marks.append(word)
    return ""


def level_in_name(name: str | None) -> str | None:
    """The severity word that a rule's name holds as a part of its own, such as ``prod-critical-cpu``."""
    return next((token for token in _TOKENS.split(name or "") if token.casefold() in _NAMED), None)
