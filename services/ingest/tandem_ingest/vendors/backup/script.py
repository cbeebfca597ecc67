"""A backup run by one's own script (restic, borg, rsync, robocopy, anything): the ``script/1`` body of our wrapper.

The wrapper runs the command and posts its exit code and last lines. Exit codes are the tool's: borg's and rsync's own
warnings, and restic's codes, say what is wrong better than a number does. Source: restic.readthedocs.io (Scripting),
borg's manual (return codes), rsync(1), Microsoft's robocopy.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tandem.model.alert import AlertStatus, Severity, VendorAlert
from tandem_ingest import times
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, severity, shape
from tandem_ingest.vendors.draft import draft

_WARNING = Severity.MEDIUM
MEANING: Mapping[tuple[str, int], tuple[Severity, str]] = MappingProxyType(
    {
        ("restic", 3): (_WARNING, "some files could not be read"),
        ("restic", 10): (Severity.HIGH, "the repository does not exist"),
        ("restic", 11): (Severity.HIGH, "the repository is locked by another run"),
        ("restic", 12): (Severity.HIGH, "wrong password"),
        ("restic", 130): (Severity.HIGH, "interrupted"),
        ("borg", 1): (_WARNING, "finished with warnings"),
        ("rsync", 23): (_WARNING, "some files were not transferred"),
        ("rsync", 24): (_WARNING, "some files vanished during the run"),
        ("rsync", 30): (Severity.HIGH, "timeout"),
    }
)
SUCCESS = frozenset({"success", "ok", "succeeded", "completed", "resolved", "up"})
START = frozenset({"start", "started", "running"})
WARNING = frozenset({"warning", "warn"})
JOB = ("job", "name", "check", "profile", "plan", "backup", "task", "repository", "repo")
_NOT = frozenset({"not", "no", "partially", "partly"})
"""What makes a word of success none."""
_BORG_WARNINGS = range(100, 128)
_ROBOCOPY_FAILS = 8


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The one run of a post."""
    return batch.one_or_many(body, _run)


def _run(body: object) -> VendorAlert:
    says = shape.mapping(body)
    job = shape.first(*map(says.get, JOB))
    code = _code(shape.first(says.get("exit"), says.get("exit_code"), says.get("exitcode"), says.get("rc")))
    state = _state(says)
    if job is None or (code is None and not state):
        raise Unreadable("no job, or neither exit code nor state: not the script/1 body")
    level, meaning = _verdict(shape.word(says.get("tool")), code, state)
    host = shape.first(says.get("host"), says.get("hostname"))
    began = state in START
    key = "/".join(part for part in (host, job) if part)
    return draft(
        title=f"{job} {meaning}",
        # A start is no condition: it clears nothing, and its key is its own so that it hides no failure.
        status=AlertStatus.RESOLVED if level is Severity.INFO else AlertStatus.FIRING,
        severity=_stated(says, level),
        severity_word=shape.first(says.get("severity"), says.get("state"), says.get("status"), says.get("result")),
        host=host,
        occurred_at=times.parse(
            shape.first(says.get("ended_at"), says.get("time"), says.get("timestamp"), says.get("started_at"))
        ),
        dedup_key=f"{key}/start" if began else key,
        customer=shape.first(says.get("customer"), says.get("tenant")),
        url=says.get("url"),
        description=shape.first(says.get("output"), says.get("message"), says.get("error")),
        labels={
            "job": job,
            "tool": says.get("tool"),
            "exit": says.get("exit"),
            "duration_s": says.get("duration_s"),
            "started_at": says.get("started_at"),
        },
        test=shape.word(says.get("test")) == "true",
    )


def _state(says: Mapping[str, object]) -> str:
    """What the script itself says; also as ``backup.failed`` or ``"success": false``."""
    said = shape.word(shape.first(*map(says.get, ("state", "status", "result", "event"))))
    fine = says.get("success")
    if not said and isinstance(fine, bool):
        return "success" if fine else "failed"
    parts = said.replace(".", "_").split("_")
    return said if _NOT.intersection(parts) else parts[-1]


def _verdict(tool: str, code: int | None, state: str) -> tuple[Severity, str]:
    """How bad it is, and in words; what the script itself says comes before its exit code."""
    if state in START:
        return Severity.INFO, "started"
    if state in SUCCESS or (not state and _is_fine(tool, code)):
        return Severity.INFO, "succeeded"
    level, reason = _meaning(tool, code)
    if state in WARNING:
        level = _WARNING
    said = f" (exit {code}{': ' + reason if reason else ''})" if code is not None else ""
    return level, ("finished with a warning" if level is _WARNING else "failed") + said


def _is_fine(tool: str, code: int | None) -> bool:
    return code == 0 or (tool == "robocopy" and code is not None and 0 <= code < _ROBOCOPY_FAILS)


def _meaning(tool: str, code: int | None) -> tuple[Severity, str]:
    if code is None:
        return Severity.HIGH, ""
    if tool == "borg" and code in _BORG_WARNINGS:
        return MEANING["borg", 1]
    return MEANING.get((tool, code), (Severity.HIGH, ""))


def _stated(says: Mapping[str, object], level: Severity) -> Severity:
    """A failure may be given a severity of its own; a success has none."""
    own = severity.of_word(says.get("severity"))
    return level if level is Severity.INFO or own is Severity.UNKNOWN else own


def _code(value: str | None) -> int | None:
    digits = (value or "").removeprefix("-")
    return int(value or "") if digits.isascii() and digits.isdigit() and len(digits) <= 10 else None
