"""healthchecks.io (dead-man's switch for backups and cron jobs): the webhook template we document, or $JSON.

A check that missed its ping is down, the next ping is up. Tags are free words; ``severity:``, ``host:`` and
``customer:`` tags (also with ``=``) and a bare severity word are read from them, by our convention.
"""

from __future__ import annotations

from collections.abc import Mapping

from tandem.model.alert import AlertStatus, Severity, VendorAlert
from tandem_ingest import times
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, severity, shape
from tandem_ingest.vendors.draft import draft

UP = frozenset({"up", "ok", "resolved", "success"})
TEST_NAME = "TEST"
"""The name of the dummy check behind its "send test notification" button."""


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The one check of a post."""
    return batch.one_or_many(body, _check)


def _check(body: object) -> VendorAlert:
    says = _flat(body)
    name, status = shape.first(says.get("name"), says.get("check")), shape.text(says.get("status"))
    if name is None or status is None:
        raise Unreadable("no name or status: not the healthchecks.io template")
    up = status.casefold() in UP
    tags = _tags(shape.joined(says.get("tags")))
    exit_status = shape.text(says.get("exit"))
    return draft(
        title=f"{name} is {status.lower()}",
        status=AlertStatus.RESOLVED if up else AlertStatus.FIRING,
        # A check has no severity of its own: a missed one is high unless its tag says otherwise.
        severity=severity.of_word(tags.get("severity"))
        if "severity" in tags
        else Severity.INFO
        if up
        else Severity.HIGH,
        severity_word=tags.get("severity"),
        host=tags.get("host"),
        occurred_at=times.parse(says.get("at")),
        dedup_key=shape.first(says.get("check"), name),  # the title holds the status
        customer=tags.get("customer"),
        url=says.get("url"),
        description=f"exit status {exit_status}" if exit_status else None,
        labels={"check": says.get("check"), "name": name, "tags": says.get("tags"), "exit": exit_status},
        test=name == TEST_NAME,
    )


def _flat(body: object) -> Mapping[str, object]:
    """Our template's fields; its variable $JSON stands for the check as the API gives it, alone or under ``check``."""
    says = shape.mapping(body)
    inner = says.get("check")
    if isinstance(inner, dict):
        says = {**inner, **{name: value for name, value in says.items() if name != "check" and value is not None}}
    if "unique_key" not in says and "ping_url" not in says:
        own = {"check": says.get("code"), "at": shape.either(says.get("now"), says.get("timestamp"))}
        return {**own, **says}
    its_id = shape.first(says.get("uuid"), (shape.text(says.get("ping_url")) or "").rpartition("/")[2])
    return {"check": shape.first(its_id, says.get("unique_key")), **says}


def _tags(tags: str | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for tag in (tags or "").replace(",", " ").split():
        name, _, value = tag.replace("=", ":", 1).partition(":")
        if value:
            found[name.casefold()] = value
        elif severity.of_word(tag) is not Severity.UNKNOWN:
            found.setdefault("severity", tag)
    return found
