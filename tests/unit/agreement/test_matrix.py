"""The order of rows, and that the index answers what a slow look at all rows would."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tandem.agreement.compiled import RowQuery
from tandem.agreement.matrix import RankedRow, deciding_order, ranked, row_finder
from tandem.agreement.schema.scope import ScopeRow
from tandem.model.ownership import Owner

SITES = ("hq", "branch")
SEVERITIES = ("critical", "high", "medium", "low", "info", "unknown")


def row(name: str, function: tuple[str, ...] = ("backup",), *, owner: Owner = Owner.MSP, **fields: object) -> ScopeRow:
    return ScopeRow.model_validate({"id": name, "function": function, "owner": owner, **fields})


def ask(
    function: str = "backup",
    *,
    tags: frozenset[str] = frozenset(),
    severity: str = "high",
    site: str | None = "hq",
    category: str | None = None,
) -> RowQuery:
    return RowQuery(function=function, category=category, site=site, asset_tags=tags, severity=severity)


def decided(query: RowQuery, *rows: ScopeRow) -> str | None:
    """The same whatever the order in the document."""
    answers = {
        answer.row.id if (answer := row_finder(deciding_order(some, SITES))(query)).row else None
        for some in (rows, rows[::-1])
    }
    assert len(answers) == 1
    return answers.pop()


def test_the_row_that_names_more_fields_wins():
    assert decided(ask(), row("wide"), row("narrow", site="hq")) == "narrow"


def test_no_priority_order_lifts_a_rule_over_its_exception():
    assert decided(ask(), row("wide", priority_order=99), row("narrow", site="hq")) == "narrow"


def test_among_equally_many_fields_the_higher_priority_order_wins():
    assert decided(ask(), row("site", site="hq"), row("severity", severity="high", priority_order=1)) == "severity"


def test_among_equals_the_contained_row_wins():
    assert decided(ask(), row("some", severity=["high", "low"]), row("one", severity="high")) == "one"


def test_a_row_for_one_function_lies_inside_a_row_for_several():
    assert decided(ask(), row("several", ("backup", "servers")), row("one")) == "one"


def test_naming_all_severities_buys_no_rank():
    assert ranked(row("r", severity=list(SEVERITIES)), SITES).rank == (1, 0)


def test_naming_all_sites_and_the_unknown_one_buys_no_rank():
    assert ranked(row("r", site=["hq", "branch", "unknown"]), SITES).rank == (1, 0)
    assert ranked(row("r", site=["hq", "branch"]), SITES).rank == (2, 0)


def test_an_alert_without_a_site_is_taken_by_rows_that_name_none_or_the_unknown_one():
    assert decided(ask(site=None), row("wide"), row("hq", site="hq")) == "wide"
    assert decided(ask(site=None), row("wide"), row("nowhere", site="unknown")) == "nowhere"


def test_any_of_the_listed_tags_is_enough():
    assert decided(ask(tags=frozenset({"gold"})), row("wide"), row("r", asset_tag=["gold", "silver"])) == "r"


def test_an_alert_no_row_names_has_no_row():
    assert decided(ask("mail"), row("wide")) is None


def test_the_runners_up_say_why_not():
    rows = [row("wide"), row("branch", site="branch"), row("hq", site="hq"), row("lists", site=["hq", "branch"])]

    answer = row_finder(deciding_order(rows, SITES))(ask())

    assert answer.row is not None
    assert answer.row.id == "hq"
    assert answer.runners_up == (
        ("branch", "site is hq, the row asks for branch"),
        ("lists", "takes it too, but is wider"),
        ("wide", "takes it too, but names fewer fields (1)"),
    )


def test_the_runners_up_are_few():
    rows = [row(f"r{n}", severity="low", priority_order=n) for n in range(20)]

    answer = row_finder(deciding_order(rows, SITES))(ask())

    assert answer.row is None
    assert [name for name, _ in answer.runners_up] == ["r19", "r18", "r17", "r16", "r15"]


FUNCTIONS = ("backup", "servers", "mail")
some = st.none() | st.lists(st.sampled_from(SEVERITIES), min_size=1, max_size=6, unique=True)


@st.composite
def matrices(draw: st.DrawFn) -> list[ScopeRow]:
    count = draw(st.integers(0, 8))
    return [
        row(
            f"r{number}",
            tuple(draw(st.lists(st.sampled_from(FUNCTIONS), min_size=1, max_size=2, unique=True))),
            severity=draw(some),
            site=draw(st.none() | st.lists(st.sampled_from([*SITES, "unknown"]), min_size=1, max_size=3, unique=True)),
            category=draw(st.none() | st.just(["disk"])),
            asset_tag=draw(st.none() | st.lists(st.sampled_from(["gold", "silver"]), min_size=1, unique=True)),
            priority_order=draw(st.integers(0, 2)),
        )
        for number in range(count)
    ]


queries = st.builds(
    RowQuery,
    function=st.sampled_from([*FUNCTIONS, "none"]),
    category=st.sampled_from([None, "disk", "cpu"]),
    site=st.sampled_from([None, *SITES]),
    asset_tags=st.frozensets(st.sampled_from(["gold", "silver", "bronze"]), max_size=2),
    severity=st.sampled_from(SEVERITIES),
)


def takes(entry: ScopeRow, query: RowQuery) -> bool:
    """The meaning of a row, written without the index."""
    return (
        query.function in entry.function
        and (entry.severity is None or query.severity in entry.severity)
        and (entry.site is None or (query.site or "unknown") in entry.site)
        and (entry.category is None or (query.category or "unknown") in entry.category)
        and (entry.asset_tag is None or bool({*entry.asset_tag} & (query.asset_tags or {"unknown"})))
    )


@given(matrices(), queries)
def test_the_index_finds_what_a_slow_scan_finds(rows: list[ScopeRow], query: RowQuery):
    answer = row_finder(deciding_order(rows, SITES))(query)

    taking = [ranked(entry, SITES) for entry in rows if takes(entry, query)]
    unbeaten = [entry.row.id for entry in taking if not any(other.beats(entry) for other in taking)]
    if not taking:
        assert answer.row is None
    else:
        assert answer.row is not None
        assert answer.row.id in unbeaten  # exactly one, unless it is a tie that `check` refuses


@given(matrices())
def test_beating_is_a_strict_order_and_the_list_follows_it(rows: list[ScopeRow]):
    entries = deciding_order(rows, SITES)

    def beats(one: RankedRow, other: RankedRow) -> bool:
        return one.beats(other)

    for position, first in enumerate(entries):
        assert not beats(first, first)
        assert not any(beats(later, first) for later in entries[position + 1 :])
        for second in entries:
            assert not (beats(first, second) and beats(second, first))
            assert all(beats(first, third) for third in entries if beats(first, second) and beats(second, third))
