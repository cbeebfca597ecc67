"""Makes text from outside harmless, once, at the edge: NUL, control characters, lone surrogates, length.

PostgreSQL refuses NUL and lone surrogates, a terminal obeys escape sequences, and bidirectional overrides make a
title read as something else. Whoever stores or shows a text after this need not think of it again. Escaping for
HTML, chat or mail is not done here: it belongs to the place that writes that form.
"""

from __future__ import annotations

import re
from hashlib import sha256

import msgspec

TITLE = 300
DESCRIPTION = 4000
NAME = 255
"""Hosts, customers, dedup keys."""
WORD = 64
"""Severity words and label names."""
LABEL = 1000
URL = 2000

_SURROGATE = re.compile("[\ud800-\udfff]")
_ODD = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff"
_IN_LINE = re.compile(f"[{_ODD}\t\n\r\u2028\u2029]+")
_IN_BLOCK = re.compile(f"[{_ODD}\t]+")
_LINE_ENDS = re.compile("\r\n?|[\u2028\u2029]")
_HASH = 33
"""Characters of ``~`` and half a SHA-256 that keep two long keys apart after the cut."""
_LONG = 200
_quoted = msgspec.json.Encoder().encode


def printable(value: str) -> bool:
    """``value.isprintable()``, which looks up every character: a long ASCII text is asked of the JSON encoder instead.

    It escapes control characters, quotes and backslashes, a block of bytes at a time; only DEL it leaves as it is.
    """
    if len(value) > _LONG and value.isascii() and len(_quoted(value)) == len(value) + len('""'):
        return "\x7f" not in value
    return value.isprintable()


def line(value: str, limit: int) -> tuple[str, bool]:
    """``value`` on one line within ``limit`` characters, and whether anything but outer blanks was changed."""
    value = value.strip()
    if len(value) <= limit and printable(value):
        return value, False
    return _cut(value, _IN_LINE.sub(" ", _mend(value)).strip(), limit)


def block(value: str, limit: int) -> tuple[str, bool]:
    r"""Like ``line``, with line ends kept as ``\n``; writing them differently is no change."""
    value = value.strip()
    if len(value) <= limit and printable(value):
        return value, False
    value = _LINE_ENDS.sub("\n", value)
    return _cut(value, _IN_BLOCK.sub(" ", _mend(value)).strip(), limit)


def key(value: str, limit: int = NAME) -> tuple[str, bool]:
    """A dedup key: cut or cleaned ones carry a hash of what they were, so that two never become one."""
    clean, altered = line(value, limit)
    if not altered:
        return clean, False
    return f"{clean[: limit - _HASH]}~{short_hash(value)}", True


def short_hash(*parts: str) -> str:
    """32 hex digits of the SHA-256 of ``parts``, each closed by NUL."""
    digest = sha256()
    for part in parts:
        digest.update(part.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()[:32]


def _mend(value: str) -> str:
    return _SURROGATE.sub("\ufffd", value)


def _cut(before: str, clean: str, limit: int) -> tuple[str, bool]:
    if len(clean) > limit:
        return clean[: limit - 1].rstrip() + "…", True
    return clean, clean != before
