"""Which partition a key belongs to: stable over processes and releases, the same for both buses."""

from __future__ import annotations

from zlib import crc32

from tandem.bus.topics import PARTITIONS


def partition_of(key: str, partitions: int = PARTITIONS) -> int:
    """0 .. partitions-1; everything of one key is in one partition and so in order."""
    return crc32(key.encode("utf-8", "surrogatepass")) % partitions
