"""The sections that follow from a matrix: what its rows name is declared with them.

Rows come from a table that people wrote, or are the usual ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tandem.agreement.schema.matrix import UNKNOWN, ScopeRow, Values
from tandem.agreement.starter.answers import FUNCTIONS, SOC, Answers, slug
from tandem.agreement.tables.rows import brief
from tandem.agreement.tables.section import scalar, section_of
from tandem.model.ownership import Owner, Party, Track


def paths(rows: Sequence[ScopeRow]) -> str:
    """Paths that a matrix names by other names than the ladders'."""
    named = {
        path: (party, row.track or (Track.SOC if {*(row.function or ())} & SOC else Track.OPS))
        for row in rows
        for party, path in row.paths.items()
        if path not in {f"{party}-{track}" for track in Track}
    }
    if not named:
        return ""
    # With a path of its own a party has no ladder any more: it gets one by its usual name too.
    usual = {f"{party}-{track}": (party, track) for party, track in sorted(set(named.values()))}
    lines = "".join(_path(name, *which) for name, which in {**usual, **named}.items())
    return f"\npaths:\n{lines}"


def _path(name: str, party: Party, track: Track) -> str:
    return f"""\
  - id: {name}
    party: {party}
    track: {track}
    trigger: P1 and P2
    channel: mail
    information: what fails, since when, who is affected, what was tried
    expected_response: 30m
    steps: [{{page: "schedule:{party}-{track}"}}, {{after: 10m, page: "senior:{party}"}}]
"""


def functions(rows: Sequence[ScopeRow], given: Mapping[str, str]) -> str:
    """The kinds of work that the rows name (``given``: id -> name as it was written), or the usual ones."""
    names = functions_of(rows) or list(FUNCTIONS)
    soc = SOC | {name for row in rows if row.track is Track.SOC for name in row.function or ()}
    entries = [
        {
            "id": name,
            "name": FUNCTIONS.get(name, (given.get(name, name), ""))[0],
            **({"track": "soc"} if name in soc else {}),
        }
        for name in names
    ]
    return f"# The kinds of IT work; each needs an owner below.\n{section_of('functions', entries)}"


def classification(rows: Sequence[ScopeRow]) -> str:
    """The usual rules; a function of the table's own is told by the alert's label ``function``."""
    names = set(functions_of(rows) or FUNCTIONS)
    usual = "".join(text for function, text in _RULES.items() if function in names)
    others = "".join(
        f"  - {{id: says-{name}, when: {{labels.function: {name}}}, function: {name}}}\n"
        for name in functions_of(rows)
        if name not in _RULES
    )
    return f"""\
# Which alert is about what. The first rule that matches decides; texts are compared without case, `regex` is RE2.
classification:
{others}{usual}"""


_RULES = {
    "security-monitoring": "  - {id: security, when: {kind: siem}, function: security-monitoring, class: security}\n",
    "backup": "  - {id: backup, when: {kind: backup}, function: backup, class: backup}\n",
    "network": """\
  - id: network-down
    when: {title: {regex: "(?i)(switch|router|firewall|internet).*(down|unreachable|offline)"}}
    function: network
    class: outage
""",
    "identity": '  - {id: sign-in, when: {title: {regex: "(?i)domain controller|ldap|mfa"}}, function: identity}\n',
    "email": '  - {id: mail, when: {title: {regex: "(?i)\\\\b(mail|smtp|exchange)\\\\b"}}, function: email}\n',
    "business-apps": (
        '  - {id: applications, when: {title: {regex: "(?i)\\\\b(erp|crm|payroll)\\\\b"}}, function: business-apps}\n'
    ),
    "endpoints": '  - {id: laptops, when: {host: {glob: ["lt-*", "pc-*"]}}, function: endpoints}\n',
    "servers": "  - {id: other-monitoring, when: {kind: [rmm, monitoring]}, function: servers, class: degradation}\n",
}
"""Function -> its rule, in the order in which rules are tried."""


def matrix(answers: Answers, rows: Sequence[ScopeRow]) -> str:
    """The rows, or one per usual function."""
    entries = [brief(row) for row in rows] or [_row(answers, name) for name in FUNCTIONS]
    return f"""\
# The scope matrix. owner: internal, msp, or shared with a lead. Outside internal hours the provider takes over unless a
# row says after_hours: internal. The row that names more fields (site, severity, tags, ...) decides, not its position.
{section_of("matrix", entries)}
# What to do first, by function; a row may say another one.
# runbooks: {{servers: https://wiki.example.com/servers}}
"""


def _row(answers: Answers, function: str) -> dict[str, object]:
    owner = answers.owner_of(function)
    row: dict[str, object] = {"id": function, "function": function, "owner": owner}
    if owner == Owner.SHARED.value:
        row["lead"] = Party.MSP.value
    return row | ({"both_told": True} if function == "backup" else {})


def places(answers: Answers, rows: Sequence[ScopeRow]) -> str:
    """Sites, an example of an asset, and the vocabulary that the rows use."""
    sites = _named(rows, "site")
    listed = [{"id": name, "name": name, "users": 0} for name in sites] or [
        {"id": "office", "name": "Office", "users": answers.users}
    ]
    declared = _vocabulary(rows)
    return f"""\
# What an outage touches: users are added up over the assets that fire. Many assets stand better in a table beside this
# file: inventory: assets.csv  (columns id, hosts, site, users, data_class, tags, function, depends_on).
{section_of("sites", listed)}assets:
  - {{id: core-switch, hosts: [core-switch, 10.0.0.2], site: {listed[0]["id"]}, users: {answers.users}}}
{declared}"""


def _vocabulary(rows: Sequence[ScopeRow]) -> str:
    tags = dict.fromkeys(
        tag
        for row in rows
        for tag in (row.asset_tag, *((*row.tags.has, *row.tags.lacks) if row.tags else ()))
        if tag is not None
    )
    lines = {
        "categories": [scalar(name) for name in _named(rows, "category")],
        "tags": [scalar(tag) for tag in tags],
    }
    text = "".join(f"  {name}: [{', '.join(words)}]\n" for name, words in lines.items() if words)
    vendors = "".join(f"{scalar(name)}: null, " for name in _named(rows, "vendor")).removesuffix(", ")
    classes = "".join(f"{name}: [{scalar(name + '*')}], " for name in _named(rows, "host_class")).removesuffix(", ")
    text += f"  vendors: {{{vendors}}}\n" if vendors else ""
    text += f"  host_classes: {{{classes}}}   # change: globs of host names\n" if classes else ""
    profiles = [name for name in dict.fromkeys(row.sla for row in rows) if name != "standard"]
    sla = "".join(f"  {name}: {{}}   # as the standard; say what differs\n" for name in profiles)
    return (f"\nvocabulary:\n{text}" if text else "") + (f"\nsla:\n{sla}" if sla else "")


def with_ids(row: ScopeRow) -> ScopeRow:
    """``row`` with ids for the functions, sites and people that a table names as people do."""
    raci = {name: tuple(slug(person) for person in people) for name, people in row.raci if people}
    site = row.site and row.site.model_copy(
        update={name: tuple(slug(word) for word in words) for name, words in row.site if words}
    )
    functions = tuple(slug(name) for name in row.function) if row.function else None
    update = {"function": functions, "site": site, "raci": row.raci.model_copy(update=raci)}
    return row.model_copy(update={name: value for name, value in update.items() if name in row.model_fields_set})


def functions_of(rows: Iterable[ScopeRow]) -> list[str]:
    """Every function that the rows name."""
    return list(dict.fromkeys(name for row in rows for name in row.function or ()))


def _named(rows: Iterable[ScopeRow], name: str) -> list[str]:
    """Every value that the rows' condition on a field names."""
    conditions = (getattr(row, name) for row in rows)
    words = (word for condition in conditions if isinstance(condition, Values) for word in condition.named)
    return [word for word in dict.fromkeys(words) if word != UNKNOWN]


def named_people(rows: Iterable[ScopeRow]) -> list[str]:
    """Everybody whom the rows name."""
    named: dict[str, None] = {}
    for row in rows:
        raci = (*row.raci.responsible, *row.raci.accountable, *row.raci.consulted, *row.raci.informed)
        named |= dict.fromkeys(raci)
        if row.public_communications:
            named[row.public_communications] = None
    return list(named)
