"""Our own test post, ``tandem integrations test``: proven like any other, read as the generic body, always a test.

The vendor's body is not imitated: what is tried is the way, the address, the secret and the decision.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import structs

from tandem_ingest import normalise
from tandem_ingest.normalise import Reading
from tandem_ingest.vendors.catalogue import GENERIC

HEADER = "x-tandem-test"


def read(body: bytes, headers: Mapping[str, str]) -> Reading:
    """The alerts of a test post, every one marked."""
    found = normalise.read(GENERIC, body, headers)
    return structs.replace(found, alerts=tuple(structs.replace(each, test=True) for each in found.alerts))
