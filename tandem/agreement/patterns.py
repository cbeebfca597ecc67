"""Patterns that users write, compiled on google-re2 only: linear time, bounded memory, never Python's ``re``."""

from __future__ import annotations

from typing import Any

import re2

LARGEST_PROGRAM_BYTES = 256 * 1024
"""Memory one compiled pattern may take; a counted repetition of a repetition passes it at once."""


def _options() -> Any:  # noqa: ANN401 - re2 ships no types
    options = re2.Options()
    options.max_mem = LARGEST_PROGRAM_BYTES
    options.log_errors = False
    return options


def compile_regex(pattern: str) -> Any:  # noqa: ANN401
    """RE2 pattern to ``search`` with. ValueError in the reader's words when it is no pattern or too large."""
    try:
        return re2.compile(pattern, options=_options())
    except re2.error as error:
        detail = error.args[0] if error.args else ""
        reason = detail.decode("utf-8", "replace") if isinstance(detail, bytes) else str(detail)
        if "too large" in reason:
            raise ValueError("this regex is too large; say it with fewer or smaller repetitions") from None
        hint = " (look-ahead and back-references do not exist here)" if "(?" in reason or "escape" in reason else ""
        raise ValueError(f"this is no RE2 regex: {reason[:120]}{hint}") from None


def compile_glob(glob: str) -> Any:  # noqa: ANN401
    """``*`` and ``?`` to a pattern for ``fullmatch`` on case-folded text."""
    wild = {"*": ".*", "?": "."}
    return compile_regex("(?s)" + "".join(wild.get(char) or str(re2.escape(char)) for char in glob.casefold()))
