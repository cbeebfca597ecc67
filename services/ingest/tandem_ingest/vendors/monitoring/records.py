"""One line of a log that an appliance posts as it is: ArcSight's CEF, and ``name=value`` pairs as FortiOS writes them.

The header of a CEF line names the event and how bad it is, 0 to 10; its extension the machine. Source: ArcSight "Common
Event Format"; Fortinet "FortiOS Log Message Reference"; the bodies of GravityZone's event push service.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from types import MappingProxyType

from tandem.model.alert import AlertStatus, Severity, VendorAlert
from tandem_ingest import times
from tandem_ingest.vendors import severity, shape
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.headline import headline

_CEF = "CEF:"
_BEFORE = 200
"""Characters of a syslog header that may stand before a CEF record."""
_NAMED = 48
"""Characters of a priority and the first name."""
_HEADER = re.compile(r"(?<!\\)\|")
_FIELDS = 7
_NAME = re.compile(r"(?:^|(?<= ))([A-Za-z][\w.]{0,60})=", re.ASCII)
_PAIR = re.compile(r'(?:^|(?<=\s))([A-Za-z_][\w.-]{0,40})=("(?:[^"\\]|\\.)*"|\S*)', re.ASCII)
_PRIORITY = re.compile(r"<\d{1,3}>", re.ASCII)
_PAIRS = 80
_FEWEST = 4
_ABOUT = ("msg", "message", "logdesc")
_HOSTS = ("dvchost", "dhost", "shost", "dvc")
_TIMES = ("rt", "end", "start", "deviceReceiptTime")
_DATE = re.compile(
    r"([A-Z][a-z]{2}) (\d{1,2}) (\d{4}) (\d\d:\d\d:\d\d(?:\.\d{1,9})?) ?([+-]\d\d:?\d\d|Z|UTC|GMT)", re.ASCII
)
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"
_BANDS = ((9, Severity.CRITICAL), (7, Severity.HIGH), (4, Severity.MEDIUM), (0, Severity.LOW))
_WORDS: Mapping[str, Severity] = MappingProxyType({**severity.WORDS, "very-high": Severity.CRITICAL})


def read(line: str) -> VendorAlert | None:
    """The alert of a record; None when ``line`` is none, or several lines."""
    said = line.strip()
    if "\n" in said:
        return None
    at = said.find(_CEF, 0, _BEFORE)
    if at >= 0:
        return _cef(said[at + len(_CEF) :])
    return _of_pairs(said) if "=" in said[:_NAMED] else None


def _cef(said: str) -> VendorAlert | None:
    parts = _HEADER.split(said, _FIELDS)
    if len(parts) <= _FIELDS:
        return None
    _, vendor, product, _, signature, name, level, extension = (each.replace("\\|", "|") for each in parts)
    says = _extension(extension)
    return draft(
        title=headline(name or signature, says.get("msg")),
        status=AlertStatus.FIRING,
        severity=_band(level.strip()),
        severity_word=level,
        host=shape.first(*map(says.get, _HOSTS)),
        occurred_at=next((at for at in (times.parse(_dated(says.get(each))) for each in _TIMES) if at), None),
        description=says.get("msg"),
        labels={"vendor": vendor, "product": product, "signature": signature, **says},
    )


def _extension(said: str) -> dict[str, str]:
    """Names and values; a value goes on until the next name, whatever blanks it has."""
    marks = [*islice(_NAME.finditer(said), _PAIRS)]
    ends = [*(mark.start() for mark in marks), len(said)][1:]
    return {
        mark[1]: said[mark.end() : end].strip().replace("\\=", "=").replace("\\\\", "\\")
        for mark, end in zip(marks, ends, strict=True)
    }


def _band(level: str) -> Severity:
    if level.isascii() and level.isdigit():
        return next(band for lowest, band in _BANDS if int(level[:3]) >= lowest)
    return severity.of_word(level, _WORDS)


def _dated(value: str | None) -> str | None:
    """``Jun 11 2024 12:34:56+01:00``, as CEF writes an instant, as ISO 8601."""
    match = _DATE.fullmatch(value or "")
    if match is None:
        return value
    month, day, year, clock, zone = match.groups()
    return f"{year}-{_MONTHS.find(month) // 3 + 1:02}-{int(day):02}T{clock}{zone}"


def _of_pairs(said: str) -> VendorAlert | None:
    """``devname="FW1" level="alert" logdesc="Admin login failed" msg="..."``: a sentence among enough pairs."""
    said = _PRIORITY.sub("", said, count=1)
    if not _PAIR.match(said):  # a person's sentence may have pairs in it
        return None
    found = {match[1]: match[2].strip('"').replace('\\"', '"') for match in islice(_PAIR.finditer(said), _PAIRS)}
    title = headline(found.get("logdesc"), shape.first(*map(found.get, _ABOUT)))
    if title is None or len(found) < _FEWEST:
        return None
    word = shape.first(found.get("severity"), found.get("level"))  # of an attack, and of the log entry
    return draft(
        title=title,
        status=AlertStatus.FIRING,
        severity=severity.of_word(word),
        severity_word=word,
        host=shape.first(*map(found.get, ("devname", "host", "hostname", "dvchost", "device"))),
        occurred_at=next((at for at in map(times.parse, map(found.get, ("eventtime", "time", "ts"))) if at), None),
        description=shape.first(*map(found.get, _ABOUT)),
        labels=found,
    )
