"""What is told of a connection that was refused, and certificates of ours that cannot be used."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from aiokafka.errors import KafkaConnectionError, RequestTimedOutError
from cryptography.hazmat.primitives import serialization

from tandem.app.settings import Settings, kafka_of
from tandem.bus.kafka_advice import advice, guess
from tandem.bus.kafka_settings import KafkaSettings, Security
from tandem.errors import StartFailed, Unavailable
from tests.support.kafka import tls

BY_TLS = KafkaSettings(bootstrap="kafka:9093", security=Security.SSL)
BY_LOGIN = KafkaSettings(bootstrap="kafka:9093", security=Security.SASL_SSL, username="router", password="secret")


def unverified(code: int, said: str) -> ssl.SSLCertVerificationError:
    fault = ssl.SSLCertVerificationError(1, "certificate verify failed")
    fault.verify_code, fault.verify_message = code, said
    return fault


def alerted(reason: str) -> ssl.SSLError:
    fault = ssl.SSLError(1, reason)
    fault.reason = reason
    return fault


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (9, "set the clock of this machine"),
        (10, "renew it on the broker"),
        (19, "set TANDEM_KAFKA_CA_FILE"),
        (62, "advertised.listeners"),
    ],
)
def test_each_fault_of_a_certificate_has_its_own_way_out(code: int, told: str):
    said = advice(BY_TLS, unverified(code, "as OpenSSL says it."))

    assert said is not None
    assert told in said
    assert "(as OpenSSL says it)" in said


def test_what_the_client_wrapped_is_found_and_a_fault_without_a_reason_is_none():
    closed = KafkaConnectionError("Connection at kafka:9093 closed")
    closed.__cause__ = alerted("TLSV13_ALERT_CERTIFICATE_REQUIRED")

    assert "TANDEM_KAFKA_CLIENT_CERT" in (advice(BY_TLS, closed) or "")
    assert advice(BY_TLS, KafkaConnectionError("closed")) is None
    assert advice(BY_TLS, RequestTimedOutError()) is None


def test_a_silent_end_is_guessed_at_only_where_a_setting_may_be_the_reason():
    assert "sasl_ssl" in (guess(BY_TLS, KafkaConnectionError("closed")) or "")
    assert guess(BY_LOGIN, KafkaConnectionError("closed")) is None
    assert guess(BY_LOGIN, RequestTimedOutError()) is None
    assert "plaintext" in (guess(BY_LOGIN, ConnectionResetError()) or "")


def test_certificates_that_cannot_be_used_end_the_start_in_one_line_that_names_them(tmp_path: Path):
    files = tls.make(tmp_path)
    locked = tmp_path / "locked.key"
    key = serialization.load_pem_private_key((tmp_path / f"{tls.CLIENT}.key").read_bytes(), None)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
    locked.write_bytes(key.private_bytes(*form, serialization.BestAvailableEncryption(b"a password")))
    ours = files.client()["client_cert"]

    def refused(**given) -> str:
        with pytest.raises(StartFailed) as fault:
            kafka_of(Settings(kafka_bootstrap="kafka:9093", kafka_security=Security.SSL, **given))
        assert fault.value.exit_code == 2
        return str(fault.value)

    missing = refused(kafka_ca_file=tmp_path / "missing.pem")
    assert missing == f"kafka: TANDEM_KAFKA_CA_FILE={tmp_path}/missing.pem: No such file or directory"
    stranger = refused(kafka_client_cert=ours, kafka_client_key=files.client("stranger")["client_key"])
    assert "the key does not belong to the certificate" in stranger
    assert "a key without a password" in refused(kafka_client_cert=ours, kafka_client_key=locked)


def test_a_certificate_that_goes_away_while_we_run_is_waited_for_and_not_the_end(tmp_path: Path):
    files = tls.make(tmp_path)
    settings = KafkaSettings(bootstrap="kafka:9093", security=Security.SSL, ca_file=files.authority)
    settings.check()

    Path(files.authority).unlink()

    with pytest.raises(Unavailable, match="TANDEM_KAFKA_CA_FILE"):
        settings.producer("tandem")
