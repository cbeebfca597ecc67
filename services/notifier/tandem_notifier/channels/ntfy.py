"""Pages by ntfy: one POST; the notification has a button that acknowledges without opening anything."""

from __future__ import annotations

from datetime import datetime

from tandem.http.port import HttpClient
from tandem_notifier import render
from tandem_notifier.channels import TIMEOUT_S
from tandem_notifier.paging import Page


class NtfyChannel:
    """See ``Channel``. ntfy has no idempotency key: an attempt whose answer was lost may show twice."""

    def __init__(self, http: HttpClient) -> None:
        """``http`` is the guarded client."""
        self._http = http

    async def deliver(self, page: Page, link: str | None, at: datetime) -> None:  # noqa: ARG002 - the port's
        """Publish once."""
        url, body = render.ntfy(page, link)
        await self._http.post(url, headers={"content-type": "application/json"}, body=body, timeout_s=TIMEOUT_S)
