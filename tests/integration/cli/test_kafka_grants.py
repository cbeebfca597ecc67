"""`tandem kafka grant-reader` and `grant-service` before they reach a broker: what they refuse, in one line that says what to do."""

from __future__ import annotations

import asyncio

import pytest
from typer.testing import CliRunner, Result

from tandem.cli import kafka
from tests.support.postgres import Database

NOWHERE = "127.0.0.1:1"


async def invoke(*arguments: str, **environment: str) -> Result:
    env: dict[str, str | None] = {"TANDEM_KAFKA_BOOTSTRAP": None, "TANDEM_DATABASE_URL": None, **environment}
    return await asyncio.to_thread(CliRunner().invoke, kafka.app, list(arguments), env=env)


READER = ("grant-reader", "--tenant", "acme", "--user", "soc")


@pytest.mark.parametrize(
    ("arguments", "environment", "says"),
    [
        (READER, {}, "TANDEM_KAFKA_BOOTSTRAP is not set"),
        (READER, {"TANDEM_KAFKA_BOOTSTRAP": NOWHERE}, "TANDEM_DATABASE_URL is not set"),
        (("grant-service", "--service", "router", "--user", "u"), {}, "TANDEM_KAFKA_BOOTSTRAP is not set"),
        (
            ("grant-service", "--service", "rooter", "--user", "u"),
            {"TANDEM_KAFKA_BOOTSTRAP": NOWHERE},
            "choose from all, ingest, router",
        ),
        (
            ("grant-service", "--service", "router", "--user", "*"),
            {"TANDEM_KAFKA_BOOTSTRAP": NOWHERE},
            "'*' is no name of one Kafka user",
        ),
    ],
    ids=["no cluster", "no database", "no cluster for a service", "no such service", "everybody"],
)
async def test_what_cannot_be_granted_is_exit_2(arguments, environment: dict[str, str], says: str):
    answer = await invoke(*arguments, **environment)

    assert answer.exit_code == 2
    assert says in answer.stderr


async def test_a_client_that_is_not_there_is_exit_1(database: Database):
    answer = await invoke(*READER, TANDEM_KAFKA_BOOTSTRAP=NOWHERE, TANDEM_DATABASE_URL=database.dsn)

    assert answer.exit_code == 1
    assert "no client 'acme' has an agreement in force; there are none" in answer.stderr


async def test_a_broker_that_is_not_there_is_exit_3():
    answer = await invoke("grant-service", "--service", "router", "--user", "u", TANDEM_KAFKA_BOOTSTRAP=NOWHERE)

    assert answer.exit_code == 3
    assert answer.stderr.strip().splitlines()[-1].startswith("kafka: ")
