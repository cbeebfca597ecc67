"""A small agreement that passes, to break in one place at a time, and short ways to read and check it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tandem.agreement.compile import compile_agreement
from tandem.agreement.compiled import Agreement
from tandem.agreement.lint import lint_provider, lint_tenant
from tandem.agreement.load import provider_source, tenant_source
from tandem.errors import Problem

SMALL = """\
tenant: {id: acme, name: Acme, users: 50, mode: live}
calendars:
  office: {zone: America/New_York, weekly: {mon-fri: "09:00-17:00"}}
parties:
  internal: {name: Acme IT, calendar: office, accountable: ann, senior_ops: ann, senior_soc: sue}
  msp: {name: MSP, calendar: 24x7, accountable: boss, senior_ops: olga, senior_soc: sid}
people:
  ann: {name: Ann, party: internal, contacts: [{channel: email, to: ann@acme.example}]}
  sue: {name: Sue, party: internal, contacts: [{channel: email, to: sue@acme.example}]}
  boss: {name: Boss, party: msp, contacts: [{channel: email, to: boss@msp.example}]}
  olga: {name: Olga, party: msp, contacts: [{channel: email, to: olga@msp.example}]}
  sid: {name: Sid, party: msp, contacts: [{channel: email, to: sid@msp.example}]}
schedules:
  - {id: in-ops, zone: UTC, party: internal, track: ops, layers: [{people: [ann], anchor: 2026-01-05T09:00}]}
  - {id: msp-ops, zone: UTC, party: msp, track: ops, layers: [{people: [olga], anchor: 2026-01-05T09:00}]}
  - {id: msp-soc, zone: UTC, party: msp, track: soc, layers: [{people: [sid], anchor: 2026-01-05T09:00}]}
paths:
  - {id: p-ops, party: msp, track: ops, steps: [{page: "schedule:msp-ops"}, {after: 5m, page: "senior:msp"}], trigger: P1, channel: mail, information: what and since when, expected_response: 30m}
  - {id: p-in-soc, party: internal, track: soc, steps: [{page: "senior:internal"}], trigger: high findings, channel: mail, information: the finding, expected_response: 30m}
functions:
  - {id: servers, name: Servers}
  - {id: siem, name: SIEM, track: soc}
classification:
  - {id: any, when: {kind: rmm}, function: servers, category: disk}
matrix:
  - {id: servers, function: servers, owner: internal}
  - {id: siem, function: siem, owner: msp}
runbooks: {servers: "https://wiki.example/servers", siem: "https://wiki.example/siem"}
sites:
  - {id: hq, name: HQ, users: 50}
assets:
  - {id: srv1, hosts: [srv1, 10.0.0.1], site: hq, users: 20, tags: [gold], function: servers}
"""


@pytest.fixture
def small() -> str:
    return SMALL


@pytest.fixture
def check() -> Callable[..., list[Problem]]:
    """Text of a tenant (and its provider) -> everything lint says about it."""

    def run(text: str, provider: str | None = None) -> list[Problem]:
        under = provider_source(provider, file="msp.yaml") if provider else None
        return lint_tenant(tenant_source(text, file="a.yaml"), under)

    return run


@pytest.fixture
def check_provider() -> Callable[[str], list[Problem]]:
    return lambda text: lint_provider(provider_source(text, file="msp.yaml"))


@pytest.fixture
def compiled() -> Callable[..., Agreement]:
    """Text of a tenant (and its provider) -> the compiled agreement."""

    def run(text: str, provider: str | None = None) -> Agreement:
        under = provider_source(provider).document if provider else None
        return compile_agreement(tenant_source(text).document, under, version=3)

    return run
