"""Paths into a body: ``$.alerts[0].name``. Parsed once, at load; looking never raises but when it costs too much.

$ the element that is read · $body the whole body · $header['x-event'] a header
.name ['any name'] · [0] [-1] · [*] .* every one · [name=value] those of a list · ..name anywhere below
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tandem_ingest.vendors import shape
from tandem_ingest.vendors.flat import OPENING, is_unfilled
from tandem_ingest.vendors.mapping.look import Look, folded

LONGEST = 300
MOST_STEPS = 16
SECRET_WORDS = ("auth", "cookie", "key", "token", "secret", "signature", "password")
"""A header with one of these in its name is none of a mapping's business."""
_ENDS = frozenset(".[]|{}?=\"' \t")


class Step(Protocol):
    """One step of a path."""

    def of(self, value: object, look: Look) -> Sequence[object]:
        """What stands there below ``value``."""
        ...


@dataclass(frozen=True, slots=True)
class Member:
    """``.name``: what an object holds by this name."""

    name: str
    near: str

    def of(self, value: object, look: Look) -> Sequence[object]:
        found = look.member(value, self.name, self.near)
        return () if found is None else (found,)


@dataclass(frozen=True, slots=True)
class At:
    """``[0]``; negative counts from the end. What is no list is its own first element: one of many, sent alone."""

    index: int

    def of(self, value: object, look: Look) -> Sequence[object]:
        look.spend(1)
        inner = look.opened(value)
        if not isinstance(inner, list):
            return (inner,) if self.index in {0, -1} and inner is not None else ()
        return (inner[self.index],) if -len(inner) <= self.index < len(inner) else ()


@dataclass(frozen=True, slots=True)
class Every:
    """``[*]``: the elements of a list, the values of an object; of anything else the thing itself."""

    def of(self, value: object, look: Look) -> Sequence[object]:
        inner = look.opened(value)
        if isinstance(inner, dict):
            inner = list(inner.values())
        elif not isinstance(inner, list):
            inner = [] if inner is None else [inner]
        look.spend(1 + len(inner))
        return inner


@dataclass(frozen=True, slots=True)
class Where:
    """``[name=value]``: the objects of a list whose ``name`` says ``value``."""

    name: str
    near: str
    value: str

    def of(self, value: object, look: Look) -> Sequence[object]:
        inner = look.opened(value)
        several = inner if isinstance(inner, list) else [inner]
        return [each for each in several if shape.word(look.member(each, self.name, self.near)) == self.value]


@dataclass(frozen=True, slots=True)
class Anywhere:
    """``..name``: wherever ``name`` stands below, the nearest first."""

    name: str
    near: str

    def of(self, value: object, look: Look) -> Sequence[object]:
        found: list[object] = []
        level = [value]
        while level:
            look.spend(len(level))
            found += [
                each for outer in level if (each := look.member(outer, self.name, self.near, lines=False)) is not None
            ]
            level = [inner for outer in level for inner in _inside(look.opened(outer))]
        return found


def _inside(value: object) -> Sequence[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else ()


@dataclass(frozen=True, slots=True)
class Path:
    """A parsed path."""

    root: str
    """``$``, ``$body`` or ``$header``."""
    steps: tuple[Step, ...]
    names: tuple[tuple[str, str], ...] | None
    """Of a path of names alone, which finds one thing at most: each name as written and folded."""

    def one(self, look: Look) -> object:
        """What stands there, of a path of ``names``: the short way that nearly all paths take.

        Raises:
            Unreadable: as ``values``.
        """
        look.left -= 1  # spend() without its call, here alone: most of what a reading does is this
        if look.left < 0:
            look.spend(0)
        value = look.element if self.root == "$" else self._start(look)
        for name, near in self.names or ():
            if type(value) is str:
                value = look.opened(value)
            if type(value) is dict:
                found = value.get(name)
                if found is None and name not in value:
                    found = look.near(value, near)
            else:
                found = look.member(value, name, near)
            if found is None:
                return None
            value = found
        if type(value) is str and value[:1] in OPENING and _is_blank(value, look):  # nearly no text begins so
            return None
        return value

    def values(self, look: Look) -> Sequence[object]:
        """All that stands there, null and placeholders left out, in the body's order.

        Raises:
            Unreadable: this body has cost as much as one may.
        """
        if self.names is not None:
            value = self.one(look)
            return () if value is None else (value,)
        found: Sequence[object] = (self._start(look),)
        for step in self.steps:
            if len(found) == 1:
                found = step.of(found[0], look)
            else:
                found = [inner for outer in found for inner in step.of(outer, look)]
        return [each for each in found if each is not None and not _is_blank(each, look)]

    @property
    def last_name(self) -> str | None:
        """What a label by this path is called; None when it ends in no name."""
        last = self.steps[-1] if self.steps else None
        return last.name if isinstance(last, Member | Anywhere) else None

    def _start(self, look: Look) -> object:
        if self.root == "$":
            return look.element
        return look.body if self.root == "$body" else look.headers


def _is_blank(value: object, look: Look) -> bool:
    """Whether the tool that filled in its template left a placeholder here, as it does for what it does not know."""
    if isinstance(value, str) and value[:1] in OPENING and is_unfilled(value):
        look.blank = look.blank or value
        return True
    return False


def parse(text: str) -> Path:
    """``text`` as a path.

    Raises:
        ValueError: in the words of whoever reads the document.
    """
    if len(text) > LONGEST:
        raise ValueError(f"a path is at most {LONGEST} characters long")
    root = next((name for name in ("$body", "$header", "$") if text.startswith(name)), "")
    if not root or text[len(root) : len(root) + 1] not in {"", ".", "["}:
        raise ValueError(f'"{text[:60]}" is no path; begin with $, $body or $header, as in $.alert.name')
    scan = _Scan(text, len(root))
    steps: list[Step] = []
    while not scan.done:
        steps.append(scan.step())
    if len(steps) > MOST_STEPS:
        raise ValueError(f'"{text[:60]}" has more than {MOST_STEPS} steps')
    if sum(isinstance(step, Anywhere) for step in steps) > 1:
        raise ValueError(f'"{text[:60]}" says .. twice; once is enough')
    if root == "$header":
        steps = [_header(text, steps)]
    names = tuple((step.name, step.near) for step in steps if isinstance(step, Member))
    return Path(root, tuple(steps), names if len(names) == len(steps) else None)


def _header(text: str, steps: Sequence[Step]) -> Member:
    step = steps[0] if len(steps) == 1 else None
    if not isinstance(step, Member):
        raise ValueError(  # noqa: TRY004 - pydantic's validators speak in ValueError
            f"\"{text[:60]}\" names no header; write it like $header['x-event']"
        )
    if any(word in step.name.casefold() for word in SECRET_WORDS):
        raise ValueError(f'the header "{step.name[:60]}" may hold a secret; a mapping cannot read it')
    return _member(step.name.casefold())


def _member(name: str) -> Member:
    return Member(name, folded(name))


def _anywhere(name: str) -> Anywhere:
    return Anywhere(name, folded(name))


class _Scan:
    """Walks through the text of a path."""

    def __init__(self, text: str, at: int) -> None:
        self._text = text
        self._at = at

    @property
    def done(self) -> bool:
        return self._at >= len(self._text)

    def step(self) -> Step:
        if self._take(".."):
            return _anywhere(self._name())
        if self._take("."):
            return Every() if self._take("*") else _member(self._name())
        if self._take("["):
            step = self._inside_brackets()
            if not self._take("]"):
                raise self._fault('a "[" is not closed')
            return step
        raise self._fault(f'"{self._text[self._at]}" cannot stand here')

    def _inside_brackets(self) -> Step:
        if self._take("*"):
            return Every()
        name, quoted = self._word()
        if self._take("="):
            return Where(name, folded(name), shape.word(self._word()[0]))
        if not quoted and name.removeprefix("-").isdecimal() and len(name) <= 6:
            return At(int(name))
        if not quoted:
            raise self._fault(f"[{name}] is neither a number nor a quoted name nor name=value")
        return _member(name)

    def _word(self) -> tuple[str, bool]:
        """A name or value in brackets, and whether it was quoted."""
        for quote in "\"'":
            if self._take(quote):
                end = self._text.find(quote, self._at)
                if end < 0:
                    raise self._fault("a quote is not closed")
                word, self._at = self._text[self._at : end], end + 1
                return word, True
        ends = [end for end in (self._text.find("=", self._at), self._text.find("]", self._at)) if end >= 0]
        if not ends or min(ends) == self._at:
            raise self._fault('a "[" holds nothing or is not closed')
        word, self._at = self._text[self._at : min(ends)].strip(), min(ends)
        return word, False

    def _name(self) -> str:
        end = self._at
        while end < len(self._text) and self._text[end] not in _ENDS:
            end += 1
        if end == self._at:
            raise self._fault('a name is missing after "."')
        name, self._at = self._text[self._at : end], end
        return name

    def _take(self, token: str) -> bool:
        if not self._text.startswith(token, self._at):
            return False
        self._at += len(token)
        return True

    def _fault(self, message: str) -> ValueError:
        return ValueError(f'the path "{self._text[:60]}": {message} (character {self._at + 1})')
