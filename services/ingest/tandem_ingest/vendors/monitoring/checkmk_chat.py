"""Checkmk's message for Slack and Mattermost, whose address is free: what it says, under the names of its macros.

The first attachment has ``Host``, ``Service`` and ``State`` (later ``Event``) in lines of its text, the names as links;
the second one has the output. A state may be told as a change, ``OK -> CRITICAL``.
Source: Checkmk/checkmk cmk/notification_plugins/slack.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tandem_ingest.vendors import shape

_LINE = re.compile(
    r"^(Host|Service|State|Event): (?:<([^|>\s]{1,2000})\|)?([^|\r\n]{1,300}?)>?(?: \(IP: ([^()]{0,60})\))?\r?$",
    re.MULTILINE,
)
_LINES = 4_000
_CONTACTS = "Please take a look: "
_CHANGE = " -> "


def plain(body: object) -> object:
    """The notification in ``body``, or ``body`` itself when it is no such message."""
    attached = body.get("attachments") if isinstance(body, dict) else None
    if not isinstance(attached, list) or not attached:
        return body
    first = shape.mapping(attached[0])
    found = {line[1]: line for line in _LINE.finditer((shape.text(first.get("text")) or "")[:_LINES])}
    if "Host" not in found:
        return body
    what = "service" if "Service" in found else "host"
    told = found.get("State") or found.get("Event")
    state = told[3].rpartition(_CHANGE)[2] if told else None
    return {
        "hostname": found["Host"][3],
        "hostaddress": found["Host"][4],
        "servicedesc": found["Service"][3] if "Service" in found else None,
        f"{what}state": state,
        f"{what}output": _output(attached),
        f"{what}url": found["Service" if "Service" in found else "Host"][2],
        "notificationtype": _kind(first),
    }


def _kind(first: Mapping[str, object]) -> str | None:
    """``PROBLEM`` of "Service PROBLEM notification"."""
    words = (shape.text(first.get("title")) or "").split()
    return words[1] if len(words) == 3 else None


def _output(attached: list[object]) -> str | None:
    said = shape.text(shape.mapping(attached[1]).get("text")) if len(attached) > 1 else None
    return said.partition(_CONTACTS)[0].strip() if said else None
