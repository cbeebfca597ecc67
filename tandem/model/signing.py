"""How vendors sign, ready made: the presets of ``tandem integrations add --hmac``. Data only, checked by ``problems``.

Sources: standardwebhooks.com and docs.svix.com (Huntress signs so); docs.github.com, validating webhook deliveries;
grafana.com, webhook notifier, HMAC signature; docs.sentry.io, integration platform webhooks; api.slack.com, verifying
requests; CrowdStrike and ConnectWise as their users describe them: check those two against a real post.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from tandem.model.integration import HmacScheme

ALGORITHMS = ("sha256", "sha512", "sha1")
ENCODINGS = ("hex", "base64")
KEY_ENCODINGS = ("raw", "base64", "hex")
TIMESTAMP_FORMATS = ("auto", "s", "ms", "rfc3339")
BASE_STRINGS: Mapping[str, str] = MappingProxyType(
    {
        "body": "{body}",
        "ts.body": "{ts}.{body}",
        "ts:body": "{ts}:{body}",
        "ts+body": "{ts}{body}",
        "body+ts": "{body}{ts}",
        "id.ts.body": "{id}.{ts}.{body}",
    }
)
"""Short names of usual base strings."""
PLACES = re.compile(r"\{(body|ts|id)\}")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")


def _webhooks(prefix: str) -> HmacScheme:
    return HmacScheme(
        header=f"{prefix}-signature",
        prefix="v1,",
        encoding="base64",
        signed="id.ts.body",
        timestamp_header=f"{prefix}-timestamp",
        timestamp_format="s",
        id_header=f"{prefix}-id",
    )


PRESETS: Mapping[str, HmacScheme] = MappingProxyType(
    {
        "tandem": HmacScheme(),
        "standard-webhooks": _webhooks("webhook"),
        "svix": _webhooks("svix"),
        "github": HmacScheme(header="X-Hub-Signature-256"),
        "github-sha1": HmacScheme(header="X-Hub-Signature", prefix="sha1=", algorithm="sha1"),
        "grafana": HmacScheme(header="X-Grafana-Alerting-Signature", prefix=""),
        "grafana-timestamp": HmacScheme(
            header="X-Grafana-Alerting-Signature",
            prefix="",
            signed="ts:body",
            timestamp_header="X-Grafana-Alerting-Timestamp",
            timestamp_format="s",
        ),
        "sentry": HmacScheme(header="Sentry-Hook-Signature", prefix=""),
        "crowdstrike": HmacScheme(
            header="X-CS-Primary-Signature",
            prefix="",
            encoding="base64",
            signed="body+ts",
            timestamp_header="X-CS-Delivery-Timestamp",
        ),
        "pagerduty": HmacScheme(header="X-PagerDuty-Signature", prefix="v1="),
        "connectwise": HmacScheme(header="x-content-signature", prefix="", encoding="base64"),
        "slack": HmacScheme(
            header="X-Slack-Signature",
            prefix="v0=",
            signed="v0:{ts}:{body}",
            timestamp_header="X-Slack-Request-Timestamp",
            timestamp_format="s",
        ),
    }
)
BY_VENDOR: Mapping[str, str] = MappingProxyType(
    {"huntress": "svix", "sentry": "sentry", "crowdstrike": "crowdstrike", "connectwise": "connectwise"}
)
"""Vendor -> the preset of how it signs; Grafana signs only when it is told to."""


def base_string(signed: str) -> str:
    """The base string with its places, whatever way it was written."""
    return BASE_STRINGS.get(signed, signed)


def problems(scheme: HmacScheme) -> list[str]:
    """Why nobody could sign, or everybody could, by ``scheme``; empty when it is sound."""
    places = PLACES.findall(base_string(scheme.signed))
    found = []
    if places.count("body") != 1 or len(set(places)) != len(places):
        found.append(f"base string {scheme.signed!r}: needs the body exactly once, see the list in docs")
    if ("ts" in places) != (scheme.timestamp_header is not None):
        found.append("a signed timestamp and its header need one another")
    if "id" in places and scheme.id_header is None:
        found.append("a signed id needs the header it stands in")
    choices = {
        "algorithm": (scheme.algorithm, ALGORITHMS),
        "encoding": (scheme.encoding, ENCODINGS),
        "key encoding": (scheme.key_encoding, KEY_ENCODINGS),
        "timestamp format": (scheme.timestamp_format, TIMESTAMP_FORMATS),
    }
    wrong = [(what, said, all_) for what, (said, all_) in choices.items() if said not in all_]
    found += [f"{what} {said!r} is none of {', '.join(all_)}" for what, said, all_ in wrong]
    headers = (scheme.header, scheme.timestamp_header, scheme.id_header)
    found += [f"{name!r} is no header's name" for name in headers if name is not None and not _HEADER.fullmatch(name)]
    if scheme.tolerance.total_seconds() < 1:
        found.append("a tolerance below a second refuses everybody")
    return found


def scheme_of(vendor: str) -> HmacScheme:
    """How a vendor signs, as far as we know; our own scheme for the others."""
    return PRESETS[BY_VENDOR.get(vendor, "tandem")]
