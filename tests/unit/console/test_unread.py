"""Bodies in which nothing hides, and reasons that people understand."""

from __future__ import annotations

import pytest

from tandem_console.unread import in_words, visible


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        (b'{"a": "b"}\n\tend', '{"a": "b"}\n\tend'),
        (b"\x1b[2J\x07\x00\x7f", "\\x1b[2J\\x07\\x00\\x7f"),
        (b"a\r\nb", "a\\x0d\nb"),
        (b"\xff\xfe<", "\\xff\\xfe<"),
        ("pay\u202egnp.exe \u200b".encode(), "pay<U+202E>gnp.exe <U+200B>"),
        ("Überlauf 💾".encode(), "Überlauf 💾"),
    ],
)
def test_everything_in_a_body_shows(raw: bytes, seen: str) -> None:
    assert visible(raw) == seen


@pytest.mark.parametrize(
    ("reason", "part"),
    [
        ("not JSON", "broken"),
        (
            "this way in has no mapping yet; `tandem integrations mapping NAME --set FILE` gives it one",
            "write a mapping",
        ),
        ("no message or alert type: not the datto-rmm/1 body", "right tool"),
        ("the veeam adapter failed: KeyError", "report it"),
    ],
)
def test_a_reason_is_said_in_words(reason: str, part: str) -> None:
    assert part in in_words(reason)


def test_what_nobody_has_words_for_stands_for_itself() -> None:
    assert in_words("too many fields") == ""
