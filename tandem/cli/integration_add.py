"""``tandem integrations add``: a new way in, from options to what the tool's own page wants to know."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from tandem.cli import signing_options as signing
from tandem.cli.edge import Output, fail
from tandem.cli.integration_edge import DataDir, Format, given_secret, tell, with_policy
from tandem.cli.mappings import read_mapping, text_of
from tandem.cli.serve import settings_with
from tandem.clock import SystemClock
from tandem.errors import Reason, Refused, TandemError
from tandem.model.integration import AuthKind, Integration
from tandem.model.integration_faults import faults
from tandem.policy.new_way import add_way
from tandem.policy.secrets import Made
from tandem_ingest.vendors.catalogue import CATALOGUE


def add(  # noqa: PLR0917 - a parameter per option
    name: str,
    tenant: Annotated[
        str, typer.Option(help="The client it belongs to; with --tenant-from who is told of unknown ones")
    ],
    vendor: Annotated[str, typer.Option(help="See `tandem ingest vendors`")],
    auth: Annotated[
        AuthKind | None, typer.Option(help="How posts prove who they are; default: the vendor's way")
    ] = None,
    also: Annotated[
        list[AuthKind] | None, typer.Option(help="A further way that is accepted; repeat it for more")
    ] = None,
    header: Annotated[str | None, typer.Option(help="Header for --auth header; default X-Tandem-Key")] = None,
    prefix: Annotated[str, typer.Option(help="Before the secret in that header: ApiKey, GenieKey, Token")] = "",
    parameter: Annotated[str, typer.Option(help="Parameter of the URL for --auth query")] = "key",
    user: Annotated[str | None, typer.Option(help="User name for --auth basic; default: any")] = None,
    topic: Annotated[list[str] | None, typer.Option(help="ARN of a topic that may post, for --auth sns")] = None,
    provider: Annotated[str | None, typer.Option(help="Whose customers it posts for")] = None,
    tenant_from: Annotated[str | None, typer.Option(help="Field that names the customer: customer or labels.X")] = None,
    mapping: Annotated[Path | None, typer.Option(help="Read its bodies by this mapping (docs/mappings.md)")] = None,
    secret: Annotated[str | None, typer.Option(help="- reads the vendor's own secret from standard input")] = None,
    hmac: signing.Preset = None,
    hmac_header: signing.Header = None,
    hmac_encoding: signing.Encoding = None,
    hmac_prefix: signing.Prefix = None,
    hmac_signed: signing.Signed = None,
    hmac_algorithm: signing.Algorithm = None,
    hmac_timestamp_header: signing.TimestampHeader = None,
    hmac_timestamp_format: signing.TimestampFormat = None,
    hmac_id_header: signing.IdHeader = None,
    hmac_key: signing.KeyEncoding = None,
    hmac_tolerance: signing.Tolerance = None,
    data_dir: DataDir = None,
    output: Format = Output.TABLE,
) -> None:
    """Make a way in and show its secret, once, with what the tool's own page wants to know."""
    changes = {
        "header": hmac_header,
        "encoding": hmac_encoding,
        "prefix": hmac_prefix,
        "signed": hmac_signed,
        "algorithm": hmac_algorithm,
        "timestamp_header": hmac_timestamp_header,
        "timestamp_format": hmac_timestamp_format,
        "id_header": hmac_id_header,
        "key_encoding": hmac_key,
        "tolerance": hmac_tolerance,
    }
    signs = hmac is not None or any(value is not None for value in changes.values())
    try:
        known = _vendor(vendor)
        way = auth or (AuthKind.HMAC if signs else known)
        ways = (way, *(also or ()))
        wanted = Integration(
            name=name,
            tenant=tenant,
            vendor=vendor,
            auth=way,
            also=tuple(also or ()),
            header=header or "X-Tandem-Key",
            prefix=prefix,
            parameter=parameter,
            user=user,
            topics=tuple(topic or ()),
            provider=provider,
            tenant_from=tenant_from,
            hmac=signing.scheme(vendor, hmac, changes) if AuthKind.HMAC in ways else None,
        )
        wrong = faults(wanted)
        if wrong:
            raise Refused(Reason.INVALID, "; ".join(wrong))
        own = given_secret(secret)
        document = _document(mapping)
    except TandemError as fault:
        raise fail(fault) from fault
    _store(wanted, own, document, data_dir, output)


def _vendor(slug: str) -> AuthKind:
    if slug not in CATALOGUE:
        raise Refused(Reason.INVALID, f"no vendor {slug!r}; `tandem ingest vendors` lists them")
    return CATALOGUE[slug].auth


def _document(mapping: Path | None) -> str | None:
    """The mapping's text, once it is known to be one."""
    if mapping is None:
        return None
    read_mapping(mapping)
    return text_of(mapping)


def _store(wanted: Integration, own: str | None, document: str | None, data_dir: Path | None, output: Output) -> None:
    settings = settings_with(data_dir=data_dir)

    async def work(policy: AsyncEngine, key: bytes) -> Made:
        return await add_way(policy, wanted, key=key, now=SystemClock().now(), secret=own, mapping=document)

    tell(with_policy(settings, work), settings, output)
