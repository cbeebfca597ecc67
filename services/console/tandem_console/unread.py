"""Posts that could not be read, for people: why in plain words, and bodies in which nothing hides. Pure."""

from __future__ import annotations

_REASONS = (
    ("no mapping yet", "Nobody has said yet how this tool's messages are read: write a mapping."),
    ("nothing stands where the mapping looks", "The mapping looks in the wrong place: mend the mapping."),
    ("the mapping does not accept", "The mapping leaves this kind of message out: widen what it accepts."),
    ("the mapping looks at too much", "The message is too large for the mapping: give it more exact paths."),
    ("not JSON", "The message is broken: no JSON, XML or form can be made out, often a template of the tool."),
    ("is no number in JSON", "The message holds a value that JSON does not know (NaN, Infinity)."),
    ("an empty body", "The message was empty."),
    ("adapter failed", "Our own reading stumbled over this message: please report it with the body."),
    (": not ", "It is not the kind of message that this tool sends: is the right tool chosen, and its template whole?"),
    ("damaged", "The message was damaged on its way (compression)."),
)
_LAST_CONTROL = 0x9F


def in_words(reason: str) -> str:
    """What people can make of a reason; empty where it says it all itself."""
    return next((words for part, words in _REASONS if part in reason), "")


def visible(raw: bytes) -> str:
    r"""A body as text in which everything shows: control characters and bytes that are no text as ``\x1b``.

    Line ends and tabs stay; what has no shape of its own (a zero-width space, an override of direction) is named.
    """
    return "".join(map(_shown, raw.decode("utf-8", "backslashreplace")))


def _shown(char: str) -> str:
    code = ord(char)
    if char.isprintable() or char in "\n\t":
        return char
    return f"\\x{code:02x}" if code <= _LAST_CONTROL else f"<U+{code:04X}>"
