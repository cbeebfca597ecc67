"""``tandem ingest``: what the vendors' adapters make of a body. Asks no server and no database."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from tandem.cli.edge import Output
from tandem.cli.mappings import app as mapping_app
from tandem.cli.mappings import read_mapping

if TYPE_CHECKING:
    from tandem_ingest.vendors.vendor import Vendor

app = typer.Typer(name="ingest", help="Vendors' dialects: list them, try a body.", no_args_is_help=True)
app.add_typer(mapping_app, name="mapping")


@app.command()
def vendors(output: Annotated[Output, typer.Option(help="table or json")] = Output.TABLE) -> None:
    """The slugs of the vendors whose bodies can be read."""
    from tandem_ingest.vendors.catalogue import CATALOGUE

    if output is Output.JSON:
        rows = [{"slug": each.slug, "name": each.name, "kind": each.kind.value} for each in CATALOGUE.values()]
        print(msgspec.json.encode(rows).decode())
        return
    for slug in CATALOGUE:
        print(slug)


@app.command()
def normalize(
    files: Annotated[list[str], typer.Argument(help="Bodies, one a file; - reads JSON lines from standard input.")],
    vendor: Annotated[str | None, typer.Option(help="A slug of `tandem ingest vendors`.")] = None,
    mapping: Annotated[
        Path | None, typer.Option(help="A mapping document to read the bodies by (docs/mappings.md).")
    ] = None,
    output: Annotated[Output, typer.Option(help="json: one line for each body; table: one line for each alert")] = (
        Output.JSON
    ),
) -> None:
    """The alerts that an adapter, or a mapping, makes of each body, in the order given.

    A line of standard input is {"vendor", "headers", "content_type", "body"}, with "body_b64" for bytes.
    """
    for line in _normalized(files, _dialect(vendor, mapping), mapped=mapping is not None):
        if output is Output.JSON:
            print(msgspec.json.encode(line).decode(), flush=True)
        else:
            print_rows(line)


def _dialect(slug: str | None, mapping: Path | None) -> Vendor | None:
    """What the bodies are read by; None: each line of standard input says it."""
    from tandem_ingest.vendors.catalogue import CATALOGUE
    from tandem_ingest.vendors.mapped import mapped

    if slug is not None and slug not in CATALOGUE:
        raise typer.BadParameter(f"no such vendor: {slug}; see `tandem ingest vendors`", param_hint="--vendor")
    if mapping is not None:
        return mapped(CATALOGUE[slug or "custom"], read_mapping(mapping))
    return CATALOGUE[slug] if slug is not None else None


def _normalized(files: list[str], vendor: Vendor | None, *, mapped: bool) -> Iterator[dict[str, Any]]:
    for name in files:
        if name == "-":
            yield from (_of_line(line, vendor, mapped=mapped) for line in sys.stdin.buffer if line.strip())
            continue
        if vendor is None:
            raise typer.BadParameter("say whose body it is: --vendor SLUG or --mapping FILE", param_hint="--vendor")
        try:
            body = Path(name).read_bytes()
        except OSError as fault:
            raise typer.BadParameter(f"cannot read {name}: {fault.strerror}", param_hint="FILE") from fault
        yield of_body(vendor, body, {})


def _of_line(line: bytes, default: Vendor | None, *, mapped: bool) -> dict[str, Any]:
    """One line in, one line out: a line that cannot be read says so in its place."""
    from tandem_ingest.vendors.catalogue import CATALOGUE

    try:
        said = json.loads(line)  # takes what a stricter parser refuses: bodies under test hold lone surrogates
        slug, headers = said.get("vendor"), said.get("headers") or {}
        vendor = default if mapped or not slug else CATALOGUE.get(str(slug))
        body = _body(said)
        lower = {str(name).lower(): str(value) for name, value in headers.items()}
    except (ValueError, AttributeError, TypeError, RecursionError):
        return _unread('the line is not {"vendor", "headers", "content_type", "body" or "body_b64"}')
    if vendor is None:
        return _unread(f"no such vendor: {slug}")
    if said.get("content_type"):
        lower["content-type"] = str(said["content_type"])
    return of_body(vendor, body, lower)


def _body(said: Mapping[str, Any]) -> bytes:
    if said.get("body_b64") is not None:
        return base64.b64decode(said["body_b64"], validate=True)
    body = said.get("body")
    # A lone surrogate cannot be in UTF-8, yet JSON can write one.
    return body.encode("utf-8", "surrogatepass") if isinstance(body, str) else msgspec.json.encode(body)


def of_body(vendor: Vendor, body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    """What a post of ``body`` becomes, in the shape that `normalize` prints; ``headers`` in lower case."""
    from tandem.errors import Refused
    from tandem.web.body import LIMIT, decompress
    from tandem_ingest import normalise
    from tandem_ingest.shown import shown

    if len(body) > LIMIT:
        return _unread(f"refused: the body exceeds {LIMIT} bytes")
    try:
        plain = decompress(body, headers.get("content-encoding", ""))
        reading = normalise.read(vendor, plain, headers)
    except Refused as refusal:
        return _unread(f"refused: {refusal.detail}")
    return {"alerts": [shown(alert) for alert in reading.alerts], "quarantined": reading.quarantined}


def _unread(reason: str) -> dict[str, Any]:
    return {"alerts": [], "quarantined": reason}


def print_rows(line: Mapping[str, Any]) -> None:
    """One line for each alert, for people."""
    for alert in line["alerts"]:
        print(f"{alert['status']:9} {alert['severity']:9} {alert['host'] or '-':24} {alert['title']}")
    if line["quarantined"] is not None:
        print(f"unreadable: {line['quarantined']}")
