"""What the client says of every batch that a broker refuses for now: once a minute instead, with what to do about it.

The client tries again ten times a second and says so each time, of each partition: with too few replicas a process
wrote thousands of lines a minute, in which whatever else went wrong was lost.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from tandem.clock import monotonic

EVERY_S = 60.0
"""How often one kind of refusal is told."""
_LOGGER = logging.getLogger("aiokafka.producer.sender")
_RETRIED = "Got error produce response on topic-partition"
_TOO_FEW = "too few replicas"
_ADVICE = {
    _TOO_FEW: "fewer replicas are in sync than min.insync.replicas wants: bring the brokers back"
    " (`kafka-topics.sh --describe --under-min-isr-partitions` names what lacks them);"
    " what is accepted and published waits in PostgreSQL and follows by itself",
}
"""By kind of refusal; of others only a broker's own words are told."""


@dataclass(slots=True)
class _Told:
    at: float
    since: int = 0
    """Lines left out since then."""


class Flood(logging.Filter):
    """Lets one line of each kind of refusal through in a while; everything else passes."""

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        """``now`` gives seconds that only grow."""
        super().__init__()
        self._now = now
        self._told: dict[str, _Told] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether ``record`` is written; one that is says how many were not."""
        if not str(record.msg).startswith(_RETRIED) or not isinstance(record.args, tuple) or len(record.args) != 2:
            return True
        place, fault = record.args
        kind, now = _kind(fault), self._now()
        told = self._told.get(kind)
        if told is not None and now - told.at < EVERY_S:
            told.since += 1
            return False
        self._told[kind] = _Told(now)
        more = f", and {told.since} times more since the last such line" if told is not None and told.since else ""
        what = _ADVICE.get(kind, "it is tried again until it is taken")
        record.msg = "kafka takes nothing for %s now (%s%s): %s"
        record.args = (f"{getattr(place, 'topic', place)}", _said(fault), more, what)
        return True


_CALM = Flood()


def calm() -> None:
    """From now on, of the client of this process."""
    _LOGGER.addFilter(_CALM)  # the same one is added once


def _kind(fault: object) -> str:
    """Bounded: names of the client's errors; a text, which names a partition, is of one kind."""
    said = _said(fault)
    if "NotEnoughReplicas" in said or "min.isr" in said:
        return _TOO_FEW
    return said if isinstance(fault, type) else "told in words"


def _said(fault: object) -> str:
    return fault.__name__ if isinstance(fault, type) else str(fault)
