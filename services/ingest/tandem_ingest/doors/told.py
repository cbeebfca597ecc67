"""What a person enters in a tool that speaks another API than ours: address, key words, a line for a shell. Pure.

``{base}``, ``{name}`` and ``{secret}`` stand for the instance's address, the integration and its secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Told(NamedTuple):
    """One address of a tool's."""

    title: str
    address: str
    lines: tuple[str, ...]
    curl: str
    note: str = ""


_EVENT = (
    '{"routing_key": "{secret}", "event_action": "trigger", "dedup_key": "tandem-test", "payload":'
    ' {"summary": "Test of the way in", "source": "tandem", "severity": "info"}}'
)
_EVENT_V1 = '{"service_key": "{secret}", "event_type": "trigger", "incident_key": "tandem-test", "description": "Test"}'
_LABELLED = (
    '[{"labels": {"alertname": "TandemTest", "severity": "info"}, "annotations": {"summary": "Test of the way in"}}]'
)
_GENIE = "Authorization: GenieKey {secret}"
_BEARER = "Authorization: Bearer {secret}"

TOLD: Mapping[str, tuple[Told, ...]] = MappingProxyType(
    {
        "pagerduty": (
            Told(
                "Events API v2", "{base}/v2/enqueue", ("routing_key: {secret}", "or X-Routing-Key: {secret}"),
                f"curl -sS '{{base}}/v2/enqueue' -d '{_EVENT}'",
                "In the tool: url, api_url, base_url or PAGERDUTY_URL, and the routing (or integration) key.",
            ),
            Told(
                "Events API v1", "{base}/generic/2010-04-15/create_event.json", ("service_key: {secret}",),
                f"curl -sS '{{base}}/generic/2010-04-15/create_event.json' -d '{_EVENT_V1}'",
                "For older tools.",
            ),
        ),
        "opsgenie": (
            Told(
                "Alert API", "{base}/v2/alerts", (_GENIE,),
                f"curl -sS '{{base}}/v2/alerts' -H '{_GENIE}' -H 'Content-Type: application/json'"
                ' -d \'{"message": "Test of the way in", "alias": "tandem-test", "priority": "P5"}\'',
                "Tools that ask for an API URL alone (Alertmanager's api_url) take {base}/ and the key.",
            ),
        ),
        "alertmanager": (
            Told(
                "As an Alertmanager, for Prometheus itself", "{base}/am/{name}", (_BEARER, "path_prefix: /am/{name}"),
                f"curl -sS '{{base}}/am/{{name}}/api/v2/alerts' -H '{_BEARER}' -d '{_LABELLED}'",
                "vmalert, Loki, Mimir, Thanos and amtool take the same address; basic with any user works, and"
                " {base}/am/{name}/{secret} for those that can set no header.",
            ),
        ),
    }
)  # fmt: skip
"""By vendor; the others post to ``/v1/alerts/{name}`` alone."""
FIRST = frozenset({"pagerduty", "opsgenie"})
"""Vendors whose tools post there and nowhere else, as a rule."""
