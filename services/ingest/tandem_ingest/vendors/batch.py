"""Reads the elements of a post one by one: an odd element is reported and its neighbours are kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from tandem.model.alert import VendorAlert
from tandem_ingest.unreadable import Unreadable

Element = TypeVar("Element")


def each(elements: Sequence[Element], read: Callable[[Element], VendorAlert]) -> list[VendorAlert]:
    """The alerts of ``elements``, in their order.

    Raises:
        Unreadable: there are no elements, or some cannot be read; its ``readable`` are the others.
    """
    if not elements:
        raise Unreadable("an empty list of alerts")
    found: list[VendorAlert] = []
    faults: list[str] = []
    for element in elements:
        try:
            found.append(read(element))
        except Unreadable as fault:
            faults.append(fault.reason)
    if faults:
        reason = faults[0] if len(elements) == 1 else f"{len(faults)} of {len(elements)} alerts: {faults[0]}"
        raise Unreadable(reason, readable=tuple(found))
    return found


def one_or_many(body: object, read: Callable[[object], VendorAlert]) -> list[VendorAlert]:
    """``each`` of a list, or the one alert of anything else."""
    return each(body, read) if isinstance(body, list) else [read(body)]
