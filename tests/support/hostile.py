"""Documents made to hurt, each with a part of what must be said about it. ``reading_cost`` reads them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tandem.agreement.document import LARGEST, LARGEST_BYTES

MILLIONS = LARGEST_BYTES // 2**20
"""What is about size grows with the largest document; what is about number does not, lists have a bound of their own."""
HEAD = "tenant: {id: a, name: A}\n"


def _rules(count: int, when: Callable[[int], str]) -> str:
    return HEAD + "classification:\n" + "".join(
        f"  - {{id: r{number}, function: f, when: {when(number)}}}\n" for number in range(count)
    )  # fmt: skip


def _bomb(width: int, depth: int) -> str:
    first = f"a0: &a0 [{', '.join('x' * width)}]\n"
    return first + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]\n" for n in range(1, depth))


def _in_utf16() -> bytes:
    return HEAD.encode("utf-16")


TEXTS: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "this is missing"),
    "only a comment": ("# nothing\n", "this is missing"),
    "50 MB": ("#" * 50_000_000, f"larger than {LARGEST}"),
    "aliases that multiply": (_bomb(9, 30), "aliases expanded"),
    "aliases that add up": (f"a: &a [{'x, ' * 1000}]\nb: [{'*a, ' * 1000}]\n", "aliases expanded"),
    "alias of itself": ("a: &a [*a]\n", "refers to the value it stands in"),
    "brackets without end": ("[" * 1_000_000 * MILLIONS, "nested more than"),
    "braces without end": ("{a: " * 200_000 * MILLIONS, "nested more than"),
    "dashes up to a mebibyte": ("- " * 500_000, "nested more than"),
    "dashes without end": ("- " * 500_000 * MILLIONS, "larger than 1 MiB and holds"),
    "question marks without end": ("? " * 500_000 * MILLIONS, "larger than 1 MiB and holds what only the slow reader knows"),
    "question marks up to a mebibyte": ("? " * 500_000, "a key must be a plain text"),
    "steps without end": ("".join(" " * n + "a:\n" for n in range(1000)), "nested more than"),
    "a list without end": ("a: [" + "x, " * 300_000 * MILLIONS, "entries in one place"),
    "keys without end": ("".join(f"k{n}: 1\n" for n in range(80_000 * MILLIONS)), "entries in one place"),
    "the same key again and again": ("a: 1\n" * 20_000 * MILLIONS, "for the second time"),
    "unknown keys": (HEAD + "".join(f"matrx{n}: 1\n" for n in range(10_000)), 'unknown key "matrx0"; did you mean "matrix"?'),
    "a key of a megabyte": ("k" * 1_000_000 + ": 1\n", ""),
    "a key of the largest size": ("k" * 1_000_000 * MILLIONS + ": 1\n", "larger than 1 MiB and holds"),
    "a text of the largest size": (f"tenant: {{id: a, name: {'n' * 1_000_000 * MILLIONS}}}\n", "this text is too long"),
    "a quote never closed": (HEAD + 'people: "' + "x " * 400_000 * MILLIONS, "never closed"),
    "a tab at the end of much": (HEAD + "sites:\n" + "  - {id: s, name: S}\n" * 1_000 + "\t- x\n", "a tab stands here"),
    "an anchor at the end of much": (HEAD + "runbooks:\n" + "".join(f"  r{n}: https://example.com/{'x' * 180}\n" for n in range(4_500 * MILLIONS)) + "  last: &a x\n", "larger than 1 MiB and holds"),
    "tags": ("a: !!python/object/apply:os.system [ls]\n", "tags such as"),
    "merge keys": ("a: &a {x: 1}\nb: {<<: *a}\n", "merge keys"),
    "two documents": (HEAD + "---\n" + HEAD, "a second document"),
    "not UTF-8": (b"tenant: {id: a, name: \xff\xfe}\n", "not UTF-8"),
    "UTF-16": (_in_utf16(), "not UTF-8"),
    "a NUL": (HEAD + "use: \x00\n", "special characters are not allowed"),
    "a NUL behind an escape": ('tenant: {id: a, name: "a\\0b"}\n', "without control characters"),
    "an escape sequence": ('tenant: {id: a, name: "\\e[2J"}\n', "without control characters"),
    "half a character": (HEAD + 'paths: [{id: p, party: msp, track: ops, trigger: "\\ud800", steps: [{page: "path:x"}]}]\n', "paths[1].trigger"),
    "half a character in a regex": (HEAD + 'classification: [{id: r, function: f, when: {title: {regex: "\\ud800"}}}]\n', "regex"),
    "a number of 5,000 digits": (HEAD + f"sites: [{{id: s, name: S, users: {'9' * 5000}}}]\n", "sites[1].users"),
    "a share that is no number": (HEAD + "rules: {wide_outage_share: .nan}\n", "rules.wide_outage_share"),
    "a share without end": (HEAD + "rules: {wide_outage_share: 1e999}\n", "rules.wide_outage_share"),
    "a length of forty digits": (HEAD + f"timing: {{hold_down: {'9' * 39}d}}\n", "longer than ten years"),
    "a regex that counts twice": (_rules(1, lambda _: "{title: {regex: '(a{1000}){1000}'}}"), "this is no RE2 regex"),
    "a regex that is large": (_rules(1, lambda _: "{title: {regex: '(?i)[\\pL\\pN]{1000}'}}"), "this regex is too large"),
    "many large regexes": (_rules(5000, lambda n: f"{{title: {{regex: '(?:[a-m]{{9}}x?|{n}){{40}}'}}}}"), "together are too large"),
    "many broken regexes": (_rules(5000, lambda n: f"{{title: {{regex: '({n}'}}}}"), "missing )"),
    "many zones that do not exist": (HEAD + "sites:\n" + "".join(f"  - {{id: s{n}, name: S, zone: America/New_Yrk{n}}}\n" for n in range(5000)), "there is no time zone"),
    "a zone that is a path": (HEAD + "sites: [{id: s, name: S, zone: ../../etc/passwd}]\n", "there is no time zone"),
    "days that do not exist": (HEAD + "calendars: {c: {zone: UTC, holidays: [2026-02-30, 2025-02-29, 2026-13-01]}}\n", "is not a date"),
    "an instant that does not exist": (HEAD + "schedules: [{id: s, zone: UTC, layers: [{people: [p], anchor: 2026-02-30T09:00}]}]\n", "is not a date"),
    "a day far away": (HEAD + "calendars: {c: {zone: UTC, special: {99999-01-01: 09:00-10:00}}}\n", "is not a date"),
}  # fmt: skip


def write(folder: Path) -> None:
    """A file per document, numbered in order."""
    for number, (content, _) in enumerate(TEXTS.values()):
        path_of(folder, number).write_bytes(content if isinstance(content, bytes) else content.encode())


def path_of(folder: Path, number: int) -> Path:
    """Where the document with this number stands."""
    return folder / f"{number}.yaml"
