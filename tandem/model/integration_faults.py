"""What is wrong with an integration before it is stored: it would refuse everybody, or let in anybody. Pure."""

from __future__ import annotations

import re

from tandem.model import signing
from tandem.model.integration import QUERY_NAMES, AuthKind, Integration

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)
_TOPIC = re.compile(r"arn:aws[a-z-]{0,20}:sns:[a-z0-9-]{1,40}:[0-9]{12}:[A-Za-z0-9_-]{1,256}(?:\.fifo)?", re.ASCII)
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}", re.ASCII)
_PREFIX = re.compile(r"[!-~]{0,40}", re.ASCII)
_TENANT_FROM = re.compile(r"customer|labels\.[!-~]{1,100}", re.ASCII)


def faults(one: Integration) -> list[str]:
    """Everything that keeps it from working, in words; empty when it is sound."""
    return [said for _, said in faults_by_field(one)]


def faults_by_field(one: Integration) -> list[tuple[str, str]]:
    """The same with the field of ``Integration`` that is to be mended, for forms."""
    found = []
    if not _NAME.fullmatch(one.name):
        found.append(("name", "a name has 1 to 64 of a-z, 0-9 and -, and begins with a letter or digit"))
    if not _HEADER.fullmatch(one.header):
        found.append(("header", f"{one.header[:40]!r} is no header's name"))
    if not _PREFIX.fullmatch(one.prefix):
        found.append(("prefix", "a prefix is one word of at most 40 characters"))
    return [*found, *_of_ways(one), *_of_tenancy(one)]


def _of_ways(one: Integration) -> list[tuple[str, str]]:
    found = []
    if AuthKind.QUERY in one.kinds and one.parameter not in QUERY_NAMES:
        words = f"a secret stands in one of the parameters {', '.join(QUERY_NAMES)}: these are kept out of logs"
        found.append(("parameter", words))
    if AuthKind.HMAC in one.kinds:
        wrong = signing.problems(one.hmac) if one.hmac is not None else ["how it signs is missing"]
        found += [("hmac", said) for said in wrong]
    if AuthKind.SNS in one.kinds and not one.topics:
        found.append(("topics", "name the topics that may post (--topic ARN): Amazon signs anybody's"))
    found += [("topics", f"{topic[:100]!r} is no topic's ARN") for topic in one.topics if not _TOPIC.fullmatch(topic)]
    return found


def _of_tenancy(one: Integration) -> list[tuple[str, str]]:
    if one.provider is None and one.tenant_from is not None:
        return [("provider", "a provider (--provider) is missing: its document maps customers to clients")]
    if one.provider is not None and one.tenant_from is None:
        return [
            ("tenant_from", "the field that names the customer (--tenant-from) is missing: customer or labels.NAME")
        ]
    if one.tenant_from is not None and not _TENANT_FROM.fullmatch(one.tenant_from):
        return [("tenant_from", "a tenant comes from customer or labels.NAME, such as labels.site")]
    return []
