"""`tandem init` at a real terminal: six questions, Enter for what is usual, and an agreement at the end."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

from tandem.agreement.load import tenant_source
from tandem.model.ownership import TenantKind

ANSWERS = ("Acme Dental", "35", "", "Ann Lee", "ann", "ann@acme.example", "Europe/Berln", "Europe/Berlin", "", "08:00-16:00", "Nightwatch", "ops@nw.example", "soc@nw.example", "1,3", "email")  # fmt: skip
SECONDS = 100


def type_into(arguments: list[str], answers: tuple[str, ...]) -> tuple[int, str]:
    """Start the command at a terminal of its own and answer each prompt when it stands there."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", "from tandem.cli import main; main()", *arguments]
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True)
    os.close(theirs)
    seen, waiting, deadline, asked = "", list(answers), time.monotonic() + SECONDS, 0
    try:
        while time.monotonic() < deadline:
            ready, _, _ = select.select([ours], [], [], 0.2)
            if ready:
                try:
                    seen += os.read(ours, 4096).decode()
                except OSError:  # the terminal's other end is closed: the command is done
                    break
            elif process.poll() is not None:
                break
            if waiting and seen[asked:].rstrip(" ").endswith(":"):
                asked = len(seen)
                os.write(ours, waiting.pop(0).encode() + b"\n")
        return process.wait(timeout=SECONDS), seen
    finally:
        process.kill()
        os.close(ours)


def test_six_questions_make_an_agreement(tmp_path: Path):
    code, seen = type_into(["init", str(tmp_path / "new")], ANSWERS)

    assert code == 0, seen
    document = tenant_source(tmp_path / "new" / "agreement.yaml").document
    assert (document.tenant.id, document.tenant.users, document.tenant.zone) == ("acme-dental", 35, "Europe/Berlin")
    assert document.tenant.kind is TenantKind.CO_MANAGED
    assert document.calendars["office"].weekly == {"mon-fri": ("08:00-16:00",)}
    assert {row.id: row.owner.value for row in document.matrix} == {
        "servers": "internal",
        "network": "msp",
        "endpoints": "internal",
        "business-apps": "msp",
        "identity": "msp",
        "email": "shared",
        "backup": "msp",
        "security-monitoring": "msp",
    }
    assert "'ann' is not a mail address" in seen
    assert 'did you mean "Europe/Berlin"?' in seen
    assert [f"{number}. " in seen for number in range(1, 7)] == [True] * 6


def test_a_managed_client_is_asked_nothing_about_a_team(tmp_path: Path):
    code, seen = type_into(["init", str(tmp_path), "--name", "Acme", "--users", "5"], ("n", "", "", "", "", "", ""))

    assert code == 0, seen
    assert "leads the internal team" not in seen
    assert tenant_source(tmp_path / "agreement.yaml").document.tenant.kind is TenantKind.MANAGED
