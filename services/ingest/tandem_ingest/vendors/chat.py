"""Bodies in the form of a chat message, which tools with a template send when theirs was written for a chat.

Slack's attachments and blocks, Discord's embeds, Teams' cards, Telegram's text: ``plain`` makes one flat object of them
with ``title``, ``message``, ``url``, ``time`` and the facts by their own names. Knows no vendor. Source: api.slack.com,
Discord's developer documentation, learn.microsoft.com (MessageCard, Adaptive Cards), core.telegram.org.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tandem_ingest.vendors import shape
from tandem_ingest.vendors.flat import fold

_CARDS = ("embeds", "attachments", "blocks", "sections", "body")
_HEADS = ("title", "activityTitle")
_TEXTS = ("text", "description", "activitySubtitle")
_INNER = ("fields", "facts", "sections", "blocks", "content", "body", "columns", "items", "attachments", "embeds")
_TIMES = ("timestamp", "ts")
_LINKS = ("title_link", "url")
_DEPTH = 12
_PARTS = 200
_LINE = re.compile(r"([A-Za-z][A-Za-z ]{1,24}):\s+(\S.{0,500})")
_NAMES = frozenset(
    {
        "title", "message", "severity", "priority", "status", "state", "sessionresult", "jobtype", "site", "device",
        "client", "customer", "host", "hostname", "agent", "alertuid", "alertid",
    }
)  # fmt: skip
"""What a line ``Name: value`` inside a text may be; any other line is part of the text."""
_MENTION = re.compile(r"<(?:[@#!][^<>]{0,60}|at>[^<>]{0,60}</at)>")
_MARKS = str.maketrans("", "", "*`")


def plain(body: object) -> object:
    """``body`` as a flat object, or itself when it is no chat message."""
    says = shape.mapping(body)
    cards = [says[name] for name in _CARDS if isinstance(says.get(name), list) and says[name]]
    if not cards and "chat_id" not in says:
        return body
    read = _Parts()
    for card in cards:
        read.take(card, _DEPTH)
    said = _clean(says.get("content"))
    for name in ("text", "summary"):
        if not read.texts:
            read.note(says.get(name))
    title = _clean(says.get("title")) or read.title or (read.texts[0] if read.texts else None)
    message = said or "\n".join(each for each in read.texts if each != title) or None
    own = {name: value for name, value in says.items() if not isinstance(value, list | dict)}
    named = {fold(name) for name in read.facts}
    found = {"title": title, "message": message, "url": read.url, "time": read.time}
    return {**read.facts, **own, **{name: value for name, value in found.items() if name not in named}}


class _Parts:
    """What stands in the cards of a message."""

    def __init__(self) -> None:
        self.title: str | None = None
        self.url: str | None = None
        self.time: object = None
        self.texts: list[str] = []
        self.facts: dict[str, object] = {}
        self._left = _PARTS

    def take(self, part: object, depth: int) -> None:
        self._left -= 1
        if self._left < 0 or depth < 0:
            return
        if isinstance(part, list):
            for each in part:
                self.take(each, depth - 1)
        elif isinstance(part, dict):
            self._object(part, depth)

    def note(self, value: object) -> None:
        """A text: its ``Name: value`` lines are facts, as is Slack's ``*Name*`` with its value in the next line."""
        text = shape.text(value) or ""
        head, _, rest = text.partition("\n")
        if head.startswith("*") and head.rstrip(": ").endswith("*") and rest and "\n" not in rest and "**" not in head:
            self.facts.setdefault(head.strip("*: "), rest)
            return
        lines = [line for line in map(_clean, text.splitlines()) if line and not self._is_fact(line)]
        if lines:
            self.texts.append("\n".join(lines))

    def _object(self, part: Mapping[str, object], depth: int) -> None:
        name = shape.first(part.get("name"), part.get("title"))
        if name is not None and "value" in part:
            self.facts.setdefault(name.strip("*: "), part["value"])
            return
        for head in _HEADS:
            self.title = self.title or _clean(part.get(head))
        self.url = self.url or shape.first(*map(part.get, _LINKS))
        self.time = self.time or shape.first(*map(part.get, _TIMES))
        for each in _TEXTS:
            inner = part.get(each)
            self.note(inner.get("text") if isinstance(inner, dict) else inner)
        for each in _INNER:
            self.take(part.get(each), depth - 1)

    def _is_fact(self, line: str) -> bool:
        match = _LINE.fullmatch(line)
        if match is None or fold(match[1]) not in _NAMES:
            return False
        self.facts.setdefault(match[1], match[2])
        return True


def _clean(value: object) -> str | None:
    """Text without the marks of a chat: bold, code, mentions."""
    text = shape.text(value)
    return _MENTION.sub("", text).translate(_MARKS).strip() or None if text else None
