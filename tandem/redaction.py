"""Cuts secrets and control characters out of values on their way to logs and error texts. Pure; writes nothing.

Some senders cannot set a header, so a secret may stand in a path (``/v1/alerts/{integration}/{secret}``, heartbeats,
ack links ``/a/{token}``). Cutting too much is cheap here, too little is a leak.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

HIDDEN = "***"
LONGEST = 4_000
"""Characters of one text."""
LONGEST_BLOCK = 16_000
"""Characters of a traceback."""
MANY = 100
"""Elements of one list or mapping."""
DEEPEST = 4

_SECRET_KEY = re.compile(
    r"(?i)(^|[-_. ])(authorization|cookie|passw(or)?d|passphrase|secret|token|signature|credentials?"
    r"|api[-_]?key|secret[-_]?key|private[-_]?key|tandem[-_]key|genie[-_]?key|routing[-_]?key|integration[-_]?key)$"
)
_IN_PATH = (
    re.compile(r"(/v1/alerts/+[^/\s?#\"']+/+)[^/\s?#\"']+"),
    re.compile(r"(/v1/heartbeats/+[^/\s?#\"']+/+[^/\s?#\"']+/+)(?!(?:fail|start)(?:$|[\s?#\"']))[^/\s?#\"']+"),
    re.compile(r"(/am/+[^/\s?#\"']+/+)(?!api/)[^/\s?#\"']+"),
    re.compile(r"(/a/+)[^/\s?#\"']+"),
    re.compile(r"(/callbacks/+[^/\s?#\"']+/+)[^/\s?#\"']+"),
)
_IN_TEXT = (
    re.compile(
        r"(?i)([?&](?:(?:auth_|access_)?token|secret|key|api_?key|sig|signature|password|code|state)=)[^&\s#\"']+"
    ),
    re.compile(r"(?i)(\b(?:bearer|basic|geniekey)[ :]+)[A-Za-z0-9._~+/=-]{6,}"),
    re.compile(r"(\btdm_)[A-Za-z0-9_-]+"),
    re.compile(r"(\bwhs(?:ec|k)_)[A-Za-z0-9+/=_-]+"),
    re.compile(r"(://[^/\s:@]*:)[^/\s@]+(?=@)"),
)
# C0, DEL, C1, line and paragraph separators, bidirectional overrides, lone surrogates: whatever moves the cursor,
# forges a line or cannot be encoded.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_UNPRINTABLE_IN_BLOCK = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def redact(text: str) -> str:
    """``text`` without what authenticates anybody."""
    if "/" in text:
        for pattern in _IN_PATH:
            text = pattern.sub(rf"\g<1>{HIDDEN}", text)
    for pattern in _IN_TEXT:
        text = pattern.sub(rf"\g<1>{HIDDEN}", text)
    return text


def clean(value: Any, key: str = "", depth: int = 0) -> Any:  # noqa: ANN401 - any value a log line may carry
    """``value`` fit for a log: same shape, bounded, texts redacted and escaped; unknown types as their text."""
    if key and _SECRET_KEY.search(key):
        return HIDDEN
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, bytes):
        return clean(value[:LONGEST].decode("utf-8", "backslashreplace"))
    if isinstance(value, Mapping | list | tuple | set | frozenset) and depth < DEEPEST:
        return _clean_many(value, depth + 1)
    return _escape(redact(_cut(value if isinstance(value, str) else str(value), LONGEST)), _UNPRINTABLE)


def clean_block(text: str) -> str:
    """A traceback: as ``clean``, but lines stay lines, indented so that none can pass for a line of the log."""
    return _escape(redact(_cut(text, LONGEST_BLOCK)), _UNPRINTABLE_IN_BLOCK).replace("\n", "\n    ")


def _clean_many(value: Any, depth: int) -> Any:  # noqa: ANN401 - see clean
    if isinstance(value, Mapping):
        pairs = list(value.items())[:MANY]
        return {clean(str(name)): clean(each, str(name), depth) for name, each in pairs}
    items = list(value)[:MANY]
    if len(items) == 2 and isinstance(items[0], str | bytes):  # a header as a pair
        name = items[0] if isinstance(items[0], str) else items[0].decode("latin-1")
        return [clean(name), clean(items[1], name, depth)]
    return [clean(each, "", depth) for each in items]


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}... ({len(text)} characters)"


def _escape(text: str, pattern: re.Pattern[str]) -> str:
    return pattern.sub(_as_escape, text)


def _as_escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if match[0] in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[match[0]]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
