"""A small agreement in which somebody is reachable at every minute, to take people away from in one place at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tandem.agreement.lint import lint_provider, lint_tenant
from tandem.agreement.load import provider_source, tenant_source
from tandem.errors import Problem

FRIDAY = datetime(2026, 11, 20, 14, tzinfo=UTC)

COVERED = """\
tenant: {id: acme, name: Acme, users: 50, mode: live, zone: America/New_York}
calendars:
  office: {zone: America/New_York, weekly: {mon-fri: "09:00-17:00"}}
parties:
  internal: {name: Acme IT, calendar: office, accountable: kim, senior_ops: ann}
  msp: {name: Brightwater, calendar: 24x7, accountable: boss, senior_ops: sam}
people:
  ann: {name: Ann, party: internal, contacts: [{channel: email, to: ann@acme.example}]}
  kim: {name: Kim, party: internal, contacts: [{channel: email, to: kim@acme.example}]}
  boss: {name: Boss, party: msp, contacts: [{channel: email, to: boss@msp.example}]}
  olga: {name: Olga, party: msp, contacts: [{channel: email, to: olga@msp.example}]}
  pete: {name: Pete, party: msp, contacts: [{channel: email, to: pete@msp.example}]}
  sam: {name: Sam, party: msp, contacts: [{channel: email, to: sam@msp.example}]}
schedules:
  - id: in-ops
    zone: America/New_York
    party: internal
    track: ops
    layers: [{people: [ann], anchor: 2026-01-05T09:00}]
  - id: msp-ops
    zone: America/New_York
    party: msp
    track: ops
    layers:
      - {people: [olga, pete], anchor: 2026-01-05T09:00}
paths:
  - {id: p-in, party: internal, track: ops, trigger: P1, channel: mail, information: all, expected_response: 30m,
     steps: [{page: "schedule:in-ops"}, {page: "senior:internal"}]}
  - {id: p-msp, party: msp, track: ops, trigger: P1, channel: mail, information: all, expected_response: 30m,
     steps: [{page: "schedule:msp-ops"}, {page: "senior:msp"}]}
functions:
  - {id: servers, name: Servers}
  - {id: network, name: Network}
matrix:
  - {id: servers, function: servers, owner: internal, runbook: https://wiki.example/s}
  - {id: network, function: network, owner: msp, runbook: https://wiki.example/n}
"""


@pytest.fixture
def covered() -> str:
    return COVERED


@pytest.fixture
def check() -> Callable[..., list[Problem]]:
    """Text of a tenant (and its provider) -> everything lint says about it from a Friday in November on."""

    def run(text: str, provider: str | None = None, on: datetime = FRIDAY) -> list[Problem]:
        under = provider_source(provider, file="msp.yaml") if provider else None
        return lint_tenant(tenant_source(text, file="a.yaml"), under, on=on)

    return run


@pytest.fixture
def check_provider() -> Callable[[str], list[Problem]]:
    return lambda text: lint_provider(provider_source(text, file="msp.yaml"), on=FRIDAY)
