"""Makes a VendorAlert of what an adapter found: every text cleaned and cut in one place, and marked when it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from tandem.model.alert import AlertStatus, Severity, VendorAlert
from tandem_ingest import text as clean
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import shape

ALTERED = "tandem_altered"
"""The label that names the fields we cleaned or cut, e.g. ``title,host``."""
LABELS = 64
Cleaner = Callable[[str, int], tuple[str, bool]]
"""``(text, most characters) -> (clean text, whether anything was changed)``; what is short and printable stays."""
_ENTITIES = (
    ("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#34;", '"'), ("&apos;", "'"), ("&#39;", "'"), ("&#x27;", "'"),
    ("&nbsp;", " "), ("&amp;", "&"),
)  # fmt: skip
"""The ampersand last: ``&amp;lt;`` is ``&lt;``."""


class _Fields:
    """Cleans fields and remembers which of them changed."""

    def __init__(self) -> None:
        self.altered: list[str] = []

    def text(self, name: str, value: object, limit: int, cleaned: Cleaner = clean.line) -> str | None:
        """``value`` as clean text; nearly every one is, and is only looked at."""
        found = shape.text(value)
        return None if found is None else self._clean(name, _said(found), limit, cleaned)

    def key(self, name: str, value: object) -> str | None:
        """As ``text``, its entities kept: a key is only compared."""
        found = shape.text(value)
        return None if found is None else self._clean(name, found, clean.NAME, clean.key)

    def url(self, name: str, value: object) -> str | None:
        """Only http and https become links; what else stands there is dropped, never shown as one."""
        found = shape.text(value)
        if found is None:
            return None
        is_link = found[:8].lower().startswith(("https://", "http://"))
        if is_link and len(found) <= clean.URL and found.isprintable() and " " not in found:
            return found
        self.altered.append(name)
        return None

    def labels(self, pairs: Mapping[str, object]) -> dict[str, str]:
        found: dict[str, str] = {}
        changed = False
        for name, value in pairs.items():
            said = None if value is None else shape.joined(value)
            if said is None or name == ALTERED:
                continue
            if len(found) == LABELS - 1:
                changed = True
                break
            label, label_altered = clean.line(name, clean.WORD)
            content, content_altered = clean.line(said, clean.LABEL)
            changed = changed or label_altered or content_altered
            if label and content:
                found[label] = content
        if changed:
            self.altered.append("labels")
        if self.altered:
            found[ALTERED] = ",".join(self.altered)
        return found

    def _clean(self, name: str, found: str, limit: int, cleaned: Cleaner) -> str | None:
        if len(found) <= limit and found.isprintable():
            return found
        found, altered = cleaned(found, limit)
        if altered:
            self.altered.append(name)
        return found or None


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
    fields = _Fields()
    its_title = fields.text("title", title, clean.TITLE)
    if its_title is None:
        raise Unreadable("nothing that could be a title")
    return VendorAlert(
        title=its_title,
        status=status,
        severity=severity,
        severity_word=fields.text("severity_word", severity_word, clean.WORD),
        host=fields.text("host", host, clean.NAME),
        occurred_at=occurred_at,
        expires_at=expires_at,
        dedup_key=fields.key("dedup_key", dedup_key),
        customer=fields.text("customer", customer, clean.NAME),
        url=fields.url("url", url),
        description=fields.text("description", description, clean.DESCRIPTION, clean.block),
        labels=fields.labels(labels),  # last: they tell which of the others were changed
        test=test,
    )
