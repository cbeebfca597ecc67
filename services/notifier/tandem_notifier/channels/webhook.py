"""Pages by webhook: a signed JSON POST as Standard Webhooks says; ``webhook-id`` is the page's idempotency key."""

from __future__ import annotations

from datetime import datetime

from tandem.http.port import HttpClient
from tandem_notifier import render, signing
from tandem_notifier.channels import TIMEOUT_S
from tandem_notifier.paging import Page


class WebhookChannel:
    """See ``Channel``. Each receiver has a secret of its own, made from the instance's key."""

    def __init__(self, http: HttpClient, key: bytes) -> None:
        """``key``: the instance's, at least 32 bytes."""
        self._http = http
        self._key = key
        self._secrets: dict[tuple[str, str], str] = {}

    async def deliver(self, page: Page, link: str | None, at: datetime) -> None:
        """POST once."""
        body = render.webhook(page, link)
        headers = signing.headers(self._secret(page.tenant, page.person), page.page_id, at, body)
        headers["content-type"] = "application/json"
        await self._http.post(page.target, headers=headers, body=body, timeout_s=TIMEOUT_S)

    def _secret(self, tenant: str, person: str) -> str:
        secret = self._secrets.get((tenant, person))
        if secret is None:
            secret = self._secrets[tenant, person] = signing.receiver_secret(self._key, tenant, person)
        return secret
