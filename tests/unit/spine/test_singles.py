"""A batch cut into single records commits the same spans, also where offsets have holes."""

from __future__ import annotations

from tandem.bus.one_by_one import singles
from tandem.bus.port import Batch, Record, Span


def record(part: int, offset: int) -> Record:
    return Record("tandem.alerts", "acme/a", b"", None, part, offset)


def test_single_spans_join_one_another_over_holes():
    """What is stored is 3, offsets 3, 5 and 6 are gone: the compare-and-set must find 3, 5 and 8."""
    batch = Batch(
        (record(0, 4), record(1, 0), record(0, 7)),
        (Span("tandem.alerts", 0, 2, 3, 8), Span("tandem.alerts", 1, 9, 0, 1)),
    )

    spans = [single.spans[0] for single in singles(batch)]

    assert [(span.partition, span.epoch, span.first, span.next) for span in spans] == [
        (0, 2, 3, 5),
        (1, 9, 0, 1),
        (0, 2, 5, 8),
    ]
