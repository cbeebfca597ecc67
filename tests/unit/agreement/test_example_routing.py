"""Each example is shipped with routing tests, and they pass by the command that their readers run."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from tandem.cli.program import command_line
from tests.support.tree import ROOT

EXAMPLES = ROOT / "deploy" / "agreement"
CLIENTS = sorted(path.stem for path in (EXAMPLES / "tests").glob("*.yaml"))


@pytest.mark.parametrize("client", CLIENTS)
def test_the_routing_tests_of_an_example_pass(client: str):
    file = EXAMPLES / "tests" / f"{client}.yaml"

    result = CliRunner().invoke(command_line(["agreement"]), ["agreement", "test", str(file)])

    assert result.exit_code == 0, result.output
    assert result.output.count("ok ") >= 5


def test_every_client_among_the_examples_has_routing_tests():
    documents = {path.stem for path in EXAMPLES.glob("*.yaml") if "\ntenant:" in path.read_text("utf-8")}

    assert documents == set(CLIENTS) == {"cedarline", "fairhaven", "harborlight", "northwind"}
