"""The command line, one file per noun. ``main`` is what the installed ``tandem`` calls."""

from __future__ import annotations


def main() -> None:
    """Run a command."""
    from tandem.cli.program import main as run

    run()
