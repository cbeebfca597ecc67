"""The operating system's account that PostgreSQL runs as, and whether it may enter a directory.

PostgreSQL refuses to run as root, so root lends the cluster to an unprivileged account. Everybody else runs it
as themselves. Nothing here creates or changes accounts.
"""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from tandem.errors import StartFailed


class ProcessOwner(TypedDict, total=False):
    """Arguments of ``subprocess.Popen`` that change the child's account; empty for our own."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Account:
    """Who runs PostgreSQL. ``lent`` when we are root and it is somebody else."""

    uid: int
    gid: int
    lent: bool

    @property
    def name(self) -> str:
        """The account's name, or its number when it has none."""
        try:
            return pwd.getpwuid(self.uid).pw_name
        except KeyError:
            return str(self.uid)

    def process_owner(self) -> ProcessOwner:
        """What to hand to ``subprocess.Popen``."""
        return ProcessOwner(user=self.uid, group=self.gid, extra_groups=[]) if self.lent else ProcessOwner()

    def own(self, path: Path) -> None:
        """Make ``path`` this account's."""
        if self.lent:
            os.chown(path, self.uid, self.gid)

    def may_enter(self, path: Path) -> Path | None:
        """None when this account can reach ``path``; otherwise the directory on the way that is closed to it."""
        if not self.lent:
            return None
        for step in (*reversed(path.parents), path):
            facts = step.stat()
            needed = stat.S_IXOTH
            if facts.st_uid == self.uid:
                needed = stat.S_IXUSR
            elif facts.st_gid == self.gid:
                needed = stat.S_IXGRP
            if not facts.st_mode & needed:
                return step
        return None

    def require_entry(self, path: Path) -> None:
        """Raise StartFailed in one line when a directory on the way to ``path`` is closed to this account."""
        closed = self.may_enter(path)
        if closed is not None:
            raise StartFailed(
                f"started by root, PostgreSQL runs as {self.name}, who may not enter {closed}: "
                f"chmod o+x {closed}, or choose another --data-dir"
            )


def account_for(base: Path, data: Path) -> Account:
    """Who runs the cluster ``data`` below ``base``.

    Root lends to the owner of an existing cluster, else to the owner of ``base``, else to ``nobody``.

    Raises:
        StartFailed: root owns the files of an existing cluster, so no other account could open them.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), lent=False)
    if data.exists():
        facts = data.stat()
        if facts.st_uid == 0:
            raise StartFailed(
                f"{data} belongs to root, as whom PostgreSQL refuses to run: chown -R nobody {data.parent}"
            )
        return Account(facts.st_uid, facts.st_gid, lent=True)
    facts = base.stat()
    if facts.st_uid != 0:
        return Account(facts.st_uid, facts.st_gid, lent=True)
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid, lent=True)
