"""What the keys of a flat body mean. Whether a key says anything is looked at in every body.

A null, an empty text or a list falls through to the next spelling as in ``flat.Questions``, whose answers these are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from tandem_ingest.vendors import shape
from tandem_ingest.vendors.flat import LONGEST, OPAQUE, OPENING, Questions, fold, is_unfilled
from tandem_ingest.vendors.remembered import Keys


class Layout(NamedTuple):
    """What a flat body's keys mean."""

    asked: tuple[tuple[str, tuple[int, ...]], ...]
    """Each question with the places of the keys that may answer it, the best one first."""
    opaque: frozenset[int]
    """Places of objects that mean nothing."""
    as_it_is: Mapping[str, tuple[str, ...]]
    """Questions that are not answered by a text, with the keys, the best one first."""
    keys: Mapping[str, str]
    """Folded name: the key."""
    rest: tuple[str, ...]
    """Keys that have no place of their own."""

    def answers(self, body: Mapping[str, object]) -> dict[str, str] | None:
        """What ``Questions.answers`` gives; None where that takes more than the keys to tell: objects, placeholders."""
        texts: list[str | None] = []
        for value in body.values():
            if type(value) is str:
                if value[:1] in OPENING and is_unfilled(value):
                    return None
                texts.append(value.strip())
            elif isinstance(value, dict) and len(texts) not in self.opaque:
                return None
            else:
                texts.append(None if value is None else shape.text(value))
        found: dict[str, str] = {}
        for question, places in self.asked:
            for place in places:
                if text := texts[place]:
                    found[question] = text
                    break
        return found


def layout_of(
    keys: Keys, questions: Questions, as_it_is: Mapping[str, tuple[str, ...]], is_rest: Callable[[str], bool]
) -> Layout | None:
    """The layout of a body with ``keys``; None when two of them are one name, or one is too long to be a name.

    Args:
        keys: in the body's order.
        questions: those that a text answers.
        as_it_is: others, with their names, folded.
        is_rest: whether a key has no place of its own.
    """
    names = [fold(key) for key in keys if len(key) <= LONGEST]
    if len({*names}) < len(keys):
        return None
    places = {name: place for place, name in enumerate(names)}
    asked = {
        each: tuple(places[name] for name in several if name in places) for each, several in questions.names.items()
    }
    return Layout(
        asked=tuple((each, several) for each, several in asked.items() if several),
        opaque=frozenset(place for name, place in places.items() if name in OPAQUE),
        as_it_is={
            each: tuple(keys[places[name]] for name in several if name in places) for each, several in as_it_is.items()
        },
        keys=dict(zip(names, keys, strict=True)),
        rest=tuple(filter(is_rest, keys)),
    )
