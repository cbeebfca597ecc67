"""What a page looks like on each channel: webhook JSON, a plain-text mail, an ntfy message.

Pure. Titles come from outside: a header never gets a line break, and no channel's markup is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from tandem_notifier.links import VALID_FOR, AckLink, sign
from tandem_notifier.notice import NOTICE
from tandem_notifier.paging import Page

SUBJECT_LENGTH = 180
_NTFY_PRIORITY = {"P1": 5, "P2": 4, "P3": 3, "P4": 2}
_NTFY_TAGS = {"P1": "rotating_light", "P2": "warning"}


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail before it has an envelope."""

    subject: str
    """One line."""
    text: str


def ack_url(page: Page, key: bytes, answer_url: str) -> str | None:
    """The link that acknowledges ``page``; None for what is only told."""
    if page.told:
        return None
    link = AckLink(
        page_id=page.page_id,
        incident_id=page.incident_id,
        tenant=page.tenant,
        party=page.answers_for,
        person=page.person,
        expires_at=page.planned_at + VALID_FOR,
        track=page.track,
    )
    return f"{answer_url}/a/{sign(key, link)}"


def webhook(page: Page, link: str | None) -> bytes:
    """The JSON body: the page's content, the attempt and the acknowledge link."""
    head = msgspec.json.encode({"attempt": page.attempt, "ack_url": link})
    return head[:-1] + b"," + page.content[1:]


def mail(page: Page, link: str | None) -> Mail:
    """Subject and text; a subject is one line whatever the title holds."""
    content = _content(page)
    if content["kind"] == NOTICE:
        text = f"{content['title']}\n\n{content['text']}\n\nConsole: {content['url']}\n"
        return Mail(one_line(f"{content['tenant_name']}: {content['title']}")[:SUBJECT_LENGTH], text)
    subject = f"[{content['priority']}] {content['tenant_name']}: {content['title']}"
    if page.reason:
        subject = f"{subject} ({page.reason})"
    lines = [
        f"{content['title']}",
        "",
        f"Priority {content['priority']}, incident {content['number']} of {content['tenant_name']}",
        f"Responsible: {content['responsible_party']} (owner {content['owner']}), track {content['track']}",
        *(f"{label}: {content[name]}" for label, name in (("Host", "host"), ("Site", "site")) if content[name]),
        f"Detected: {content['detected_at']}",
        *([f"You get this because: {page.reason}"] if page.reason else []),
        *_duties(content),
        *([f"Why here: {'; '.join(content['because'])}"] if content["because"] else []),
        "",
        *([f"Acknowledge: {link}", "(opens a page with a button; opening it acknowledges nothing)"] if link else []),
        f"Incident: {content['incident_url']}",
    ]
    return Mail(one_line(subject)[:SUBJECT_LENGTH], "\n".join(lines) + "\n")


def ntfy(page: Page, link: str | None) -> tuple[str, bytes]:
    """(server URL, JSON body) of ntfy's publish-as-JSON: the topic is the last segment of the contact's URL."""
    content = _content(page)
    server, _, topic = page.target.rstrip("/").rpartition("/")
    if content["kind"] == NOTICE:
        said = one_line(f"{content['tenant_name']}: {content['title']}")[:SUBJECT_LENGTH]
        quiet = {"topic": topic, "title": said, "message": content["text"], "priority": 2, "click": content["url"]}
        return f"{server}/", msgspec.json.encode(quiet)
    body: dict[str, object] = {
        "topic": topic,
        "title": one_line(f"{content['priority']} {content['tenant_name']}: {content['title']}")[:SUBJECT_LENGTH],
        "message": "\n".join(
            [page.reason or f"{content['responsible_party']} is responsible, {content['function']}", *_duties(content)]
        ),
        "priority": _NTFY_PRIORITY.get(content["priority"], 3) if not page.told else 3,
        "tags": [_NTFY_TAGS.get(content["priority"], "information_source")],
        "click": content["incident_url"],
    }
    if link is not None:
        action = {"action": "http", "label": "Acknowledge", "url": link, "method": "POST", "clear": True}
        body["actions"] = [action]
    return f"{server}/", msgspec.json.encode(body)


def _duties(content: dict[str, Any]) -> list[str]:
    """What the reader must know before acting: approval, runbook, who speaks; pages of before have none of it."""
    said = (
        ("Ask {} before changing it", content.get("approval")),
        ("Runbook: {}", content.get("runbook")),
        ("Accountable: {}", content.get("accountable")),
        ("Public communications: {}", content.get("public_communications")),
    )
    return [one_line(text.format(value)) for text, value in said if value]


def one_line(text: str) -> str:
    """``text`` without control characters, each run of white space one blank: fit for a header."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _content(page: Page) -> dict[str, Any]:
    content: dict[str, Any] = msgspec.json.decode(page.content)
    return content
