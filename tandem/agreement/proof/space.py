"""The alerts a proof speaks of: fields with finite, ordered vocabularies, and the combinations that cannot occur.

A set of values is a bit mask: bit n stands for the n-th value of the field's vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

Box = Mapping[str, int]
"""Field -> mask of the values it accepts. A field that is absent accepts every value."""


@dataclass(frozen=True, slots=True)
class Space:
    """Every combination of values, less the forbidden boxes.

    The order of fields and values decides which example is shown.
    """

    fields: Mapping[str, tuple[str, ...]]
    """Field -> its values in the order of the vocabulary; never empty, no value twice."""
    forbidden: tuple[Box, ...] = ()
    """Combinations that cannot occur: they need no owner, and two rows may meet there."""
    full: Mapping[str, int] = field(init=False)
    """Field -> mask of all its values."""
    leading: str = field(init=False)
    """The first field: the one that nearly every row names, so that questions are asked value by value of it."""
    place: Mapping[str, int] = field(init=False)
    """Field -> its place in the order of fields."""
    _bits: Mapping[str, Mapping[str, int]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        bits = {name: {value: 1 << n for n, value in enumerate(values)} for name, values in self.fields.items()}
        object.__setattr__(self, "_bits", bits)
        object.__setattr__(self, "leading", next(iter(self.fields)))
        object.__setattr__(self, "place", {name: n for n, name in enumerate(self.fields)})
        object.__setattr__(self, "full", {name: (1 << len(values)) - 1 for name, values in self.fields.items()})

    def mask(self, name: str, values: Iterable[str]) -> int:
        """The mask of ``values``; values that the field does not have are passed over."""
        bits = self._bits[name]
        found = 0
        for value in values:
            found |= bits.get(value, 0)
        return found

    def values(self, name: str, mask: int) -> tuple[str, ...]:
        """The values of a mask, in the order of the vocabulary."""
        return tuple(self.fields[name][number] for number in bits_of(mask))

    def ordered(self, names: Iterable[str]) -> list[str]:
        """``names`` in the order of the fields."""
        return sorted(names, key=self.place.__getitem__)

    def meet(self, one: Box, other: Box) -> dict[str, int]:
        """The alerts in both boxes. A mask of 0 in it: there is none."""
        both = dict(one)
        for name, mask in other.items():
            both[name] = both.get(name, self.full[name]) & mask
        return both

    def touches(self, one: Box, other: Box) -> bool:
        """Whether any combination lies in both boxes."""
        return all(one.get(name, self.full[name]) & mask for name, mask in other.items()) and all(one.values())


def bits_of(mask: int) -> Iterator[int]:
    """The numbers of the set bits, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def inside(inner: Box, outer: Box) -> bool:
    """Whether every condition of ``outer`` contains the one that ``inner`` has on the same field."""
    return all(name in inner and inner[name] & mask == inner[name] for name, mask in outer.items())
