"""What clients of Kafka are told, and settings that cannot work, refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tandem.app.settings import Settings, kafka_settings
from tandem.bus.kafka_settings import KafkaSettings
from tandem.errors import StartFailed

DATABASE = "postgresql://localhost/tandem"
BROKER = "kafka:9092"


def told(**given) -> KafkaSettings:
    found = kafka_settings(Settings(database_url=DATABASE, kafka_bootstrap=BROKER, **given))
    assert found is not None
    return found


def test_without_a_bootstrap_the_bus_is_postgresql():
    assert kafka_settings(Settings(database_url=DATABASE)) is None


def test_kafka_needs_a_database_that_other_processes_reach():
    with pytest.raises(StartFailed, match="TANDEM_KAFKA_BOOTSTRAP needs TANDEM_DATABASE_URL") as refused:
        kafka_settings(Settings(kafka_bootstrap=BROKER))

    assert refused.value.exit_code == 2


def test_a_producer_waits_for_every_replica_and_doubles_nothing():
    producer = told().producer("tandem")

    assert (producer["acks"], producer["enable_idempotence"]) == ("all", True)


def test_a_consumer_moves_only_as_postgresql_says_and_begins_at_the_oldest():
    consumer = told(kafka_prefix="staging.").consumer("tandem", "router")

    assert (consumer["enable_auto_commit"], consumer["auto_offset_reset"]) == (False, "earliest")
    assert consumer["group_id"] == "staging.tandem.router"


def test_every_request_has_a_deadline_and_joining_one_past_a_session():
    settings = told()

    assert settings.producer("p")["request_timeout_ms"] == 5_000
    consumer = settings.consumer("c", "router")
    assert consumer["request_timeout_ms"] > consumer["session_timeout_ms"]


def test_a_password_comes_from_a_file_and_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    secret = tmp_path / "password"
    secret.write_text("s3cret\n")
    monkeypatch.setenv("TANDEM_KAFKA_SASL_PASSWORD_FILE", str(secret))

    settings = told(kafka_security="sasl_plaintext", kafka_sasl_username="router")

    assert settings.client("c")["sasl_plain_password"] == "s3cret"
    assert settings.client("c")["sasl_mechanism"] == "SCRAM-SHA-512"
    assert "s3cret" not in repr(settings)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"kafka_security": "sasl_ssl"}, "needs TANDEM_KAFKA_SASL_USERNAME"),
        ({"kafka_sasl_username": "router", "kafka_sasl_password": "x"}, "set it to sasl_ssl"),
        ({"kafka_security": "ssl", "kafka_client_cert": "cert.pem"}, "go together"),
        ({"kafka_ca_file": "ca.pem"}, "TANDEM_KAFKA_CA_FILE is set, .* is plaintext: set it to ssl"),
        (
            {"kafka_client_cert": "cert.pem", "kafka_client_key": "key.pem"},
            "TANDEM_KAFKA_CLIENT_CERT is set, .* is plaintext: set it to ssl",
        ),
        (
            {
                "kafka_security": "sasl_plaintext",
                "kafka_sasl_username": "router",
                "kafka_sasl_password": "x",
                "kafka_ca_file": "ca.pem",
            },
            "TANDEM_KAFKA_CA_FILE is set, .* is sasl_plaintext: set it to sasl_ssl",
        ),
    ],
)
def test_settings_that_cannot_work_together_are_refused(given: dict, says: str):
    with pytest.raises(StartFailed, match=says):
        told(**given)
