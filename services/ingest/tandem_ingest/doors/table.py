"""Which door stands at which address. The one list of the addresses that tools post to."""

from __future__ import annotations

from tandem_ingest.doors import opsgenie, tandem
from tandem_ingest.doors.alertmanager import NAMED, AlertmanagerDoor
from tandem_ingest.doors.door import Door
from tandem_ingest.doors.opsgenie import OpsgenieDoor
from tandem_ingest.doors.pagerduty import ChangesDoor, EventsDoor, EventsV1Door
from tandem_ingest.doors.tandem import Sns, TandemDoor


class Doors:
    """The doors of one process."""

    def __init__(self, sns: Sns) -> None:
        """An address that ends in ``/`` stands for all below it; the busiest first. ``sns`` knows Amazon's posts."""
        as_alertmanager, as_opsgenie = AlertmanagerDoor(), OpsgenieDoor()
        routes: tuple[tuple[str, Door], ...] = (
            (tandem.PREFIX, TandemDoor(sns)),
            ("/v2/enqueue", EventsDoor()),
            ("/v2/change/enqueue", ChangesDoor()),
            ("/generic/2010-04-15/create_event.json", EventsV1Door()),
            ("/api/v2/", as_alertmanager),
            (NAMED, as_alertmanager),
            ("/-/healthy", as_alertmanager),
            ("/-/ready", as_alertmanager),
            (opsgenie.PREFIX, as_opsgenie),
            (f"{opsgenie.PREFIX}/", as_opsgenie),
        )
        self._exact = {address: door for address, door in routes if not address.endswith("/")}
        self._below = tuple((address, door) for address, door in routes if address.endswith("/"))

    def at(self, path: str) -> Door | None:
        """The door of ``path``; None where the application answers."""
        found = self._exact.get(path)
        if found is not None:
            return found
        for address, door in self._below:
            if path.startswith(address):
                return door
        return None
