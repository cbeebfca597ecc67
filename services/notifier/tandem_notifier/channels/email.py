"""Pages by e-mail: one plain-text message through the SMTP server of ``TANDEM_SMTP_URL``."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

import aiosmtplib

from tandem.errors import DeliveryFailed, DeliveryReason, StartFailed
from tandem_notifier import render
from tandem_notifier.channels import TIMEOUT_S
from tandem_notifier.paging import Page

_PERMANENT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """Where mail goes out. ``smtp://`` uses STARTTLS when offered, ``smtps://`` is TLS from the start."""

    host: str
    port: int
    tls: bool
    user: str | None
    password: str | None


def parse_smtp_url(url: str) -> SmtpServer:
    """``smtp[s]://[user:password@]host[:port]``.

    Raises:
        StartFailed: not such a URL; the message does not repeat it, it may hold a password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        message = "TANDEM_SMTP_URL is written smtp://user:password@host:587 or smtps://host"
        raise StartFailed(message, exit_code=2)
    tls = parts.scheme == "smtps"
    return SmtpServer(
        host=parts.hostname,
        port=port or (465 if tls else 587),
        tls=tls,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


class EmailChannel:
    """See ``Channel``. Without a server every page by mail fails at once and says why, so the next contact is tried."""

    def __init__(self, smtp_url: str | None, mail_from: str) -> None:
        """``smtp_url`` None: mail is not set up. Raises StartFailed when it cannot be read."""
        self._server = parse_smtp_url(smtp_url) if smtp_url else None
        self._from = mail_from

    async def deliver(self, page: Page, link: str | None, at: datetime) -> None:
        """Hand the message to the server once."""
        if self._server is None:
            raise DeliveryFailed(DeliveryReason.NO_CONTACT, "mail is not set up: TANDEM_SMTP_URL is empty", retry=False)
        try:
            await self._send(self._server, message(page, link, self._from, at))
        except aiosmtplib.SMTPResponseException as error:
            raise _refused(error) from error
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise DeliveryFailed(DeliveryReason.REJECTED, "the server refused the address", retry=False) from error
        except (aiosmtplib.SMTPException, ssl.SSLError, OSError) as error:
            raise _unreached(error) from error

    async def _send(self, server: SmtpServer, mail: EmailMessage) -> None:
        await aiosmtplib.send(
            mail,
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            use_tls=server.tls,
            timeout=TIMEOUT_S,
        )


def message(page: Page, link: str | None, sender: str, at: datetime) -> EmailMessage:
    """The mail of one page; its Message-ID is the page's, so that a repeated attempt can be told as one."""
    mail = render.mail(page, link)
    built = EmailMessage()
    built["Subject"] = mail.subject
    built["From"] = sender
    built["To"] = _address(page.target)
    built["Date"] = format_datetime(at)
    domain = sender.rpartition("@")[2].strip("> ") or "tandem.invalid"
    built["Message-ID"] = f"<{page.page_id}@{domain}>"
    built["References"] = f"<{page.incident_id}@{domain}>"
    built["Auto-Submitted"] = "auto-generated"
    built.set_content(mail.text)
    return built


def _address(text: str) -> Address:
    """One address, as a value, so that no parser finds a second recipient in it."""
    try:
        address = Address(addr_spec=render.one_line(text))
    except (HeaderParseError, ValueError, IndexError) as error:
        raise DeliveryFailed(DeliveryReason.NO_CONTACT, "not a mail address", retry=False) from error
    if not address.username or not address.domain:
        raise DeliveryFailed(DeliveryReason.NO_CONTACT, "not a mail address", retry=False)
    return address


def _refused(error: aiosmtplib.SMTPResponseException) -> DeliveryFailed:
    permanent = error.code >= _PERMANENT and not isinstance(error, aiosmtplib.SMTPConnectError)
    return DeliveryFailed(DeliveryReason.REJECTED, f"the mail server answered {error.code}", retry=not permanent)


def _unreached(error: Exception) -> DeliveryFailed:
    if isinstance(error, ssl.SSLError):
        return DeliveryFailed(DeliveryReason.TLS, "TLS with the mail server failed", retry=True)
    timed_out = isinstance(error, (TimeoutError, aiosmtplib.SMTPTimeoutError))
    reason = DeliveryReason.TIMEOUT if timed_out else DeliveryReason.CONNECT
    return DeliveryFailed(reason, "the mail server does not answer", retry=True)
