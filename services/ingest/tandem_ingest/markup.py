"""XML to a value of JSON's shape, by expat alone: no DTD, no entity of its own, nothing fetched. Knows no vendor.

``<a x="1"><b>t</b><b/></a>`` is ``{"a": {"@x": "1", "b": ["t", None]}}``; the text of an element that has attributes or
children is ``#text``. Names lose their prefix: which one a sender chose says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.parsers import expat

from tandem.errors import Reason, Refused
from tandem_ingest.unreadable import Unreadable

MAX_DEPTH = 64
MAX_NODES = 5_000
"""Elements and attributes."""
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)")
TEXT = "#text"


def tree_of(text: str) -> dict[str, object]:
    """The root element by its name; characters XML forbids become blanks, an ampersand that stands alone is one.

    Raises:
        Refused: nested deeper than MAX_DEPTH or more than MAX_NODES elements and attributes.
        Unreadable: not well-formed, or it brings a document type.
    """
    try:
        return _parsed(text)
    except (expat.ExpatError, UnicodeEncodeError):  # expat refuses whatever is forbidden: few texts need the cleaning
        tidy = _FORBIDDEN.sub(" ", text)
    try:
        return _parsed(tidy)
    except expat.ExpatError:
        mended = _BARE_AMPERSAND.sub("&amp;", tidy)
    try:
        return _parsed(mended)
    except expat.ExpatError as error:
        raise Unreadable("neither JSON nor well-formed XML") from error


def _parsed(text: str) -> dict[str, object]:
    tree = _Tree()
    # The encoding is ours: what the declaration says was true of other bytes.
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = tree.start
    parser.EndElementHandler = tree.end
    parser.CharacterDataHandler = tree.text.append  # without a function of ours between
    parser.Parse(text.encode(), True)  # noqa: FBT003 - expat's own signature
    return tree.root


def _refuse_doctype(*_: object) -> None:
    raise Unreadable("XML with a document type")


class _Tree:
    """Puts elements together; a stack instead of recursion."""

    def __init__(self) -> None:
        self.root: dict[str, object] = {}
        self.text: list[str] = []
        """What was said since the last tag."""
        self._open: list[dict[str, object]] = [self.root]
        self._texts: list[list[str]] = [[]]
        """Of each open element: what was said before its last child."""
        self._nodes = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:  # noqa: ARG002 - the name is taken at the end
        self._nodes += 1 + len(attributes)
        if self._nodes > MAX_NODES:
            raise Refused(Reason.TOO_COMPLEX, f"more than {MAX_NODES} elements and attributes")
        if len(self._open) > MAX_DEPTH:
            raise Refused(Reason.TOO_COMPLEX, f"nested deeper than {MAX_DEPTH}")
        if text := self.text:
            self._texts[-1] += text
            text.clear()
        self._open.append(_kept(attributes) if attributes else {})
        self._texts.append([])

    def end(self, name: str) -> None:
        element, before, text = self._open.pop(), self._texts.pop(), self.text
        if before:
            text[:0] = before
        said = (text[0] if len(text) == 1 else "".join(text)).strip()
        text.clear()
        if said and element:
            element[TEXT] = said
        parent, key = self._open[-1], _local(name) if ":" in name else name
        if key not in parent:
            parent[key] = element or said or None
            return
        others = parent[key]
        if isinstance(others, list):  # no element is a list, so this one gathers its brothers
            others.append(element or said or None)
        else:
            parent[key] = [others, element or said or None]


def _kept(attributes: Mapping[str, str]) -> dict[str, object]:
    return {f"@{_local(key)}": value for key, value in attributes.items() if not key.startswith("xmlns")}


def _local(name: str) -> str:
    return name.rpartition(":")[2] or name
