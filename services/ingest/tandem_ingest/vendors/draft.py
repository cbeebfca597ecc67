"""Makes a VendorAlert of what an adapter found: every text cleaned and cut in one place, and marked when it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from tandem.model.alert import AlertStatus, Severity, VendorAlert
from tandem_ingest import text as clean
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import shape
from tandem_ingest.vendors.flat import LONGEST, OPENING, is_unfilled

ALTERED = "tandem_altered"
"""The label that names the fields we cleaned or cut, e.g. ``title,host``."""
LABELS = 64
_LINKS = ("https://", "http://")
Cleaner = Callable[[str, int], tuple[str, bool]]
"""``(text, most characters) -> (clean text, whether anything was changed)``; what is short and printable stays."""
_ENTITIES = (
    ("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#34;", '"'), ("&apos;", "'"), ("&#39;", "'"), ("&#x27;", "'"),
    ("&nbsp;", " "), ("&amp;", "&"),
)  # fmt: skip
"""The ampersand last: ``&amp;lt;`` is ``&lt;``."""


def _text(name: str, value: object, limit: int, altered: list[str], cleaned: Cleaner = clean.line) -> str | None:
    """``value`` as clean text; nearly every one is, and is only looked at. ``altered`` takes the name of another.

    A placeholder that a template left as it stands says nothing.
    """
    found = value.strip() if type(value) is str else shape.text(value)
    if not found or (found[0] in OPENING and _is_placeholder(found)):
        return None
    if "&" in found and cleaned is not clean.key:  # a key is only compared
        found = _said(found)
    if len(found) <= limit and clean.printable(found):
        return found
    found, is_altered = cleaned(found, limit)
    if is_altered:
        altered.append(name)
    return found or None


def _is_placeholder(found: str) -> bool:
    """A word in single braces is a value that a mapping may make; with a dot in it, it is a macro of Zabbix."""
    if len(found) > LONGEST or (found[0] == "{" and found[:2] != "{{" and "." not in found):
        return False
    return is_unfilled(found)


def _url(value: object, altered: list[str]) -> str | None:
    """Only http and https become links; what else stands there is dropped, never shown as one."""
    found = value.strip() if type(value) is str else shape.text(value)
    if not found:
        return None
    is_link = found.startswith(_LINKS) or found[:8].lower().startswith(_LINKS)
    if is_link and len(found) <= clean.URL and found.isprintable() and " " not in found:
        return found
    altered.append("url")
    return None


def _labels(pairs: Mapping[str, object], altered: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    changed = False
    for name, value in pairs.items():
        said = value.strip() if type(value) is str else shape.joined(value)
        if not said or name == ALTERED:
            continue
        if len(found) == LABELS - 1:
            changed = True
            break
        label = name.strip()
        if len(label) > clean.WORD or not label.isprintable():
            label, is_altered = clean.line(label, clean.WORD)
            changed = changed or is_altered
        if len(said) > clean.LABEL or not said.isprintable():
            said, is_altered = clean.line(said, clean.LABEL)
            changed = changed or is_altered
        if label and said:
            found[label] = said
    if changed:
        altered.append("labels")
    if altered:
        found[ALTERED] = ",".join(altered)
    return found


def _said(text: str) -> str:
    """``text`` without HTML's entities, which tools that write mail and pages leave in their JSON; no other mark-up."""
    if "&" in text:
        for entity, meaning in _ENTITIES:
            text = text.replace(entity, meaning)
    return text


def draft(  # noqa: PLR0913 - one argument per field of the alert
    *,
    title: object,
    status: AlertStatus,
    severity: Severity = Severity.UNKNOWN,
    severity_word: object = None,
    host: object = None,
    occurred_at: datetime | None = None,
    expires_at: datetime | None = None,
    dedup_key: object = None,
    customer: object = None,
    url: object = None,
    description: object = None,
    labels: Mapping[str, object] = shape.EMPTY,
    test: bool = False,
) -> VendorAlert:
    """A clean alert of raw JSON values: scalars become text, null, empty and nested values become None.

    Raises:
        Unreadable: there is no title, so nobody could be told what is wrong.
    """
    altered: list[str] = []
    its_title = _text("title", title, clean.TITLE, altered)
    if its_title is None:
        raise Unreadable("nothing that could be a title")
    return VendorAlert(
        title=its_title,
        status=status,
        severity=severity,
        severity_word=_text("severity_word", severity_word, clean.WORD, altered),
        host=_text("host", host, clean.NAME, altered),
        occurred_at=occurred_at,
        expires_at=expires_at,
        dedup_key=_text("dedup_key", dedup_key, clean.NAME, altered, clean.key),
        customer=_text("customer", customer, clean.NAME, altered),
        url=_url(url, altered),
        description=_text("description", description, clean.DESCRIPTION, altered, clean.block),
        labels=_labels(labels, altered),  # last: they tell which of the others were changed
        test=test,
    )
