"""Alertmanager's door: API v2 for Prometheus, vmalert, Grafana, Loki and amtool, which take us for an Alertmanager.

``/api/v2/...``, where the integration (vendor ``alertmanager``) is found by its secret, or
``/am/{integration}[/{secret}]/api/v2/...``; the secret as bearer, as the password of basic, or in the path. Posts are
stored; what is asked back is what this process heard (standing.py); silences are made in Tandem, where both parties
see them. ``/-/healthy`` and ``/-/ready`` ask for no secret and show nothing.

Source: prometheus/alertmanager, api/v2/openapi.yaml and api/v2/api.go; prometheus/prometheus, notifier/notifier.go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from types import MappingProxyType

from tandem.errors import Reason, Refused, Unavailable
from tandem.model.alert import Alert
from tandem_ingest.doors import posted_alerts, views
from tandem_ingest.doors.credentials import authorization, proves, unknown
from tandem_ingest.doors.door import REFUSALS, Answer, Asked, Taken, json_answer, later
from tandem_ingest.doors.posted_alerts import Posted
from tandem_ingest.doors.standing import StandingAlerts
from tandem_ingest.integrations import IntegrationBook
from tandem_ingest.normalise import Reading
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors.catalogue import vendor_of

SLUG = "alertmanager"
API = "api/v2/"
NAMED = "/am/"
LIMIT = 1024 * 1024
ALERTS = "alerts"
NOT_HERE = "there is nothing at this address"
_STATUS: Mapping[Reason, int] = MappingProxyType({**REFUSALS, Reason.NOT_FOUND: 404})
_NO_SILENCES = "Silences are made in Tandem, where both parties see them: `tandem silences add`, or the console."
_ALIVE = frozenset({"-/healthy", "-/ready"})


class _TakenAlerts(Taken, frozen=True, kw_only=True):
    """With what is shown to whoever asks back."""

    posted: tuple[Posted, ...]
    at: datetime


class AlertmanagerDoor:
    """One for all integrations of a process."""

    limit = LIMIT
    methods = ("GET", "POST", "DELETE")

    def __init__(self) -> None:
        """Nothing heard yet."""
        self._standing = StandingAlerts()

    def allows(self, asked: Asked) -> bool:
        """Its methods, everywhere."""
        return asked.method in self.methods

    def find(self, asked: Asked, book: IntegrationBook) -> Answer | None:
        """``what`` is the address below ``/api/v2/``; whether we live is answered at once."""
        name, asked.secret, rest = _place(asked.path)
        if rest in _ALIVE:
            return _alive(book, ready=rest == "-/ready")
        if not rest.startswith(API):
            raise Refused(Reason.NOT_FOUND, NOT_HERE)
        asked.what = rest[len(API) :].rstrip("/")
        found = book.get(name) if name is not None else book.of_secret(authorization(asked.headers), SLUG)
        asked.integration = found if found is not None and found.vendor == SLUG else None
        return None

    async def take(self, asked: Asked, book: IntegrationBook, now: datetime) -> Taken | Answer:  # noqa: ARG002 - as doors do
        """Alerts to store, or the answer to a question."""
        integration = asked.integration
        shown = asked.secret if asked.secret is not None else _shown(asked)
        if not proves(integration, shown, now) or integration is None:
            raise unknown()
        if asked.method != "POST":
            return self._shown(asked, integration.name, now)
        if asked.what == "silences":
            return json_answer(400, _NO_SILENCES)
        if asked.what != ALERTS:
            raise Refused(Reason.NOT_FOUND, NOT_HERE)
        body = asked.plain()
        try:
            found = posted_alerts.read(body, now)
        except Unreadable as fault:
            raise Refused(Reason.INVALID, f"parsing alerts body failed: {fault.reason}") from None
        # Prometheus states an end that moves; without one the same bytes a minute later are news, not a retry.
        moment = f"{sha256(body).hexdigest()[:32]}@{int(now.timestamp())}" if found.end_assumed else None
        reading = Reading(alerts=tuple(each.alert for each in found.valid), delivery_id=moment)
        return _TakenAlerts(
            integration=integration, vendor=vendor_of(SLUG), body=body, reading=reading, faults=found.faults,
            posted=found.valid, at=now,
        )  # fmt: skip

    def accepted(self, asked: Asked, taken: Taken, alerts: Sequence[Alert]) -> Answer:  # noqa: ARG002 - as doors do
        """Nothing to say, or what was not valid; the rest is stored all the same."""
        if isinstance(taken, _TakenAlerts):
            self._standing.heard(taken.integration.name, taken.posted, taken.at)
        return json_answer(400, "; ".join(taken.faults[:50])) if taken.faults else Answer(status=200)

    def refused(self, asked: Asked, refusal: Refused) -> Answer | Refused:
        """As its generated server words errors; a 400 is a bare string, which amtool prints."""
        if refusal.reason is Reason.UNAUTHENTICATED and asked.secret is not None:
            refusal = Refused(Reason.NOT_FOUND, NOT_HERE)
        status = _STATUS.get(refusal.reason, 400)
        return json_answer(status, {"code": status, "message": refusal.detail} if status != 400 else refusal.detail)

    def unavailable(self, asked: Asked, fault: Unavailable) -> Answer | Unavailable:  # noqa: ARG002 - as doors do
        """Prometheus sends what fires again within a minute."""
        return later(503, {"code": 503, "message": "the alerts could not be stored now"})

    def _shown(self, asked: Asked, integration: str, now: datetime) -> Answer:
        shows: Mapping[str, Callable[[], Answer]] = {
            ALERTS: lambda: views.alerts(self._standing.of(integration, now), asked.query),
            "alerts/groups": lambda: views.groups(self._standing.of(integration, now), asked.query),
            "status": lambda: views.status(now),
            "receivers": views.receivers,
            "silences": lambda: json_answer(200, []),
        }
        show = shows.get(asked.what) if asked.method == "GET" else None
        if show is None:
            raise Refused(Reason.NOT_FOUND, _NO_SILENCES if asked.what.startswith("silence/") else NOT_HERE)
        return show()


def _place(path: str) -> tuple[str | None, str | None, str]:
    """Integration and secret where the address names them, and what follows."""
    if not path.startswith(NAMED):
        return None, None, path[1:]
    name, _, rest = path[len(NAMED) :].partition("/")
    if rest in _ALIVE or rest.startswith(API):
        return name, None, rest
    secret, _, rest = rest.partition("/")
    return name, secret, rest


def _shown(asked: Asked) -> str:
    """What the headers show: an authorization, or the integration's own header."""
    own = asked.integration.header.lower() if asked.integration is not None else ""
    return authorization(asked.headers) or asked.headers.get(own, "")


def _alive(book: IntegrationBook, *, ready: bool) -> Answer:
    if ready and not book.loaded:
        return Answer(status=503, body=b"the integrations are not loaded yet", media="text/plain")
    return Answer(status=200, body=b"OK", media="text/plain")
