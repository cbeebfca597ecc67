"""Habits that a linter's `noqa` must not get around: the clock, broad excepts, regexes, secrets."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.support.tree import dotted, imports_of, name_of, sources, tree_of

CLOCKS = {"tandem/clock.py", "tandem/db/clock.py"}
"""The only files that read a clock or sleep."""

FORBIDDEN_TIME = {"time.time", "time.time_ns", "time.sleep", "asyncio.sleep", "datetime.now", "datetime.utcnow"}
FORBIDDEN_TIME |= {"datetime.today", "date.today"}

BROAD_EXCEPT = {
    "tandem/bus/consume.py": "the consume loop: a fault in one batch must not end the service",
    "tandem/bus/one_by_one.py": "its other half: a fault of one record must not stop those behind it",
    "tandem/app/lifecycle.py": "the process edge: a target that fails is restarted",
    "tandem/cli/__init__.py": "the process edge: one line on stderr and an exit code",
}

REGEX_ALLOWED = {
    "services/ingest/tandem_ingest/doors/matchers.py": "takes a matcher of Alertmanager's API apart; its regex is RE2's",
    "services/ingest/tandem_ingest/decode.py": "counts brackets, linear patterns of its own",
    "services/ingest/tandem_ingest/forms.py": "tells a form by its first name and boundary, linear patterns of its own",
    "services/ingest/tandem_ingest/markup.py": "mends what XML forbids, one character at a time",
    "services/ingest/tandem_ingest/sns_message.py": "recognises Amazon's hosts and certificates in bounded URLs",
    "services/ingest/tandem_ingest/text.py": "takes control characters out of bounded text",
    "services/ingest/tandem_ingest/times.py": "recognises the few time formats that vendors write",
    "services/ingest/tandem_ingest/vendors/flat.py": "knows a placeholder from a value, in texts of 60 characters",
    "services/ingest/tandem_ingest/vendors/monitoring/datadog.py": "finds marks of a title and one link, bounded patterns",
    "services/ingest/tandem_ingest/vendors/chat.py": "tells a fact's line and a mention from text, bounded",
    "services/ingest/tandem_ingest/vendors/monitoring/checkmk_chat.py": "takes four lines of Checkmk's message apart, bounded",
    "services/ingest/tandem_ingest/vendors/monitoring/librenms.py": "takes two fixed titles of LibreNMS apart, bounded",
    "services/ingest/tandem_ingest/vendors/monitoring/prtg.py": "finds the state in parentheses at a status's end, bounded",
    "services/ingest/tandem_ingest/vendors/rmm/tactical.py": "takes two fixed titles of Tactical's manual apart, bounded",
    "services/ingest/tandem_ingest/vendors/backup/healthchecks.py": "takes healthchecks.io's sentences apart, bounded",
    "services/ingest/tandem_ingest/vendors/backup/proxmox.py": "takes the host out of two fixed titles, bounded",
    "services/ingest/tandem_ingest/vendors/template.py": "finds the names of a broken body, bounded patterns of its own",
    "services/ingest/tandem_ingest/vendors/monitoring/lenient.py": "tells a bracketed word from a JSON list, bounded",
    "services/ingest/tandem_ingest/vendors/monitoring/records.py": "takes one line of a log apart, linear patterns of its own",
    "services/ingest/tandem_ingest/vendors/monitoring/speech.py": "finds severity words in one bounded line",
    "services/ingest/tandem_ingest/vendors/backup/duplicati.py": "takes a text report of bounded length into its lines",
    "services/ingest/tandem_ingest/vendors/siem/wazuh_messages.py": "takes three fixed sentences of Wazuh apart, bounded",
    "tandem/agreement/yaml_subset.py": "finds texts, quotes and blanks of plain YAML, linear patterns of its own",
}
"""File below services/ or tandem/agreement that may import `re`, and why: only for patterns written in that file.
A pattern from a user or a document runs on google-re2, in linear time."""

REGEX_CALLS = {f"re.{name}" for name in ("compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall")}
REGEX_CALLS |= {"re.finditer"}

SECRET_WORDS = ("secret", "signature", "token", "digest", "hmac", "password")
SECRET_FILES = ("signature", "auth", "access", "token", "session", "csrf", "sign", "link", "secret", "replies")


def forbidden_time(tree: ast.Module) -> Iterator[int]:
    """Lines that read a clock or sleep, by whatever name it was imported."""
    for node in ast.walk(tree):
        if (isinstance(node, ast.Attribute) and ".".join(dotted(node).split(".")[-2:]) in FORBIDDEN_TIME) or (
            isinstance(node, ast.ImportFrom) and {f"{node.module}.{a.name}" for a in node.names} & FORBIDDEN_TIME
        ):
            yield node.lineno


def broad_excepts(tree: ast.Module) -> Iterator[int]:
    """Lines that catch everything and do not raise it again as their last act."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.ExceptHandler):
            continue
        names = {dotted(part) for part in ast.walk(node.type) if isinstance(part, ast.Name)} if node.type else {""}
        raises = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
        if "Exception" in names or (names & {"", "BaseException"} and not raises):
            yield node.lineno


def is_written_here(pattern: ast.expr) -> bool:
    """A literal, or one put together from literals and this module's constants."""
    match pattern:
        case ast.Constant():
            return True
        case ast.Name(id=name):
            return name.isupper()
        case ast.JoinedStr(values=parts):
            return all(is_written_here(part) for part in parts)
        case ast.FormattedValue(value=value):
            return is_written_here(value)
        case _:
            return False


def unwritten_patterns(tree: ast.Module) -> Iterator[int]:
    """Lines that give `re` a pattern which does not stand in the code."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and dotted(node.func) in REGEX_CALLS and not is_written_here(node.args[0]):
            yield node.lineno


def word(node: ast.expr) -> str:
    """The last name of an operand: ``self.token`` -> ``token``, ``mac.hexdigest()`` -> ``hexdigest``."""
    return dotted(node.func if isinstance(node, ast.Call) else node).rpartition(".")[2].lower()


def compared_secrets(tree: ast.Module) -> Iterator[int]:
    """Lines that compare a secret with == or !=, which takes longer the more of it is right."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], ast.Eq | ast.NotEq):
            continue
        operands = [node.left, *node.comparators]
        if any(isinstance(operand, ast.Constant) for operand in operands):
            continue  # `token == ""` compares with nothing secret
        if any(part in word(operand) for operand in operands for part in SECRET_WORDS):
            yield node.lineno


def lines(paths: list[Path], finder: Callable[[ast.Module], Iterator[int]]) -> list[str]:
    return [f"{name_of(path)}:{line}" for path in paths for line in finder(tree_of(path))]


def test_only_the_clock_reads_the_time_or_sleeps():
    elsewhere = [path for path in sources() if name_of(path) not in CLOCKS]

    assert lines(elsewhere, forbidden_time) == []


def test_reading_the_time_is_found_under_any_import():
    assert [*forbidden_time(ast.parse("import datetime as d\nd.datetime.now()"))] == [2]
    assert [*forbidden_time(ast.parse("from time import time"))] == [1]
    assert [*forbidden_time(ast.parse("import asyncio\nasync def f():\n await asyncio.sleep(1)"))] == [3]
    assert [*forbidden_time(ast.parse("clock.now(); time.monotonic()"))] == []


def test_everything_is_caught_only_at_the_two_edges():
    elsewhere = [path for path in sources() if name_of(path) not in BROAD_EXCEPT]

    assert lines(elsewhere, broad_excepts) == []


def test_a_broad_except_is_found_and_a_cleanup_that_raises_again_is_not():
    assert [*broad_excepts(ast.parse("try: f()\nexcept (ValueError, Exception): g()"))] == [2]
    assert [*broad_excepts(ast.parse("try: f()\nexcept: g()"))] == [2]
    assert [*broad_excepts(ast.parse("try: f()\nexcept BaseException:\n g()\n raise"))] == []


def test_patterns_of_users_never_meet_the_backtracking_engine():
    importers = {name_of(path) for path in sources("services", "tandem/agreement") if "re" in imports_of(tree_of(path))}

    assert importers - REGEX_ALLOWED.keys() == set()


def test_the_backtracking_engine_gets_only_patterns_that_stand_in_the_code():
    allowed = [path for path in sources("services", "tandem") if "re" in imports_of(tree_of(path))]

    assert lines(allowed, unwritten_patterns) == []


def test_a_pattern_that_is_a_variable_is_found():
    assert [*unwritten_patterns(ast.parse("re.compile(row.pattern)"))] == [1]
    assert [*unwritten_patterns(ast.parse("re.compile(f'[{given}]')"))] == [1]
    assert [*unwritten_patterns(ast.parse("re.compile('a+'); re.compile(f'[{_ODD}]+')"))] == []


def test_secrets_are_never_compared_with_equals():
    guarded = [path for path in sources() if any(part in path.stem for part in SECRET_FILES)]

    assert lines(guarded, compared_secrets) == []


def test_a_compared_secret_is_found():
    assert [*compared_secrets(ast.parse("if mac.hexdigest() == given: pass"))] == [1]
    assert [*compared_secrets(ast.parse("if self.token != other: pass"))] == [1]
    assert [*compared_secrets(ast.parse("if token == '': pass\nif len(token) == n: pass"))] == []
