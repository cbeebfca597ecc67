"""The order of rows, and that the index answers what a slow look at all rows would."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.agreement.compiled import RowAnswer, RowQuery
from tandem.agreement.matrix import RankedRow, deciding_order, row_finder
from tandem.agreement.proof.vocabulary import space_of
from tandem.agreement.schema.documents import TenantDocument
from tandem.agreement.schema.matrix import ScopeRow, Values
from tandem.model.ownership import Owner

SITES = ("hq", "branch")
SEVERITIES = ("critical", "high", "medium", "low", "info", "unknown")
FUNCTIONS = ("backup", "servers", "mail")
NEEDED = {"tenant": {"id": "acme", "name": "Acme"}, "sites": [{"id": site, "name": site} for site in SITES]}


def row(name: str, function: object = "backup", *, owner: Owner = Owner.MSP, **fields: object) -> ScopeRow:
    return ScopeRow.model_validate({"id": name, "function": function, "owner": owner, **fields})


def document(rows: Sequence[ScopeRow], **parts: object) -> TenantDocument:
    functions = [{"id": name, "name": name} for name in FUNCTIONS]
    return TenantDocument.model_validate({**NEEDED, "functions": functions, "matrix": rows, **parts})


def order(rows: Sequence[ScopeRow], **parts: object) -> tuple[RankedRow, ...]:
    return deciding_order(rows, space_of(document(rows, **parts)))


def find(query: RowQuery, rows: Sequence[ScopeRow], **parts: object) -> RowAnswer:
    space = space_of(document(rows, **parts))
    return row_finder(deciding_order(rows, space), space)(query)


def ask(
    function: str = "backup",
    *,
    tags: Sequence[str] = (),
    severity: str = "high",
    site: str | None = "hq",
    **fields: str | None,
) -> RowQuery:
    return RowQuery(function=function, site=site, tags=frozenset(tags), severity=severity, **fields)  # type: ignore[arg-type]


def decided(query: RowQuery, *rows: ScopeRow, **parts: object) -> str | None:
    """The same whatever the order in the document."""
    answers = {found.row.id if (found := find(query, some, **parts)).row else None for some in (rows, rows[::-1])}
    assert len(answers) == 1
    return answers.pop()


def rank(entry: ScopeRow, **parts: object) -> tuple[int, int]:
    return order([entry], **parts)[0].rank


def test_the_row_that_names_more_fields_wins():
    assert decided(ask(), row("wide"), row("narrow", site="hq")) == "narrow"


def test_no_priority_lifts_a_rule_over_its_exception():
    assert decided(ask(), row("wide", priority=99), row("narrow", site="hq")) == "narrow"


def test_among_equally_many_fields_the_higher_priority_wins():
    assert decided(ask(), row("site", site="hq"), row("severity", severity="high", priority=1)) == "severity"


def test_among_equals_the_contained_row_wins():
    assert decided(ask(), row("some", severity=["high", "low"]), row("one", severity="high")) == "one"


def test_a_row_for_one_function_lies_inside_a_row_for_several():
    assert decided(ask(), row("several", ("backup", "servers")), row("one")) == "one"


def test_naming_all_severities_buys_no_rank():
    assert rank(row("r", severity=list(SEVERITIES))) == (1, 0)


def test_naming_all_sites_and_the_unknown_one_buys_no_rank():
    assert rank(row("r", site=["hq", "branch", "unknown"])) == (1, 0)
    assert rank(row("r", site=["hq", "branch"])) == (2, 0)


def test_an_alert_without_a_site_is_taken_by_rows_that_name_none_or_the_unknown_one():
    assert decided(ask(site=None), row("wide"), row("hq", site="hq")) == "wide"
    assert decided(ask(site=None), row("wide"), row("nowhere", site="unknown")) == "nowhere"


def test_an_alert_no_row_names_has_no_row():
    assert decided(ask("mail"), row("wide")) is None


def test_naming_a_kind_that_the_function_implies_buys_no_rank():
    backup = {"id": "backup", "name": "Backup", "kinds": ["backup"]}
    entry = row("r", kind="backup", site="hq")

    assert rank(entry, functions=[backup, {"id": "mail", "name": "Mail"}]) == (2, 0)
    assert rank(entry) == (3, 0)


def test_naming_the_kind_of_a_vendor_buys_no_rank():
    words = {"vendors": {"veeam": "backup"}}

    assert rank(row("r", kind="backup", vendor="Veeam"), vocabulary=words) == (2, 0)
    assert rank(row("r", kind=["backup", "rmm"], vendor="other"), vocabulary=words) == (3, 0)


def test_naming_every_function_is_naming_none():
    assert rank(row("r", list(FUNCTIONS), site="hq")) == (1, 0)


def test_each_tag_is_a_field():
    assert rank(row("r", tags={"has": ["gold", "silver"], "lacks": ["old"]})) == (4, 0)


def test_all_tags_asked_for_must_be_there_and_none_that_is_excluded():
    rows = (row("wide"), row("r", tags={"has": ["gold", "new"], "lacks": ["old"]}))

    assert decided(ask(tags=["gold", "new", "other"]), *rows) == "r"
    assert decided(ask(tags=["gold"]), *rows) == "wide"
    assert decided(ask(tags=["gold", "new", "old"]), *rows) == "wide"


def test_a_row_without_a_function_takes_every_declared_one_and_no_other():
    rows = (row("critical", None, severity="critical"), row("wide"))

    assert decided(ask("servers", severity="critical"), *rows) == "critical"
    assert decided(ask("servers", severity="low"), *rows) is None
    assert decided(ask("unmapped", severity="critical"), *rows) is None


def test_a_condition_that_excludes_takes_the_rest_and_the_unknown():
    rows = (row("wide"), row("away", site={"not": ["hq"]}))

    assert decided(ask(site="hq"), *rows) == "wide"
    assert decided(ask(site="branch"), *rows) == "away"
    assert decided(ask(site=None), *rows) == "away"


def test_a_value_that_the_vocabulary_does_not_have_is_unknown():
    rows = (row("wide"), row("strange", vendor="unknown"), row("veeam", vendor="Veeam"))

    assert decided(ask(vendor="never-heard-of"), *rows) == "strange"
    assert decided(ask(vendor=None), *rows) == "strange"
    assert decided(ask(vendor="veeam"), *rows) == "veeam"


@pytest.mark.parametrize(
    ("field", "value", "other"),
    [
        ("scenario", "project", "incident"),
        ("category", "disk", "cpu"),
        ("kind", "backup", "rmm"),
        ("data_class", "regulated", "public"),
        ("host_class", "servers", "clients"),
    ],
)
def test_every_field_of_an_alert_can_be_asked_for(field: str, value: str, other: str):
    rows = (row("wide"), row("narrow", "backup", owner=Owner.MSP, **{field: value}))

    assert decided(ask(**{field: value}), *rows) == "narrow"
    assert decided(ask(**{field: other}), *rows) == "wide"


def test_the_runners_up_say_why_not():
    rows = [
        row("wide"),
        row("branch", site="branch"),
        row("hq", site="hq"),
        row("lists", site=["hq", "branch"]),
        row("first", site="hq", severity="high", asset_tag="gold"),
    ]

    answer = find(ask(), rows)

    assert answer.row is not None
    assert answer.row.id == "hq"
    assert answer.runners_up == (
        ("first", "the asset has no tag gold"),
        ("branch", "site is hq, the row asks for branch"),
        ("lists", "takes it too, but is wider"),
        ("wide", "takes it too, but names fewer fields (1)"),
    )


def test_a_runner_up_that_is_tied_with_the_decider_says_so():
    rows = [row("site", site="hq"), row("urgent", severity="high"), row("wide")]

    answer = find(ask(), rows)

    assert answer.row is not None
    assert answer.runners_up[0][1] == "takes it too, and nothing says which of both wins: a tie, which check refuses"


def test_the_runners_up_say_what_a_row_excludes():
    rows = [
        row("wide"),
        row("away", site={"not": ["hq"]}),
        row("new", tags={"lacks": ["old"]}, priority=1),
        row("first", severity="high", priority=3),
        row("second", severity={"not": ["low"]}, priority=2),
    ]

    answer = find(ask(tags=["old"]), rows)

    assert answer.runners_up == (
        ("second", "takes it too, but its priority is lower (2)"),
        ("new", "the asset has the tag old, the row wants it without"),
        ("away", "site is hq, the row asks for anything but hq"),
        ("wide", "takes it too, but names fewer fields (1)"),
    )


def test_the_closest_rows_come_before_those_that_fail_in_more_than_one_condition():
    far = [row(f"far{n}", severity="low", site="branch", category=f"c{n}") for n in range(9)]

    answer = find(ask(category="c1"), [*far, row("near", site="branch"), row("wide")])

    assert [name for name, _ in answer.runners_up] == ["near", "far0", "far1", "far2", "far3"]


def test_the_runners_up_are_few():
    rows = [row(f"r{n}", severity="low", priority=n) for n in range(20)]

    answer = find(ask(), rows)

    assert answer.row is None
    assert [name for name, _ in answer.runners_up] == ["r19", "r18", "r17", "r16", "r15"]


def condition(values: Sequence[str]) -> st.SearchStrategy[object]:
    some = st.lists(st.sampled_from(values), min_size=1, unique=True)
    return st.none() | some | some.map(lambda named: {"not": named})


tags = st.lists(st.sampled_from(["gold", "silver"]), unique=True)


@st.composite
def matrices(draw: st.DrawFn) -> list[ScopeRow]:
    count = draw(st.integers(0, 8))
    return [
        row(
            f"r{number}",
            draw(st.none() | st.lists(st.sampled_from(FUNCTIONS), min_size=1, max_size=2, unique=True)),
            severity=draw(condition(SEVERITIES)),
            site=draw(condition([*SITES, "unknown"])),
            kind=draw(condition(["backup", "rmm"])),
            vendor=draw(condition(["veeam", "unknown"])),
            tags={"has": draw(tags), "lacks": draw(tags)},
            priority=draw(st.integers(0, 2)),
        )
        for number in range(count)
    ]


queries = st.builds(
    RowQuery,
    function=st.sampled_from([*FUNCTIONS, "none"]),
    site=st.sampled_from([None, *SITES]),
    tags=st.frozensets(st.sampled_from(["gold", "silver", "bronze"]), max_size=2),
    severity=st.sampled_from(SEVERITIES),
    kind=st.sampled_from([None, "backup", "rmm", "siem"]),
    vendor=st.sampled_from([None, "veeam", "Veeam", "zabbix"]),
)
WORDS = {"vendors": {"veeam": None}}


def fits(asked: Values | None, value: str) -> bool:
    if asked is None:
        return True
    return value in asked.is_ if asked.is_ is not None else value not in (asked.not_ or ())


def takes(entry: ScopeRow, query: RowQuery) -> bool:
    """The meaning of a row, written without the index."""
    return (
        query.function in FUNCTIONS
        and (entry.function is None or query.function in entry.function)
        and fits(entry.severity, query.severity)
        and fits(entry.site, query.site or "unknown")
        and fits(entry.kind, query.kind or "unknown")
        and fits(entry.vendor, "veeam" if (query.vendor or "").lower() == "veeam" else "unknown")
        and (entry.tags is None or ({*entry.tags.has} <= query.tags and not {*entry.tags.lacks} & query.tags))
    )


@given(matrices(), queries)
@settings(deadline=None, max_examples=60)
def test_the_index_finds_what_a_slow_scan_finds(rows: list[ScopeRow], query: RowQuery):
    answer = find(query, rows, vocabulary=WORDS)

    taking = [entry for entry in order(rows, vocabulary=WORDS) if takes(entry.row, query)]
    unbeaten = [entry.row.id for entry in taking if not any(other.beats(entry) for other in taking)]
    if not taking:
        assert answer.row is None
    else:
        assert answer.row is not None
        assert answer.row.id in unbeaten  # exactly one, unless it is a tie that `check` refuses
    mentioned = [name for name, _ in answer.runners_up]
    assert len(set(mentioned)) == len(mentioned) <= 5
    assert answer.row is None or answer.row.id not in mentioned


@given(matrices())
@settings(deadline=None, max_examples=60)
def test_beating_is_a_strict_order_and_the_list_follows_it(rows: list[ScopeRow]):
    entries = order(rows)

    def beats(one: RankedRow, other: RankedRow) -> bool:
        return one.beats(other)

    for position, first in enumerate(entries):
        assert not beats(first, first)
        assert not any(beats(later, first) for later in entries[position + 1 :])
        for second in entries:
            assert not (beats(first, second) and beats(second, first))
            assert all(beats(first, third) for third in entries if beats(first, second) and beats(second, third))


def test_of_a_large_matrix_only_the_rows_of_the_function_are_looked_at():
    many = [row(f"r{n}", f"f{n // 5}", severity=SEVERITIES[n % 5]) for n in range(2_000)]
    functions = [{"id": f"f{n}", "name": f"f{n}"} for n in range(400)]

    answer = find(ask("f7", severity="low"), many, functions=functions)

    assert answer.row is not None
    assert answer.row.id == "r38"
    assert {name for name, _ in answer.runners_up} == {"r35", "r36", "r37", "r39"}
