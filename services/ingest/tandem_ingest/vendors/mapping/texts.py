"""What a field is made of: paths, templates, words of its own; the first of several that says something."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tandem_ingest.vendors import shape
from tandem_ingest.vendors.mapping import paths
from tandem_ingest.vendors.mapping.look import Look
from tandem_ingest.vendors.mapping.paths import Path

LONGEST = 1_000
MOST_CHOICES = 16
MOST_PIECES = 32
_DEAR = 256
"""Characters from which on a text costs more than the look at it."""


@dataclass(frozen=True, slots=True)
class Literal:
    """Words of its own: ``=these very words``."""

    text: str

    def said(self, look: Look) -> Sequence[object]:  # noqa: ARG002 - as a path
        return (self.text,)


@dataclass(frozen=True, slots=True)
class Found:
    """A path."""

    path: Path

    def said(self, look: Look) -> Sequence[object]:
        return self.path.values(look)


@dataclass(frozen=True, slots=True)
class Hole:
    """``{$.a | $.b}`` in a template; with ``?`` before the brace it may stay empty."""

    choices: tuple[Path, ...]
    optional: bool


@dataclass(frozen=True, slots=True)
class Template:
    """``{$.type} on {$.host}``: says nothing when one of its holes says nothing."""

    pieces: tuple[str | Hole, ...]

    def said(self, look: Look) -> Sequence[object]:
        written: list[str] = []
        for piece in self.pieces:
            if isinstance(piece, str):
                written.append(piece)
                continue
            found = _first(piece, look)
            if found is None and not piece.optional:
                return ()
            if found is not None and len(found) >= _DEAR:
                look.spend(len(found) >> 8)
            written.append(found or "")
        return ("".join(written),)


Choice = Literal | Found | Template


@dataclass(frozen=True, slots=True)
class Texts:
    """The choices of a field, in their order."""

    choices: tuple[Choice, ...] = ()

    def values(self, look: Look) -> Iterator[object]:
        """All that they say, of any shape; null left out."""
        for choice in self.choices:
            yield from choice.said(look)

    def texts(self, look: Look) -> Iterator[str]:
        """All that they say as text; lists and objects say nothing."""
        for value in self.values(look):
            found = shape.text(value)
            if found is not None:
                look.spend(len(found) >> 8)
                yield found

    def first(self, look: Look) -> str | None:
        """The first text."""
        for choice in self.choices:
            if isinstance(choice, Found) and choice.path.names is not None:
                value = choice.path.one(look)
                if value is None:
                    continue
                said: Sequence[object] = (value,)
            else:
                said = choice.said(look)
            for value in said:
                found = shape.text(value)
                if found is not None:
                    if len(found) >= _DEAR:
                        look.spend(len(found) >> 8)
                    return found
        return None

    def joined(self, look: Look) -> str | None:
        """The first choice that says something, with all it says as ``a,b,c``."""
        for choice in self.choices:
            if isinstance(choice, Found) and choice.path.names is not None:
                found = shape.joined(choice.path.one(look))
            else:
                found = shape.joined([*_flat(choice.said(look))])
            if found is not None:
                if len(found) >= _DEAR:
                    look.spend(len(found) >> 8)
                return found
        return None


def _first(hole: Hole, look: Look) -> str | None:
    for path in hole.choices:
        if path.names is not None:
            found = shape.joined(path.one(look))
            if found is not None:
                return found
            continue
        for value in path.values(look):
            found = shape.joined(value)
            if found is not None:
                return found
    return None


def _flat(values: Sequence[object]) -> Iterator[object]:
    for value in values:
        if isinstance(value, list):
            yield from value
        else:
            yield value


def parse(said: object) -> Texts:
    """One text or a list of them.

    Raises:
        ValueError: in the words of whoever reads the document.
    """
    if isinstance(said, Texts):
        return said
    several: Sequence[object] = said if isinstance(said, list | tuple) else [said]
    if not several or len(several) > MOST_CHOICES:
        raise ValueError(f"write one path here, or a list of at most {MOST_CHOICES}")
    return Texts(tuple(_choice(each) for each in several))


def _choice(said: object) -> Choice:
    if not isinstance(said, str) or not said.strip():
        raise ValueError("write a path here, as $.alert.name, or a text with {$.alert.name} in it")
    if len(said) > LONGEST:
        raise ValueError(f"this is longer than {LONGEST} characters")
    if said.startswith("="):
        return Literal(said[1:])
    if said.startswith("$"):
        return Found(paths.parse(said.strip()))
    if "{" not in said:
        name = said.strip()[:60]
        raise ValueError(f'write $.{name} for a path, {{$.{name}}} within a text, or "={name}" for these very words')
    return Template(tuple(_pieces(said)))


def _pieces(said: str) -> list[str | Hole]:
    pieces: list[str | Hole] = []
    at, text = 0, ""
    while at < len(said):
        if said.startswith(("{{", "}}"), at):
            text, at = text + said[at], at + 2
        elif said[at] == "{":
            end = _closing(said, at)
            pieces += [text, _hole(said[at + 1 : end])] if text else [_hole(said[at + 1 : end])]
            text, at = "", end + 1
        elif said[at] == "}":
            raise ValueError('a "}" closes nothing; write }} for the character itself')
        else:
            text, at = text + said[at], at + 1
    if len(pieces) > MOST_PIECES:
        raise ValueError(f"more than {MOST_PIECES} parts in one text")
    return [*pieces, text] if text else pieces


def _closing(said: str, at: int) -> int:
    quote = ""
    for position in range(at + 1, len(said)):
        char = said[position]
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char == "}":
            return position
    raise ValueError('a "{" is not closed; write {{ for the character itself')


def _hole(inside: str) -> Hole:
    written = inside.strip()
    optional = written.endswith("?")
    choices = [each.strip() for each in written.removesuffix("?").split("|")]
    if len(choices) > MOST_CHOICES:
        raise ValueError(f"more than {MOST_CHOICES} paths between two braces")
    return Hole(tuple(paths.parse(each) for each in choices), optional)
