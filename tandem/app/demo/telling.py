"""What a visitor of the demo is told: on the terminal, in demo.json, and step by step on ``/welcome``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tandem.app.demo.seed import PERSONAS, Seeded, write
from tandem_console.welcome import WelcomeStep

Tell = Callable[[str], None]


def announce(seeded: Seeded, data_dir: Path, tell: Tell, *, stop: str = "Ctrl-C stops all of it") -> Path:
    """Write demo.json and say where everything is; the file, which is there only while the demo is ready."""
    file = write(seeded, data_dir)
    names = ", ".join(f"{persona.person} ({persona.role})" for persona in PERSONAS)
    password = seeded.facts["sign_ins"]["admin"]["password"]
    tell(f"Tandem demo: {seeded.facts['console_url']}/welcome   sign in as {names}; password {password}")
    tell(f"phones: {seeded.facts['pager_inbox_url']}   everything else: {file}   {stop}")
    return file


def steps(seeded: Seeded) -> tuple[WelcomeStep, ...]:
    """What a visitor is told on /welcome."""
    way = seeded.integrations["cedarline-generic"]
    curl = (
        f"curl -s {way['url']} -H 'Content-Type: application/json' "
        '-d \'{"title": "My own alert: disk almost full on my-server", "severity": "high", "host": "my-server"}\''
    )
    return (
        WelcomeStep(
            title="Look at the queue",
            text="Alerts of three clients arrive by themselves. Each lies in the lane of the party that owns it.",
            link="/",
            link_text="Open the queue",
        ),
        WelcomeStep(
            title="Ask why",
            text="Open an incident: which rule and row of the agreement decided, and which came close.",
            link="/",
            link_text="Choose one",
        ),
        WelcomeStep(
            title="Answer a page",
            text="The pager inbox plays everybody's phone. Acknowledge there, and watch both parties' clocks.",
            link=seeded.facts["pager_inbox_url"],
            link_text="Open the phones",
        ),
        WelcomeStep(
            title="Send your own alert",
            text="Paste this into a shell and see it come in. Cedarline is fully managed, so the MSP gets it.",
            command=curl,
        ),
    )
