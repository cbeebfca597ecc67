"""How a job ended, in the words backup tools use. A run that succeeded clears the run that did not."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tandem.model.alert import Severity
from tandem_ingest.vendors.shape import word

_WORDS = {
    Severity.CRITICAL: "fatal critical",
    Severity.HIGH: "error errors failed failure fail failing canceled cancelled aborted missed timeout interrupted",
    Severity.MEDIUM: "warning warnings warn partial partially",
    Severity.INFO: "success successful successfully succeeded ok completed resolved info information none",
}
WORDS: Mapping[str, Severity] = MappingProxyType(
    {each: severity for severity, line in _WORDS.items() for each in line.split()}
)
CLEAR = frozenset({"success", "successful", "successfully", "succeeded", "ok", "completed", "resolved"})
_LONGEST = 300


def of_word(value: object) -> Severity:
    """The severity a result names; UNKNOWN for a word we do not know."""
    return WORDS.get(word(value), Severity.UNKNOWN)


def is_clear(value: object) -> bool:
    """Whether a result says that all is well; a word we do not know never does."""
    return word(value) in CLEAR


def last_word(title: str) -> str | None:
    """The result a title ends with, as in ``Verify Datastore 'store1' failed``; None when it tells none."""
    said = [plain for plain in map(_plain, title[:_LONGEST].split()) if plain in WORDS]
    return said[-1] if said else None


def without_result(title: str) -> str:
    """What the title speaks of, the same for every result."""
    others = (each for each in title[:_LONGEST].split() if _plain(each) not in WORDS)
    return " ".join(others).strip(" :-").casefold()


def _plain(each: str) -> str:
    return each.strip(".,:;!()'\"").casefold()
