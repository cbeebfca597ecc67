"""From a part of the space to what a person reads: the fewest conditions that are still true, or one concrete point."""

from __future__ import annotations

from collections.abc import Collection

from tandem.agreement.proof.index import Index
from tandem.agreement.proof.space import Box, Space, bits_of


def widened(index: Index, at: Box, blockers: int, *, keep: Collection[str] = ()) -> Box:
    """``at`` with as few conditions and as many values as it can have without touching a row of ``blockers``.

    Conditions go in the reverse order of the fields, so that what is left is what a reader thinks of first; then
    values are added one by one, so that it reads "severity low or medium". Fields in ``keep`` stay as they are.
    """
    box = dict(at)
    space = index.space
    for name in reversed(space.ordered(name for name in at if name not in keep)):
        without = {field: mask for field, mask in box.items() if field != name}
        if not index.reaching(without) & blockers:
            box = without
    for name in space.ordered(name for name in box if name not in keep):
        for value in bits_of(space.full[name] & ~box[name]):
            wider = {**box, name: box[name] | 1 << value}
            if not index.reaching(wider) & blockers:
                box = wider
    return box


def point(space: Space, at: Box) -> dict[str, str]:
    """One alert of ``at``: of every field the first value of the vocabulary that it accepts."""
    return {
        name: values[(mask & -mask).bit_length() - 1]
        for name, values in space.fields.items()
        if (mask := at.get(name, space.full[name]))
    }
