"""Ways into a secured broker by TLS, each with its own certificate, good or bad, all of one authority of the tests.

Kafka reads PEM as it is: a key with its certificate is a key store, the authority's certificate a trust store.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.support.kafka.cluster import Listener
from tests.support.ports import free_ports

GOOD, ELSEWHERE, CALLED, EXPIRED, MUTUAL = "good", "elsewhere", "called", "expired", "mutual"
"""The certificate is right; names another host; names what the client is given, and not what the broker calls itself;
is of last week; is right, and the client has to show one too."""
WAYS = (GOOD, ELSEWHERE, CALLED, EXPIRED, MUTUAL)
CLIENT = "tandem-by-certificate"
"""Who the good client certificate says we are; the broker knows the user ``CN=`` and this."""
HERE = ("127.0.0.1", "localhost")
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Authority:
    """Who signs. Extensions as Python 3.13 insists on."""

    name: str
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def new(cls, name: str) -> Authority:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _called(name)
        usage = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        made = (
            _begun(subject, subject, key.public_key(), datetime.now(UTC) + 30 * _DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        return cls(name, key, made)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def issue(self, name: str, hosts: tuple[str, ...] = (), *, until: timedelta = _DAY) -> tuple[bytes, bytes]:
        """(key, certificate) in PEM: of a server with ``hosts``, of a client without; ``until`` is from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        purpose = ExtendedKeyUsageOID.SERVER_AUTH if hosts else ExtendedKeyUsageOID.CLIENT_AUTH
        made = (
            _begun(_called(name), self.certificate.subject, key.public_key(), datetime.now(UTC) + until)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
        if hosts:
            made = made.add_extension(x509.SubjectAlternativeName([_host(each) for each in hosts]), critical=False)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return private, made.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@dataclass(frozen=True)
class Files:
    """What lies in a folder of ``make``."""

    folder: Path

    @property
    def authority(self) -> str:
        return str(self.folder / "ca.pem")

    @property
    def other_authority(self) -> str:
        """It has signed nothing that a broker shows."""
        return str(self.folder / "other-ca.pem")

    def client(self, name: str = CLIENT) -> dict[str, str]:
        """As ``KafkaSettings`` takes it; ``stranger`` is of the other authority."""
        return {
            "client_cert": str(self.folder / f"{name}.pem"),
            "client_key": str(self.folder / f"{name}.key"),
        }


def make(folder: Path) -> Files:
    """Authorities and certificates, in files."""
    folder.mkdir(parents=True, exist_ok=True)
    ours, other = Authority.new("Tandem's tests"), Authority.new("Somebody else")
    (folder / "ca.pem").write_bytes(ours.pem)
    (folder / "other-ca.pem").write_bytes(other.pem)
    shown = {
        GOOD: ours.issue("kafka", HERE),
        CALLED: ours.issue("kafka", HERE[:1]),
        ELSEWHERE: ours.issue("kafka", ("kafka.elsewhere.test",)),
        EXPIRED: ours.issue("kafka", HERE, until=-7 * _DAY),
    }
    for name, (key, certificate) in shown.items():
        (folder / f"{name}.pem").write_bytes(key + certificate)
    for name, authority in ((CLIENT, ours), ("stranger", other)):
        key, certificate = authority.issue(name)
        (folder / f"{name}.key").write_bytes(key)
        (folder / f"{name}.pem").write_bytes(certificate)
    return Files(folder)


def listeners(files: Files) -> dict[str, Listener]:
    """A listener for each of ``WAYS``."""
    ports = dict(zip(WAYS, free_ports(len(WAYS)), strict=True))
    return {name: _listener(files, name, port) for name, port in ports.items()}


def _listener(files: Files, name: str, port: int) -> Listener:
    mutual = name == MUTUAL
    properties = {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(files.folder / f"{GOOD if mutual else name}.pem"),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": files.authority,
        "ssl.client.auth": "required" if mutual else "none",
    }
    told = f"localhost:{port}" if name == CALLED else f"127.0.0.1:{port}"
    return Listener(port, told, "SSL" if mutual else "SASL_SSL", properties)


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, until: datetime
) -> x509.CertificateBuilder:
    serial = x509.random_serial_number()
    return x509.CertificateBuilder(issuer, subject, key, serial, until - 60 * _DAY, until)


def _called(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _host(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
