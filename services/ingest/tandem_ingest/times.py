"""Reads the instants vendors write: epoch numbers of every unit, ISO 8601 in its odd forms. Never guesses a zone.

Calendar dates without a time, two-digit years and words ("yesterday") are no instants here.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime

_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,12}))?)?"
    r" ?(?:\(?(Z|UTC|GMT)\)?|([+-])(\d\d)(?::?(\d\d))?Z?)?",
    re.IGNORECASE | re.ASCII,
)
_USUAL = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,12})?(?:Z|\+00:00)", re.ASCII)
"""A UTC instant as most tools write it, which Python's own reader reads a few times faster."""
_REGION = re.compile(r"\[[\w/+-]{1,40}\]$", re.ASCII)
"""What Java writes behind an offset: ``+01:00[Europe/Paris]``."""
_MAIL = re.compile(r"[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (?:GMT|UTC|UT|[+-]\d{4})", re.ASCII)
"""RFC 5322, as ``date -R`` and HTTP write it."""
_NET = re.compile(r"\\?/Date\((\d{1,17})(?:[+-]\d{4})?\)\\?/", re.ASCII)
"""What PowerShell 5 makes of a date in JSON: milliseconds."""
_NUMBER = re.compile(r"\d{1,20}(?:\.\d{1,9})?", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""Before it an instant means "none": 0001-01-01 of Go and .NET, 1970 of an empty epoch field."""
_UNITS = ((1e11, 1), (1e14, 1_000), (1e17, 1_000_000), (1e20, 1_000_000_000))
"""An epoch number below the first is in 1/second seconds: seconds last until year 5138, milliseconds begin in 1973."""
_LONGEST = 64


def parse(value: object, *, zone: tzinfo | None = None) -> datetime | None:
    """The instant ``value`` states, aware UTC in microseconds; None when it states none.

    Args:
        value: any JSON value; numbers and digits are an epoch in s, ms, µs or ns, by size.
        zone: what a vendor means when it writes no offset; without a rule such a time is no instant.
    """
    if isinstance(value, str):
        return _of_text(value.strip(), zone) if len(value) <= _LONGEST else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return _of_epoch(value)


def _of_text(value: str, zone: tzinfo | None) -> datetime | None:
    if _USUAL.fullmatch(value):
        try:
            return _plausible(datetime.fromisoformat(value))
        except ValueError:
            return _of_odd_text(value, zone)  # a leap second
    return _of_odd_text(value, zone)


def _of_odd_text(value: str, zone: tzinfo | None) -> datetime | None:
    if _NUMBER.fullmatch(value):
        return _of_epoch(float(value) if "." in value else int(value))
    match = _ISO.fullmatch(_REGION.sub("", value))
    if match is None:
        return _of_other(value)
    year, month, day, hour, minute, second, fraction, utc, sign, off_hours, off_minutes = match.groups()
    try:
        at_zone = UTC if utc else _offset(sign, int(off_hours), int(off_minutes or 0)) if sign else zone
        if at_zone is None:
            return None
        # A leap second is the last one of its minute and a second more: Python has no 23:59:60.
        leap = int(second or 0) == 60
        at = datetime(
            int(year), int(month), int(day), int(hour), int(minute), 59 if leap else int(second or 0),
            int((fraction or "0")[:6].ljust(6, "0")), at_zone,
        )  # fmt: skip
        return _plausible(at.astimezone(UTC) + timedelta(seconds=1 if leap else 0))
    except (ValueError, OverflowError):
        return None


def _of_other(value: str) -> datetime | None:
    if net := _NET.fullmatch(value):
        return _of_epoch(int(net[1]))
    if not _MAIL.fullmatch(value):
        return None
    try:
        return _plausible(parsedate_to_datetime(value).astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def _offset(sign: str, hours: int, minutes: int) -> tzinfo:
    ahead = timedelta(hours=hours, minutes=minutes)
    return timezone(-ahead if sign == "-" else ahead)


def _of_epoch(value: float) -> datetime | None:
    """Integers are split exactly: a float loses the microseconds of a nanosecond count."""
    for limit, unit in _UNITS:
        if 0 < value < limit:
            micros = value * 1_000_000 // unit if isinstance(value, int) else round(value * 1_000_000 / unit)
            return _plausible(_EPOCH + timedelta(microseconds=micros))
    return None


def _plausible(at: datetime) -> datetime | None:
    return at if at >= _EARLIEST else None
