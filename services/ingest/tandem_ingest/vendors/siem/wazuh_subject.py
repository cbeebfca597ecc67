"""What an alert of Wazuh 4 is about: on which machine, of which thing there, and so which condition it is.

A rule on a machine is one condition; whatever else an event holds differs each time. Three kinds of rules speak of
many things on one machine, which are conditions of their own: files (FIM), vulnerabilities, policy checks (SCA).
Source: wazuh/wazuh, src/analysisd/format/to_json.c, integrations/slack.py, issues 5104 (wazuh-qa) and 16917.
"""

from __future__ import annotations

from collections.abc import Mapping

from tandem_ingest.vendors import shape
from tandem_ingest.vendors.siem.wazuh_rules import condition

MANAGER = "000"
"""The agent that stands for the manager, also for what devices send it by syslog."""
SOLVED = "solved"


def is_solved(says: Mapping[str, object]) -> bool:
    """Whether a vulnerability is gone: the only clear that Wazuh knows."""
    flaw = _flaw(says)
    return bool(flaw) and shape.word(flaw.get("status")) == SOLVED


def _flaw(says: Mapping[str, object]) -> Mapping[str, object]:
    data = says.get("data")
    return shape.mapping(data.get("vulnerability")) if isinstance(data, dict) else shape.EMPTY


def host_of(says: Mapping[str, object]) -> str | None:
    """The agent; the device whose syslog the manager reads; the host that is watched without an agent."""
    agent = shape.mapping(says.get("agent"))
    name = shape.text(agent.get("name"))
    if shape.text(agent.get("id")) == MANAGER and (sender := shape.text(shape.dig(says, "predecoder", "hostname"))):
        return name if _short(sender) == _short(name) else sender
    return name or (shape.text(shape.dig(says, "agentless", "host")) or "").rpartition("@")[2] or None


def _short(name: str | None) -> str:
    """Without its domain: syslog writes the one, the manager may call itself the other."""
    return shape.word(name).partition(".")[0]


def key_of(says: Mapping[str, object], host: str | None) -> str | None:
    """The rule, the machine and, where one rule speaks of many things, the thing.

    A vulnerability goes without its rule: another one tells that it is solved.
    """
    flaw = _flaw(says)
    cve = shape.text(flaw.get("cve")) if flaw else None
    rule = f"vulnerability/{cve}" if cve else shape.text(shape.dig(says, "rule", "id"))
    where, thing = condition(rule, shape.text(shape.dig(says, "agent", "id")), host), _thing(says, flaw)
    return f"{where}/{thing}" if where and thing else where


def _thing(says: Mapping[str, object], flaw: Mapping[str, object]) -> str | None:
    if flaw:
        return shape.text(shape.dig(flaw, "package", "name"))
    if "syscheck" in says:
        return shape.text(shape.dig(says, "syscheck", "path"))
    return shape.text(shape.dig(says, "data", "sca", "check", "id"))
