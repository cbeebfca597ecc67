"""What every Tandem under test is given: the example agreements paging the sink, and one signed way in."""

from __future__ import annotations

from pathlib import Path

from bench.payload import rule_hosts
from tandem.clock import SystemClock
from tandem.db.pool import engine
from tandem.model.integration import AuthKind, HmacScheme, Integration
from tandem.policy.integrations import add_integration

ROOT = Path(__file__).parents[1]
INTEGRATION = "bench"
TENANT = "cedarline"
_NO_STORM = "\nstorm: {incidents: 0}  # the load comes from one source, and each of its alerts is measured\n"


def write_agreements(folder: Path, sink_url: str, *, rules: int = 0) -> Path:
    """The examples with the sink as every contact, and no second step that a later round would pay for.

    Args:
        rules: so many classification rules before the client's own, ``rule_hosts``; the last takes the alerts.
    """
    folder.mkdir(exist_ok=True)
    for source in (ROOT / "deploy" / "agreement").glob("*.yaml"):
        text = source.read_text(encoding="utf-8").replace("${PAGER_INBOX}", sink_url)
        text = text.replace("{after: 5m, page", "{after: 4h, page").replace("{after: 17m, page", "{after: 4h, page")
        if source.stem == TENANT and rules:
            text = text.replace("\nclassification:\n", f"\nclassification:\n{_rules(rules)}")
        if "schema: tandem/agreement/" in text:
            text += _NO_STORM
        (folder / source.name).write_text(text, encoding="utf-8")
    return folder


async def add_way_in(dsn: str, key: bytes) -> bytes:
    """Make the signed integration, as ``tandem integrations add`` does; returns its secret."""
    wanted = Integration(name=INTEGRATION, tenant=TENANT, vendor="generic", auth=AuthKind.HMAC, hmac=HmacScheme())
    policy = engine(dsn, "tandem_policy", pooled=False)
    try:
        made = await add_integration(policy, wanted, key=key, now=SystemClock().now())
    finally:
        await policy.dispose()
    return made.secret.encode()


def _rules(count: int) -> str:
    wanted = [f"{{regex: '(?i)^{text}$'}}" if by_regex else text for text, by_regex in rule_hosts(count)]
    return "".join(
        f"  - {{id: host-{number}, when: {{host: {host}}}, function: servers, category: disk}}\n"
        for number, host in enumerate(wanted)
    )
