"""What Alertmanager's API answers to a question: alerts, groups, status, receivers, in its words."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import parse_qs

import msgspec

from tandem.agreement.patterns import as_bytes, compile_regex
from tandem_ingest.doors.door import Answer, json_answer
from tandem_ingest.doors.matchers import Matcher, matcher
from tandem_ingest.doors.standing import RECEIVER

MATCHERS = 32
SPOKEN = "0.25.0"
"""The Alertmanager whose API this is held to by real clients; an amtool of another version says so and goes on."""
_CONFIG = (
    "# Tandem routes by its agreement: `tandem agreement show`.\n"
    f"route:\n  receiver: {RECEIVER}\nreceivers:\n- name: {RECEIVER}\n"
)


class _Labelled(msgspec.Struct):
    labels: dict[str, str]


_labels_of = msgspec.json.Decoder(_Labelled).decode


def alerts(documents: list[bytes], query: str) -> Answer:
    """Those that the query's matchers and states let through."""
    try:
        return Answer(status=200, body=b"[%b]" % b",".join(_fitting(documents, query)))
    except ValueError as fault:
        return json_answer(400, str(fault))


def groups(documents: list[bytes], query: str) -> Answer:
    """All in one group: how incidents are grouped is the agreement's matter."""
    found = alerts(documents, query)
    if found.status != 200 or found.body == b"[]":
        return found
    return Answer(
        status=200, body=b'[{"labels":{},"receiver":{"name":"%b"},"alerts":%b}]' % (RECEIVER.encode(), found.body)
    )


def status(now: datetime) -> Answer:
    """Enough for amtool and Grafana: no cluster, and a configuration that says where ours is."""
    version = dict.fromkeys(("branch", "buildDate", "buildUser", "goVersion", "revision"), "")
    return json_answer(
        200,
        {
            "cluster": {"name": RECEIVER, "peers": [], "status": "disabled"},
            "config": {"original": _CONFIG},
            "uptime": now,
            "versionInfo": {**version, "version": SPOKEN, "revision": RECEIVER},
        },
    )


def receivers() -> Answer:
    """One: the agreement decides who is told."""
    return json_answer(200, [{"name": RECEIVER}])


def _fitting(documents: list[bytes], query: str) -> list[bytes]:
    """Raises ValueError for a matcher that is none."""
    said = parse_qs(query, max_num_fields=100)
    if said.get("active", ["true"])[-1] == "false" or not _is_received(said.get("receiver", [""])[-1]):
        return []
    wanted = [matcher(text) for text in said.get("filter", [])[:MATCHERS]]
    return [each for each in documents if _fits(each, wanted)] if wanted else documents


def _fits(document: bytes, wanted: list[Matcher]) -> bool:
    labels = _labels_of(document).labels
    return all(fits(labels) for fits in wanted)


def _is_received(pattern: str) -> bool:
    return not pattern or compile_regex(f"^(?s:{pattern})$").search(as_bytes(RECEIVER)) is not None
