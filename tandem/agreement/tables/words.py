"""Several words in one cell: ``disk, "a, b"``. A word that could be misread is quoted, a quote in it doubled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

SEPARATORS = ",;\n\r"
"""Between the words of a list. Written: the comma; spreadsheets of some countries and people write the others."""
_QUOTE = '"'


def join_words(words: Iterable[str]) -> str:
    """``a, b``, as ``split_words`` reads it back."""
    return ", ".join(quoted(word, SEPARATORS) for word in words)


def quoted(word: str, separators: str = "", *, also: bool = False) -> str:
    """``word``, in quotes when it is empty, holds a separator or quote, has blanks around it, or ``also`` says so."""
    odd = word != word.strip() or not word or _QUOTE in word or any(char in word for char in separators)
    return _QUOTE + word.replace(_QUOTE, _QUOTE * 2) + _QUOTE if odd or also else word


def split_words(text: str, separators: str = SEPARATORS) -> list[tuple[str, int]]:
    """(word, its offset in ``text``); what is empty between two separators is passed over.

    Raises:
        ValueError: a quote is opened and not closed, or text follows a closed one.
    """
    return list(_words(text, separators))


def unquoted(text: str) -> str:
    """One text that may be quoted as a whole; ValueError as ``split_words``."""
    text = text.strip()
    if len(text) >= 2 and text[0] == text[-1] == _QUOTE:
        word, end = _closed(text, 0)
        if end == len(text):
            return word
    return text


def _words(text: str, separators: str) -> Iterator[tuple[str, int]]:
    at = 0
    while at < len(text):
        if text[at] in separators or text[at].isspace():
            at += 1
        elif text[at] == _QUOTE:
            word, end = _closed(text, at)
            rest = end
            while rest < len(text) and text[rest] not in separators:
                if not text[rest].isspace():
                    raise ValueError(f'text follows the quoted {text[at:end][:40]}; put a "," between two words')
                rest += 1
            yield word, at
            at = rest
        else:
            end = at
            while end < len(text) and text[end] not in separators:
                end += 1
            yield text[at:end].rstrip(), at
            at = end


def _closed(text: str, start: int) -> tuple[str, int]:
    """The quoted word at ``start`` and the offset behind it."""
    at, word = start + 1, ""
    while (end := text.find(_QUOTE, at)) >= 0:
        word += text[at:end]
        if text[end + 1 : end + 2] != _QUOTE:
            return word, end + 1
        word += _QUOTE
        at = end + 2
    raise ValueError(f"a quote is opened and never closed: {text[start:][:40]}")
