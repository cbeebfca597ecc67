"""The one thing an authentic body can do wrong: not be what its integration says. Never a refusal."""

from __future__ import annotations

from tandem.errors import TandemError
from tandem.model.alert import VendorAlert


class Unreadable(TandemError):
    """A body, or a part of a batch, that its adapter cannot read; ``reason`` is for an operator.

    ``readable`` holds what the adapter could make of the rest of the body: a batch with one odd element
    keeps its others.
    """

    def __init__(self, reason: str, *, readable: tuple[VendorAlert, ...] = ()) -> None:
        """``reason`` names what is wrong with the shape and quotes nothing of the body."""
        self.reason = reason
        self.readable = readable
        super().__init__(reason)
