"""``tandem integrations list``: every way in, when it last brought something, and what it was refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from prometheus_client.parser import text_string_to_metric_families

from tandem.app.auditor.receiver import allowing
from tandem.app.reach import database
from tandem.app.settings import Settings, envelope_key
from tandem.cli.edge import Output, run, show
from tandem.cli.integration_edge import DataDir, Format, inside
from tandem.cli.serve import settings_with
from tandem.clock import SystemClock
from tandem.db.pool import connect, engine
from tandem.errors import DeliveryFailed, Reason
from tandem.guard import Guard
from tandem.http.aiohttp_client import AiohttpClient
from tandem.model.integration import Integration
from tandem.policy.integrations import load_integrations

LOOKED_BACK = timedelta(days=90)
"""As long as alerts are kept."""
_LAST = "select integration, max(received_at) as at from router.alert where received_at > $1 group by 1"
_WAITING = "select integration, count(*) as alerts from ingest.unknown_tenant group by 1"
_REFUSED = frozenset(reason.value for reason in Reason)
_COLUMNS = ("name", "tenant", "vendor", "auth", "secrets", "enabled", "last event", "refused", "waiting")


def listed(data_dir: DataDir = None, output: Format = Output.TABLE) -> None:
    """Every integration; secrets are never shown again."""
    settings = settings_with(data_dir=data_dir)
    found, last, waiting, refused = run(lambda: _read(settings))
    rows = [
        {
            "name": one.name,
            "tenant": one.tenant,
            "vendor": one.vendor,
            "auth": one.auth.value,
            "secrets": len(one.secrets),
            "enabled": one.enabled,
            "last event": last.get(one.name),
            "refused": None if refused is None else refused[one.name],
            "waiting": waiting.get(one.name, 0) if one.tenant_from else None,
        }
        for one in found
    ]
    show(rows, output, columns=_COLUMNS)


async def _read(
    settings: Settings,
) -> tuple[list[Integration], dict[str, datetime], dict[str, int], Mapping[str, int] | None]:
    now = SystemClock().now()
    async with database(settings) as reached:
        policy = engine(reached.dsn, "tandem_policy", pooled=False)
        router = await connect(reached.dsn, "tandem_router")
        ingest = await connect(reached.dsn, "tandem_ingest")
        try:
            found = await load_integrations(policy, envelope_key(settings), now)
            last = {row["integration"]: row["at"] for row in await router.fetch(_LAST, now - LOOKED_BACK)}
            waiting = {row["integration"]: row["alerts"] for row in await ingest.fetch(_WAITING)}
        finally:
            await policy.dispose()
            await router.close()
            await ingest.close()
    return found, last, waiting, await _refused(settings)


async def _refused(settings: Settings) -> Counter[str] | None:
    """What the running process has refused since its start; None when none answers."""
    base = inside(settings)
    http = AiohttpClient(Guard(allowing((base,), "")))
    try:
        answer = await http.get(f"{base}/metrics", timeout_s=2.0)
    except DeliveryFailed:
        return None
    finally:
        await http.close()
    whole = answer.body.rpartition(b"\n")[0]  # a long answer is cut, ours stand first in it
    return refused_in(whole.decode("utf-8", "replace") + "\n")


def refused_in(text: str) -> Counter[str]:
    """Refused posts by integration, from the text of ``/metrics``."""
    found: Counter[str] = Counter()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == "tandem_alerts_received_total" and sample.labels.get("result") in _REFUSED:
                found[sample.labels["integration"]] += int(sample.value)
    return found
