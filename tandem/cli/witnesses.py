"""The example alerts of a check, as files that ``tandem agreement explain --alert`` takes. Holds no command."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from shlex import quote

from tandem.errors import Problem, Reason, Refused

NOT_WRITTEN = " (check --witness-dir . writes that file)"
"""What a message says of its example's file as long as nobody asked for it."""


def naming_files(problems: Iterable[Problem], directory: Path) -> list[Problem]:
    """The problems with commands that name the files which ``write_witnesses`` writes into ``directory``."""
    found = list(problems)
    files = dict(_files(found, directory))
    return [
        replace(
            problem,
            message=problem.message.replace(
                f"--alert {problem.witness['name']}.json{NOT_WRITTEN}", f"--alert {quote(str(files[problem]))}"
            ),
        )
        if problem.witness is not None
        else problem
        for problem in found
    ]


def write_witnesses(problems: Iterable[Problem], directory: Path) -> list[Path]:
    """Write ``gap-1.json`` and so on into ``directory`` (made when missing), in order of the problems.

    With problems of several documents a file is called after its document too: ``acme-gap-1.json``.

    Raises:
        Refused: it cannot be written.
    """
    written = []
    for problem, path in _files(problems, directory):
        alert = problem.witness["alert"] if problem.witness else {}
        try:
            directory.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(alert, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        except OSError as fault:
            raise Refused(Reason.INVALID, f"{path} cannot be written: {fault.strerror}") from fault
        written.append(path)
    return written


def _files(problems: Iterable[Problem], directory: Path) -> Iterator[tuple[Problem, Path]]:
    found = [problem for problem in problems if problem.witness is not None]
    several = len({problem.file for problem in found}) > 1
    for problem in found:
        name = str(problem.witness["name"]) if problem.witness else ""
        yield problem, directory / f"{Path(problem.file).stem}-{name}.json" if several else directory / f"{name}.json"
