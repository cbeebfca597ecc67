"""One section of a YAML document, written anew; every other line of the file stays as its owner wrote it.

Inside the section, an entry that says the same as before keeps its lines and the comments above it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from tandem.agreement.document import Node, parse, plain
from tandem.errors import AgreementError, Problem

Entry = Mapping[str, Any]
"""An entry of a list as it stands in a document."""
LONGEST_LINE = 118
_WORDS = frozenset({"", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n"})
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./@+ ")
"""Characters of a text that needs no quotes anywhere; a URL needs its colon and is looked at apart."""


def replace_section(
    text: str, name: str, entries: Sequence[Entry], *, file: str, read: Callable[[Any], Entry | None]
) -> str:
    """``text`` with the list ``name`` (top level) holding ``entries``; put at the end when it is not there.

    Args:
        text: the document.
        name: the section, a list of entries with an ``id``.
        entries: as they stand in a document: texts, numbers, lists and maps of them.
        file: its name, for messages.
        read: an entry of the old section in the form of ``entries``, None when it is unreadable.

    Raises:
        AgreementError: ``text`` is no YAML, or is written as one ``{...}``.
    """
    root = parse(text, file)
    if root.kind != "map" or (root.entries and _flow(text, root)):
        message = "the sections of this document do not stand on lines of their own, so none can be replaced"
        raise AgreementError([Problem(file, root.line, root.column, message)])
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    start, end = _extent(lines, root, name)
    old = root.entries[name][1] if name in root.entries else Node("map", 1, 1)
    kept = _kept(lines, old, start, end, read)
    head = lines[start : start + 1] if kept else [f"{name}:\n"]
    section = [*head, *(kept.get(repr(entry)) or entry_line(entry) for entry in entries)]
    gap = ["\n"] if start == len(lines) and lines and lines[-1].strip() else []
    made = "".join([*lines[:start], *gap, *(section if entries else [f"{name}: []\n"]), *lines[end:]])
    return made.replace("\r\n", "\n").replace("\n", "\r\n") if "\r\n" in text else made


def without_key(text: str, name: str, *, file: str) -> str:
    """``text`` without the top-level key ``name`` and what belongs to it."""
    root = parse(text, file)
    if name not in root.entries:
        return text
    lines = text.splitlines(keepends=True)
    start, end = _extent(lines, root, name)
    return "".join([*lines[:start], *lines[end:]])


def section_of(name: str, entries: Sequence[Entry]) -> str:
    """The section on its own."""
    return "".join([f"{name}:\n", *(entry_line(entry) for entry in entries)]) if entries else f"{name}: []\n"


def entry_line(entry: Entry) -> str:
    """An entry of a list: on one line where it fits, else one line per key."""
    line = f"  - {{{', '.join(f'{key}: {_flow_text(value)}' for key, value in entry.items())}}}\n"
    if len(line) <= LONGEST_LINE:
        return line
    inner = "".join(f"    {key}: {_flow_text(value)}\n" for key, value in entry.items())
    return "  - " + inner.removeprefix("    ")


def scalar(text: str) -> str:
    """``text`` as YAML, in quotes only where it needs them."""
    word = text.replace("://", "", 1)
    odd = text.casefold() in _WORDS or text != text.strip() or text[0] in "-. @+" or set(word) - _PLAIN
    return '"' + "".join(_escaped(char) for char in text) + '"' if odd else text


def _flow_text(value: Any) -> str:  # noqa: ANN401 - whatever a row holds
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_flow_text(part)}" for key, part in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_flow_text(part) for part in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float)) else scalar(str(value))


def _escaped(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    if char.isprintable():
        return char
    number = ord(char)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _flow(text: str, root: Node) -> bool:
    lines = text.splitlines()
    return root.line <= len(lines) and lines[root.line - 1][root.column - 1 : root.column] == "{"


def _extent(lines: list[str], root: Node, name: str) -> tuple[int, int]:
    """[first, end) of the section's lines, 0-based; what is above the next key belongs to that key."""
    if name not in root.entries:
        return len(lines), len(lines)
    start = root.entries[name][0].line - 1
    below = [key.line - 1 for key, _ in root.entries.values() if key.line - 1 > start]
    return start, _without_comments(lines, start, min(below, default=len(lines)), indented=False)


def _without_comments(lines: list[str], start: int, end: int, *, indented: bool) -> int:
    """``end`` moved up over blank lines and comments, which belong to what follows."""
    while end - 1 > start:
        line = lines[end - 1]
        if line.strip() and not (line.lstrip() if indented else line).startswith("#"):
            break
        end -= 1
    return end


def _kept(lines: list[str], section: Node, start: int, end: int, read: Callable[[Any], Entry | None]) -> dict[str, str]:
    """What each entry says -> its lines with the comments above them, for a list with one entry per line."""
    firsts = [part.line - 1 for part in section.parts]
    apart = len(set(firsts)) == len(firsts) and all(lines[first].lstrip().startswith("- ") for first in firsts)
    if section.kind != "list" or not firsts or not apart or firsts[0] == start:
        return {}
    ends = [*(_without_comments(lines, a, b, indented=True) for a, b in pairwise(firsts)), end]
    begins = [start + 1, *ends[:-1]]
    entries = [read(plain(part)) for part in section.parts]
    return {
        repr(entry): "".join(lines[begin:last])
        for entry, begin, last in zip(entries, begins, ends, strict=True)
        if entry is not None
    }
