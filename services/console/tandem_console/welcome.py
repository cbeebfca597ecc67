"""What a newcomer is told on ``/welcome``, as values; whoever starts the console (the demo) writes it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class WelcomeStep:
    """One step. Plain text, no markup; addresses and secrets in ``command`` are the demo's own."""

    title: str
    text: str
    command: str | None = None
    """A line to paste into a shell; the last step's posts one's own alert."""
    link: str | None = None
    """Where to look, a path or an address."""
    link_text: str = "Open"
