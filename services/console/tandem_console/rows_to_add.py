"""What to add to an agreement so that an alert nobody named gets its place: text to paste, for a person to finish.

Pure. Whatever a tool wrote is quoted: a title is never YAML of ours. What only people can decide (which function,
whose) stands as a word in capitals, which ``tandem agreement check`` refuses until it is replaced.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]

_LONGEST_ID = 40
_LONGEST_WORDS = 60
_MOST_FUNCTIONS = 12


@dataclass(frozen=True, slots=True)
class Proposal:
    """Where a text goes, and the text."""

    section: str
    """Of the agreement: classification, matrix or priorities; empty: there is nothing to paste."""
    text: str
    why: str
    """What is left to decide, for people."""


def proposal(gap: Row, functions: Iterable[str] = ()) -> Proposal:
    """For a governance item with its latest alert; ``functions`` are those the agreement knows."""
    if gap["kind"] == "unknown_word":
        return _word(gap)
    if gap["quarantined"]:
        return Proposal("", "", "Its body cannot be read: mend the mapping below, no row of the agreement helps.")
    found = gap["classification"] if isinstance(gap["classification"], Mapping) else {}
    function = found.get("function")
    named = function and str(gap["key"]).startswith(f"function {function}")
    return _row(found) if named else _rule(gap, functions)


def customer(said: str) -> str:
    """The line that gives a customer to a client; it belongs into the provider's document."""
    return f"provider:\n  customers:\n    {quoted(said)}: TENANT\n"


def quoted(text: str) -> str:
    """``text`` as a YAML scalar in double quotes, on one line."""
    plain = "".join(char if char.isprintable() else " " for char in text)
    return json.dumps(plain.encode("utf-8", "ignore").decode(), ensure_ascii=False)


def telling(title: str, host: str | None) -> str:
    """The longest run of a title's words that the next alert will have too: no host, nothing with a digit."""
    hosts = {host.casefold(), host.casefold().partition(".")[0]} if host else set()
    runs: list[list[str]] = [[]]
    for word in title.split():
        if any(char.isdigit() for char in word) or word.strip(".,:;()[]'\"").casefold() in hosts:
            runs.append([])
        else:
            runs[-1].append(word)
    best = max((" ".join(run).strip(" .,:;-") for run in runs), key=len)
    return best[:_LONGEST_WORDS].strip() or title.strip()[:_LONGEST_WORDS]


def slug(text: str) -> str:
    """An id made of a text: small letters, digits and hyphens."""
    lowered = "".join(char if char.isascii() and char.isalnum() else "-" for char in text.casefold())
    return "-".join(part for part in lowered.split("-") if part)[:_LONGEST_ID].strip("-") or "new-row"


def _word(gap: Row) -> Proposal:
    vendor, word = str(gap["vendor"]), str(gap["severity_word"] or "")
    text = f"priorities:\n  vendors:\n    {quoted(vendor)}:\n      {quoted(word.casefold())}: P3\n"
    return Proposal("priorities", text, f"How urgent {vendor}'s word {word!r} is, at least: P1 to P5.")


def _row(found: Row) -> Proposal:
    conditions = {name: str(found.get(name) or "") for name in ("function", "site", "category")}
    said = {name: value for name, value in conditions.items() if value}
    fields = "".join(f"    {name}: {quoted(value)}\n" for name, value in said.items())
    text = f"matrix:\n  - id: {slug('-'.join(said.values()))}\n{fields}    owner: OWNER\n"
    return Proposal("matrix", text, "OWNER is internal, msp, or shared (then with lead: internal or lead: msp).")


def _rule(gap: Row, functions: Iterable[str]) -> Proposal:
    vendor, said = str(gap["vendor"]), telling(str(gap["alert_title"]), gap["host"])
    when = f"      vendor: {quoted(vendor)}\n      title: {{contains: [{quoted(said)}]}}\n"
    name = slug(f"{vendor}-{said}")
    text = f"classification:\n  - id: {name}\n    when:\n{when}    function: FUNCTION\n"
    known = sorted(functions)
    some = ", ".join(known[:_MOST_FUNCTIONS]) + (", ..." if len(known) > _MOST_FUNCTIONS else "")
    return Proposal("classification", text, f"FUNCTION is the kind of work this is: {some}" if known else _WHICH)


_WHICH = "FUNCTION is the kind of work this is, one of the agreement's functions."
