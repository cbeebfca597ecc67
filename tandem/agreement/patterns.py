"""Patterns that users write, compiled on google-re2 only: linear time, bounded memory, never Python's ``re``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import re2

Scan = Callable[[bytes], Sequence[int]]
"""Text -> numbers of the patterns it fits; one pass over the text, however many patterns there are."""

LARGEST_PROGRAM_BYTES = 256 * 1024
"""Memory one compiled pattern may take; a counted repetition of a repetition passes it at once."""
LARGEST_SCAN_BYTES = 4 * 1024 * 1024
"""Memory one scan for many literals may take, its automaton included."""


def as_bytes(text: str) -> bytes:
    """``text`` for a pattern. A lone surrogate, which no clean alert holds, fits nothing and breaks nothing."""
    return text.encode("utf-8", "surrogatepass")


def _options(most_bytes: int = LARGEST_PROGRAM_BYTES) -> Any:  # noqa: ANN401 - re2 ships no types
    options = re2.Options()
    options.max_mem = most_bytes
    options.log_errors = False
    return options


_OPTIONS = _options()
"""Made once: a document may hold thousands of patterns."""


def compile_regex(pattern: str) -> Any:  # noqa: ANN401
    """RE2 pattern to ``search`` with. ValueError in the reader's words when it is no pattern or too large."""
    try:
        return re2.compile(pattern, options=_OPTIONS)
    except re2.error as error:
        detail = error.args[0] if error.args else ""
        reason = detail.decode("utf-8", "replace") if isinstance(detail, bytes) else str(detail)
        if "too large" in reason:
            raise ValueError("this regex is too large; say it with fewer or smaller repetitions") from None
        hint = " (look-ahead and back-references do not exist here)" if "(?" in reason or "escape" in reason else ""
        raise ValueError(f"this is no RE2 regex: {reason[:120]}{hint}") from None


def program_size(pattern: str) -> int:
    """Instructions of the compiled pattern, some eight bytes each. ValueError as ``compile_regex``."""
    return int(compile_regex(pattern).programsize)


def compile_glob(glob: str) -> Any:  # noqa: ANN401
    """``*`` and ``?`` to a pattern for ``fullmatch`` on case-folded text."""
    return compile_regex(glob_regex(glob))


def glob_regex(glob: str) -> str:
    """``glob`` as an RE2 pattern for the whole of a case-folded text."""
    wild = {"*": ".*", "?": "."}
    return "(?s)" + "".join(wild.get(char) or str(re2.escape(char)) for char in glob.casefold())


def glob_literal(glob: str) -> str | None:
    """The pattern to search with that says the same as ``glob``, when stars stand only at its ends; else None."""
    text = glob.casefold()
    middle = text.strip("*")
    if "*" in middle or "?" in middle:
        return None
    return literal(middle, start=not text.startswith("*"), end=not text.endswith("*"))


def literal(text: str, *, start: bool = False, end: bool = False) -> str:
    """The pattern that finds ``text``; ``start`` and ``end``: only at the text's very start or end."""
    return ("\\A" if start else "") + str(re2.escape(text)) + ("\\z" if end else "")


def literal_scan(patterns: Sequence[str]) -> Scan | None:
    """One automaton for patterns of ``literal``; None when they are too many for its memory.

    Only literals: their automaton grows with their length, that of ``a.*b`` with every combination of patterns.
    """
    automaton = re2.Set.SearchSet(_options(LARGEST_SCAN_BYTES))
    try:
        for pattern in patterns:
            automaton.Add(pattern)
        # RE2 tries the automaton here, so that it cannot run short later and be silent about it.
        automaton.Compile()
    except re2.error:
        return None
    return lambda text: automaton.Match(text) or ()


def regex_scan(patterns: Sequence[str]) -> Scan | None:
    """Many regexes at once: literals that each needs are looked for in one pass, and the few left are tried.

    None when their literals are too many for one automaton.
    """
    candidates = re2.Filter()
    try:
        for pattern in patterns:
            candidates.Add(pattern, _OPTIONS)
        candidates.Compile()
    except re2.error:
        return None
    return lambda text: candidates.Match(text) or ()
