"""The public corpora of bodies and texts that are hard on parsers; where they come from is said in the file."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[1] / "corpora" / "hostile.json"


@cache
def _corpora() -> dict[str, Any]:
    return json.loads(FILE.read_text(encoding="utf-8"))


def json_suite() -> dict[str, bytes]:
    """JSONTestSuite: bodies by name; y_ must be accepted, n_ must be refused by a parser, i_ may be either."""
    return {case["name"]: _body(case) for case in _corpora()["json_test_suite"]}


def naughty_strings() -> list[str]:
    """The Big List of Naughty Strings, in its order; the first is empty."""
    return list(_corpora()["naughty_strings"])


def _body(case: dict[str, Any]) -> bytes:
    if "hex" in case:
        return bytes.fromhex(case["hex"])
    if "repeat" in case:
        return b"".join(unit.encode() * count for unit, count in case["repeat"])
    return str(case["text"]).encode()
