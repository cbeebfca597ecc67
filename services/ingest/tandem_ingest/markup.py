"""XML to a value of JSON's shape, by expat alone: no DTD, no entity of its own, nothing fetched. Knows no vendor.

``<a x="1"><b>t</b><b/></a>`` is ``{"a": {"@x": "1", "b": ["t", None]}}``; the text of an element that has attributes or
children is ``#text``. Names lose their prefix: which one a sender chose says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from tandem.errors import Reason, Refused
from tandem_ingest.unreadable import Unreadable

MAX_DEPTH = 64
MAX_NODES = 5_000
"""Elements and attributes."""
_MOST_TAGS = 8 * MAX_NODES
"""Two for each element, and comments and the like."""
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
    if text.count("<") > _MOST_TAGS:  # no need to build what is refused anyway
        raise _too_many()
    builder = TreeBuilder()
    # The encoding is ours: what the declaration says was true of other bytes.
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    # Without a function of ours between: a call for each tag and text is most of what small documents cost.
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.Parse(text.encode(), True)  # noqa: FBT003 - expat's own signature
    root = builder.close()
    if text.count("<") + text.count("=") > MAX_NODES and _nodes(root) > MAX_NODES:
        raise _too_many()
    return {_local(root.tag): _value(root, 1)}


def _refuse_doctype(*_: object) -> None:
    raise Unreadable("XML with a document type")


def _too_many() -> Refused:
    return Refused(Reason.TOO_COMPLEX, f"more than {MAX_NODES} elements and attributes")


def _nodes(root: Element) -> int:
    return sum(1 + len(each.attrib) for each in root.iter())


def _value(element: Element, depth: int) -> object:
    """Its attributes and children by name with its text, its text alone, or None."""
    if depth == MAX_DEPTH and len(element):
        raise Refused(Reason.TOO_COMPLEX, f"nested deeper than {MAX_DEPTH}")
    found = _kept(element.attrib) if element.attrib else {}
    said = element.text or ""
    for child in element:
        _put(found, _local(child.tag), _value(child, depth + 1) if len(child) or child.attrib else _said(child.text))
        said += child.tail or ""
    said = said.strip()
    if said and found:
        found[TEXT] = said
    return found or said or None


def _said(text: str | None) -> str | None:
    return (text.strip() or None) if text else None


def _put(found: dict[str, object], name: str, value: object) -> None:
    """Brothers of one name gather in a list; no element is one itself."""
    if name not in found:
        found[name] = value
        return
    others = found[name]
    if isinstance(others, list):
        others.append(value)
    else:
        found[name] = [others, value]


def _kept(attributes: Mapping[str, str]) -> dict[str, object]:
    return {f"@{_local(key)}": value for key, value in attributes.items() if not key.startswith("xmlns")}


def _local(name: str) -> str:
    return (name.rpartition(":")[2] or name) if ":" in name else name
