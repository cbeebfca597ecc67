"""How a tool signs, as options of ``tandem integrations add``: a preset, and what differs from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any

import typer

from tandem.errors import Reason, Refused
from tandem.model.integration import HmacScheme
from tandem.model.signing import PRESETS, scheme_of

Preset = Annotated[str | None, typer.Option("--hmac", help=f"How it signs: {', '.join(PRESETS)}")]
Header = Annotated[str | None, typer.Option("--hmac-header", help="The signature's header")]
Encoding = Annotated[str | None, typer.Option("--hmac-encoding", help="hex or base64")]
Prefix = Annotated[str | None, typer.Option("--hmac-prefix", help="Before the signature, e.g. sha256=")]
Signed = Annotated[
    str | None,
    typer.Option(
        "--hmac-signed", help="body, ts.body, ts:body, body+ts, ts+body, id.ts.body, or with {ts}, {id} and {body}"
    ),
]
Algorithm = Annotated[str | None, typer.Option("--hmac-algorithm", help="sha256, sha512 or sha1")]
TimestampHeader = Annotated[str | None, typer.Option("--hmac-timestamp-header", help="Where the signed instant stands")]
TimestampFormat = Annotated[str | None, typer.Option("--hmac-timestamp-format", help="auto, s, ms or rfc3339")]
IdHeader = Annotated[str | None, typer.Option("--hmac-id-header", help="Where the signed id stands")]
KeyEncoding = Annotated[
    str | None, typer.Option("--hmac-key", help="How the secret writes its key: raw, base64 or hex")
]
Tolerance = Annotated[float | None, typer.Option("--hmac-tolerance", help="Seconds a signed instant may differ")]


def scheme(vendor: str, preset: str | None, changes: dict[str, Any]) -> HmacScheme:
    """The scheme of a preset, or of the vendor, with what was said otherwise.

    Raises:
        Refused: there is no such preset.
    """
    if preset is not None and preset not in PRESETS:
        raise Refused(Reason.INVALID, f"no preset {preset[:40]!r}; there are {', '.join(PRESETS)}")
    begin = PRESETS[preset] if preset is not None else scheme_of(vendor)
    said = {name: value for name, value in changes.items() if value is not None}
    if "tolerance" in said:
        said["tolerance"] = timedelta(seconds=said["tolerance"])
    return replace(begin, **said)
