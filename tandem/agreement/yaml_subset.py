"""The YAML that nearly every document is written in, read ten times as fast as by the complete reader.

Block and flow maps and lists, plain and quoted texts on one line, comments. Whatever else stands in a document
(anchors, block texts, texts over several lines, tabs, any fault) makes ``read_subset`` answer None, and the complete
reader decides. What it does read is the same tree with the same places; a test compares both on thousands of documents.
"""

from __future__ import annotations

import json
import re

from tandem.agreement.tree import NULL, Builder, Node
from tandem.errors import AgreementError, Problem

NEVER_CLOSED = "a quote is opened here and never closed"

_LONGEST_KEY = 1000
"""The complete reader knows a key only by a colon within 1,024 characters."""

# A text begins with no sign that means something, and holds neither ": " nor " #".
_BLOCK_TEXT = re.compile(
    r"""(?:[^\s,\[\]{}:\#'"&*!|>%@`?-]|-(?=[^\s,\[\]{}]))"""
    r"""[^\n:\#]*(?:(?::(?=\S)|(?<=\S)\#)[^\n:\#]*)*"""
)
_FLOW_TEXT = re.compile(
    r"""(?:[^\s,\[\]{}:\#'"&*!|>%@`?-]|-(?=[^\s,\[\]{}]))"""
    r"""[^\n,\[\]{}:\#?]*(?:(?::(?=[^\s,\[\]{}])|(?<=\S)\#)[^\n,\[\]{}:\#?]*)*"""
)
_QUOTED = re.compile(r""" "[^"\\\n]*(?:\\["\\/bfnrt][^"\\\n]*)*" | '[^'\n]*(?:''[^'\n]*)*'(?!') """, re.VERBOSE)
_COLON = re.compile(r" *:(?=[ \n]|\Z)")
_FLOW_COLON = re.compile(r" *:(?=[ \n])")
_LINE_END = re.compile(r"(?: +\#[^\n]*| *)(?:\n|\Z)")
_NOTHING = re.compile(r"(?:[ ]*(?:\#[^\n]*)?\n)*[ ]*(?:\#[^\n]*\Z)?")
"""Blank lines and comment lines, and the indentation of the next line."""
_FLOW_BLANK = re.compile(r"(?:[ \n]+(?:\#[^\n]*)?)*")
_BLANKS = re.compile(r" *")


class _OutsideError(Exception):
    """Something that this reader leaves to the complete one."""


def read_subset(text: str, file: str) -> Node | None:
    """The tree of ``text``; None when anything in it is not of the subset.

    Raises:
        AgreementError: it is too large or too deep, has a key twice, or a quote that nothing closes.
    """
    # Tabs, carriage returns and everything invisible are for the complete reader.
    if not text.replace("\n", "").isprintable() or text.startswith(("---", "...", "%")):
        return None
    if "\n---" in text or "\n..." in text or "\n%" in text:
        return None
    reader = _Reader(text, Builder(file))
    try:
        reader.document()
    except _OutsideError:
        return None
    builder = reader.builder
    if builder.problems:
        raise AgreementError(builder.problems)
    return builder.root


class _Reader:
    """Goes through the text once; ``at`` is the offset of what comes next, always on line ``line``."""

    def __init__(self, text: str, builder: Builder) -> None:
        self.text = text
        self.builder = builder
        self.at = 0
        self.line = 1
        self.start = 0
        """Offset of the line's first character."""

    @property
    def column(self) -> int:
        """0-based."""
        return self.at - self.start

    def document(self) -> None:
        """The whole text is one value."""
        self._to_next_line(0)
        if self.at == len(self.text):
            raise _OutsideError
        if self.text[self.at] in "[{":
            self._flow(-1)
            self._line_end()
        else:
            self._block(0)
        if self.at != len(self.text):
            raise _OutsideError

    def _to_next_line(self, offset: int) -> None:
        """From the start of a line to the first character that is neither blank nor comment."""
        found = _NOTHING.match(self.text, offset)
        end = found.end() if found else offset
        lines = self.text.count("\n", offset, end)
        self.line += lines
        if lines:
            self.start = self.text.rindex("\n", offset, end) + 1
        elif offset:
            self.start = offset
        self.at = end

    def _line_end(self) -> None:
        """After a value nothing but a comment; then on to the next line with content."""
        found = _LINE_END.match(self.text, self.at)
        if found is None:
            raise _OutsideError
        if found.end() == len(self.text) and not self.text.endswith("\n", 0, found.end()):
            self.at = len(self.text)
            return
        self.line += 1
        self.start = found.end()
        self._to_next_line(found.end())

    def _at_end(self) -> bool:
        return self.at >= len(self.text)

    def _is_dash(self) -> bool:
        return self.text.startswith(("- ", "-\n"), self.at) or (self.text[self.at :] == "-")

    def _block(self, least: int) -> None:
        """A block map or list that begins here, at column ``least`` or further in."""
        if self._at_end() or self.column < least:
            raise _OutsideError
        if self._is_dash():
            self._list(self.column)
        else:
            self._map(self.column)

    def _list(self, indent: int) -> None:
        self.builder.begin("list", self.line, self.column + 1)
        while not self._at_end() and self.column == indent and self._is_dash():
            self.at += 1
            if _LINE_END.match(self.text, self.at):
                self._line_end()
                self._block(indent + 1)
            else:
                self._blanks()
                self._entry(indent)
        self.builder.end()
        if not self._at_end() and self.column > indent:
            raise _OutsideError

    def _entry(self, indent: int) -> None:
        """What stands behind a dash on its line: a value, or the first key of a map."""
        if self._is_dash() or self._at_end():
            raise _OutsideError
        if self.text[self.at] in "[{":
            self._flow(indent)
            self._ended(indent)
            return
        text, end = self._scalar(_BLOCK_TEXT)
        if _COLON.match(self.text, end):
            self._map(self.column)
        else:
            self.builder.text(self.line, self.column + 1, text)
            self.at = end
            self._ended(indent)

    def _map(self, indent: int) -> None:
        builder = self.builder
        builder.begin("map", self.line, indent + 1)
        while not self._at_end() and self.column == indent:
            key, end = self._scalar(_BLOCK_TEXT)
            colon = _COLON.match(self.text, end)
            if colon is None or end - self.at > _LONGEST_KEY:
                raise _OutsideError
            builder.text(self.line, indent + 1, key)
            self.at = colon.end()
            self._value(indent)
        builder.end()
        if not self._at_end() and self.column > indent:
            raise _OutsideError

    def _value(self, indent: int) -> None:
        """What stands behind a key and its colon."""
        if _LINE_END.match(self.text, self.at):
            self._line_end()
            self._below(indent)
            return
        self._blanks()
        if self.text[self.at] in "[{":
            self._flow(indent)
            self._ended(indent)
        else:
            text, end = self._scalar(_BLOCK_TEXT)
            self.builder.text(self.line, self.column + 1, text)
            self.at = end
            self._ended(indent)

    def _below(self, indent: int) -> None:
        """The value of a key with nothing behind it: on the lines below, or null."""
        if not self._at_end() and self.column > indent:
            self._block(indent + 1)
        elif not self._at_end() and self.column == indent and self._is_dash():
            self._list(indent)
        else:  # null stands where the complete reader says: at what comes next
            self.builder.text(self.line, self.column + 1, None)

    def _ended(self, indent: int) -> None:
        """After a value: what comes on the next line belongs to something else."""
        self._line_end()
        if not self._at_end() and self.column > indent:
            raise _OutsideError

    def _scalar(self, plain: re.Pattern[str]) -> tuple[str | None, int]:
        """The text that begins here and the offset behind it."""
        first = self.text[self.at]
        if first in "\"'":
            quoted = _QUOTED.match(self.text, self.at)
            if quoted is None:
                self._refuse_open(first)
                raise _OutsideError
            return _unquoted(quoted.group()), quoted.end()
        found = plain.match(self.text, self.at)
        if found is None:
            raise _OutsideError
        text = found.group().rstrip(" ")
        return (None if text in NULL else text), self.at + len(text)

    def _refuse_open(self, quote: str) -> None:
        """A quote that nothing closes: the complete reader says the same, but takes all the text apart for it."""
        if self.text.find(quote, self.at + 1) < 0 and self.text.find("\\", self.at) < 0:
            line = self.text.count("\n") + 1
            column = len(self.text) - self.text.rfind("\n")
            raise AgreementError([Problem(self.builder.file, line, column, NEVER_CLOSED)])

    def _blanks(self) -> None:
        found = _BLANKS.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def _flow(self, indent: int) -> None:
        """A bracket and everything up to the one that closes it; lines below stand further in than ``indent``."""
        opening = self.text[self.at]
        closing = "]" if opening == "[" else "}"
        self.builder.begin("list" if opening == "[" else "map", self.line, self.column + 1)
        self.at += 1
        while True:
            self._flow_blank(indent)
            if self.text[self.at] == closing:
                break
            if opening == "{":
                self._flow_key(indent)
            self._flow_value(indent)
            self._flow_blank(indent)
            if self.text[self.at] == ",":
                self.at += 1
            elif self.text[self.at] != closing:
                raise _OutsideError
        self.at += 1
        self.builder.end()

    def _flow_key(self, indent: int) -> None:
        quoted = self.text[self.at] in "\"'"
        key, end = self._scalar(_FLOW_TEXT)
        # Behind a quoted key the colon needs no blank: JSON.
        colon = _FLOW_COLON.match(self.text, end)
        if colon is None and not (quoted and self.text.startswith(":", end)):
            raise _OutsideError
        if end - self.at > _LONGEST_KEY:
            raise _OutsideError
        self.builder.text(self.line, self.column + 1, key)
        self.at = colon.end() if colon else end + 1
        self._flow_blank(indent)

    def _flow_value(self, indent: int) -> None:
        if self.text[self.at] in "[{":
            self._flow(indent)
            return
        text, end = self._scalar(_FLOW_TEXT)
        self.builder.text(self.line, self.column + 1, text)
        self.at = end

    def _flow_blank(self, indent: int) -> None:
        """Over blanks, line ends and comments to the next sign of the collection."""
        found = _FLOW_BLANK.match(self.text, self.at)
        end = found.end() if found else self.at
        if end >= len(self.text):
            raise _OutsideError
        lines = self.text.count("\n", self.at, end)
        if lines:
            self.line += lines
            self.start = self.text.rindex("\n", self.at, end) + 1
            if end - self.start <= indent:
                raise _OutsideError
        self.at = end


def _unquoted(quoted: str) -> str:
    """The text between quotes."""
    if quoted[0] == "'":
        return quoted[1:-1].replace("''", "'")
    return str(json.loads(quoted)) if "\\" in quoted else quoted[1:-1]
