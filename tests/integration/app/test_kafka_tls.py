"""A process and a command that do not trust the broker's certificate: told what to do, and at work once it is done."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tandem.cli.kafka import app
from tandem.clock import monotonic
from tests.support.kafka.fixtures import KafkaRoom, TlsWays
from tests.support.kafka.services import environment_of
from tests.support.outside import COME_S, House
from tests.support.postgres import Database, new_base, quick_room

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(400)]  # the first test starts the broker

WHAT_TO_DO = "set TANDEM_KAFKA_CA_FILE to the PEM of who signed it"


async def test_a_broker_that_is_not_trusted_is_waited_for_until_the_file_holds_who_signed_its_certificate(
    tls_ways: TlsWays, database: Database, tmp_path: Path
):
    ca_file = tmp_path / "ca.pem"
    shutil.copy(tls_ways.files.other_authority, ca_file)
    room = KafkaRoom(tls_ways.by_password(ca_file=str(ca_file)))
    router = House(room, database, new_base(quick_room()), "router")
    try:
        await router.spawn(None)
        until = monotonic() + COME_S
        while "waiting for kafka" not in router.said():
            assert monotonic() < until, router.said()
            await asyncio.sleep(0.05)
        ready_before = router.ready_file.exists()

        shutil.copy(tls_ways.files.authority, ca_file)
        await router.ready()

        assert not ready_before
        assert WHAT_TO_DO in router.said()
        assert "Traceback" not in router.said()
    finally:
        await router.stop()


async def test_a_command_says_what_to_do_and_exits_with_3(tls_ways: TlsWays, database: Database):
    distrusting = tls_ways.by_password(ca_file=tls_ways.files.other_authority)
    environment = environment_of(database, distrusting)

    for command in (["ensure-topics"], ["grant-service", "--service=router", "--user=r"]):
        answer = await asyncio.to_thread(CliRunner().invoke, app, command, env=environment)

        assert answer.exit_code == 3, answer.output
        assert answer.stdout == ""
        assert answer.stderr.strip().startswith(f"kafka: {distrusting.bootstrap}: the broker's certificate is not")
        assert answer.stderr.strip().endswith(WHAT_TO_DO)
