"""StatusCake: the form its web hook posts, ``Status`` Up or Down. The test's name or address is the condition.

It states no time and no severity. Source: StatusCake knowledge base, "How to use the web hook URL".
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from tandem.model.alert import AlertStatus, VendorAlert
from tandem_ingest.decode import MAX_KEYS
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.flat import Flat
from tandem_ingest.vendors.monitoring.lenient import json_or_text

UP = "up"


def decode(body: bytes, headers: Mapping[str, str]) -> object:
    """The fields of the form, or JSON of the same names.

    Raises:
        Refused: a bomb.
        Unreadable: too many fields, or an empty body.
    """
    if not body.lstrip().startswith((b"{", b"[")) and b"=" in body:
        try:
            return dict(parse_qsl(body.decode("utf-8", "replace").strip(), max_num_fields=MAX_KEYS))
        except ValueError as error:
            raise Unreadable("too many fields") from error
    return json_or_text(body, headers)


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The test of a post."""
    return batch.one_or_many(body, _test)


def _test(body: object) -> VendorAlert:
    says = Flat(body)
    address, status = says.first("url", "websiteurl"), says.first("status")
    name = says.first("name") or address
    if name is None or status is None:
        raise Unreadable("no Name or Status: not a StatusCake web hook")
    code = says.first("statuscode")
    return draft(
        title=f"{name} is {status.lower()}",
        status=AlertStatus.RESOLVED if status.casefold() == UP else AlertStatus.FIRING,
        host=_host(address),
        dedup_key=says.first("testid") or name,
        url=address,
        description=f"status code {code}" if code else None,
        labels={
            "tags": says.get("tags"),
            "ip": says.first("ip"),
            "status_code": code,
            "checkrate": says.first("checkrate"),
        },
    )


def _host(address: str | None) -> str | None:
    try:
        return urlsplit(address or "").hostname
    except ValueError:
        return None
