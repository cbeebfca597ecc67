"""A title for somebody who is woken: the rule's name and, when it says more, what is wrong."""

from __future__ import annotations

from tandem_ingest.vendors import shape

LONGEST = 200
"""Of the second part: a title is one line on a telephone, and the whole text is in the description."""


def headline(name: object, about: object) -> str | None:
    """``name: about``, or the one that says everything; None when both are empty.

    Only the first line of ``about`` counts, cut at a word.
    """
    rule, told = shape.text(name), shape.text(about)
    first = told.splitlines()[0].strip() if told else ""
    if rule is None or not first or first.startswith("{"):  # a document is no sentence
        return rule or first or None
    if first.casefold() in rule.casefold():
        return rule
    if rule.casefold() in first.casefold():
        return _cut(first)
    return f"{rule}: {_cut(first)}"


def _cut(line: str) -> str:
    return line if len(line) <= LONGEST else line[:LONGEST].rsplit(" ", 1)[0] + " …"
