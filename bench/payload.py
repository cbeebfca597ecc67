"""The alerts that are posted: 1.4 KB, each a new condition, the same words for every system."""

from __future__ import annotations

import hmac
import json

SIZE = 1400
MARK = b"bench-"
DIGITS = 10
HOST = "srv-dc01"
_TITLE = "Free space on volume C: of srv-dc01 is 3 %, below the limit of 5 %, bench-%010d"
_TEXT = (
    "The system volume of this server has little free space left. Services that write there may stop. "
    "Threshold 5 %, measured 3 % over 15 minutes by the agent's disk monitor; the largest folders are listed below. "
)


def _padded(shape: dict[str, object], holder: dict[str, object], field: str) -> str:
    """``shape`` as JSON with ``field`` of ``holder`` filled up to SIZE bytes."""
    holder[field] = ""
    empty = json.dumps(shape)
    missing = SIZE - len(empty) - empty.count("%010d") * (DIGITS - len("%010d"))
    holder[field] = (_TEXT * 10)[:missing].replace("%", " ")
    return json.dumps(shape).replace("%", "%%").replace("%%010d", "%010d")


def _generic(severity: str) -> str:
    """The numbers are those of the condition, twice, and of the alert."""
    shape: dict[str, object] = {
        "title": _TITLE,
        "severity": severity,
        "host": HOST,
        "dedup_key": "disk-c-bench-%010d",
        "status": "firing",
        "url": "https://rmm.example/devices/4711/alerts/%010d",
        "labels": {"agent": "4711", "monitor": "disk", "volume": "C:", "site": "Main Street practice"},
    }
    return _padded(shape, shape, "description")


def _alertmanager() -> str:
    notes: dict[str, object] = {"summary": _TITLE, "runbook": "https://wiki.example/disk"}
    labels = {
        "alertname": "DiskAlmostFull",
        "instance": HOST,
        "severity": "critical",
        "volume": "C:",
        "site": "Main Street practice",
        "id": "disk-c-bench-%010d",
    }
    shape: list[dict[str, object]] = [
        {"labels": labels, "annotations": notes, "generatorURL": "https://rmm.example/devices/4711/alerts/%010d"}
    ]
    return _padded(shape, notes, "description")  # type: ignore[arg-type] # a list is as good


_GENERIC = _generic("high")
_URGENT = _generic("critical")
_ALERTMANAGER = _alertmanager()
_AM_PLACES = _ALERTMANAGER.count("%010d")


def generic_post(
    integration: str, secret: bytes, number: int, *, condition: int | None = None, urgent: bool = False
) -> bytes:
    """A whole signed request for Tandem's generic route; a P2 of a condition of its own unless told otherwise.

    Args:
        condition: the number of the alert that was the first of this condition; its page names that one.
        urgent: it becomes a P1.
    """
    first = number if condition is None else condition
    body = ((_URGENT if urgent else _GENERIC) % (first, first, number)).encode()
    signature = hmac.digest(secret, body, "sha256").hex()
    head = (
        f"POST /v1/alerts/{integration} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
        f"X-Tandem-Signature: sha256={signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def alertmanager_post(number: int) -> bytes:
    """A whole request for Alertmanager's API, one alert."""
    body = (_ALERTMANAGER % ((number,) * _AM_PLACES)).encode()
    head = (
        "POST /api/v2/alerts HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def number_of(page: bytes) -> int:
    """The number of the alert a page is about, -1 when it names none."""
    at = page.find(MARK)
    digits = page[at + len(MARK) : at + len(MARK) + DIGITS] if at >= 0 else b""
    return int(digits) if digits.isdigit() else -1


def rule_hosts(count: int) -> list[tuple[str, bool]]:
    """Host of each of ``count`` rules, and whether it is a regex: every other one. Only the last takes the alerts."""
    signs = ((f"host-{n:05d}", False) if n % 2 else (f"(web|db)-{n:05d}", True) for n in range(1, count))
    return [*signs, (HOST, False)]
