"""Which runbook goes with an incident: the row's, else the one that is named like its function."""

from __future__ import annotations

import pytest

from tandem.agreement.compile import compile_agreement
from tandem.agreement.load import load_tenant
from tandem_router.scope import of_row

TEXT = """\
tenant: {id: acme, name: Acme}
functions: [{id: servers, name: Servers}, {id: wifi, name: Wireless}]
runbooks: {servers: https://wiki.example/servers, disk-full: https://wiki.example/disk}
matrix:
  - {id: plain, function: [servers, wifi], owner: msp}
  - {id: named, function: servers, category: disk, owner: msp, runbook: disk-full}
  - {id: own, function: servers, category: load, owner: msp, runbook: https://wiki.example/load}
"""


@pytest.mark.parametrize(
    ("row", "function", "expected"),
    [
        ("plain", "servers", "https://wiki.example/servers"),
        ("plain", "wifi", None),
        ("named", "servers", "https://wiki.example/disk"),
        ("own", "servers", "https://wiki.example/load"),
    ],
)
def test_a_row_s_runbook_comes_before_its_function_s(row: str, function: str, expected: str | None):
    agreement = compile_agreement(load_tenant(TEXT), version=1)

    scope = of_row(next(entry for entry in agreement.rows if entry.id == row), agreement, function)

    assert scope.runbook == expected
