"""What changed between two documents, in words; nothing changes silently."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tandem.agreement.diff import Difference, differences
from tandem.agreement.load import load_directory, load_provider, load_tenant
from tandem.agreement.schema.documents import ProviderDocument, TenantDocument

EXAMPLES = load_directory(Path(__file__).parents[3] / "deploy" / "agreement")


@pytest.fixture
def diff(small: str):
    """Replacements in the small agreement -> the lines of what changed."""

    def run(*changes: tuple[str, str]) -> list[str]:
        text = small
        for was, now in changes:
            assert was in text
            text = text.replace(was, now, 1)
        found = differences((load_tenant(small), None), (load_tenant(text), None))
        sections = dict.fromkeys(each.section for each in found)
        return [
            line
            for section in sections
            for line in (f"{section}:", *(f"  {each}" for each in found if each.section == section))
        ]

    return run


def test_the_same_document_has_no_differences(diff):
    assert diff() == []


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ("owner: internal}", "owner: msp}", ["matrix:", "  servers: owner internal -> msp"]),
        (
            "- {id: siem, function: siem, owner: msp}",
            "- {id: siem, function: siem, owner: msp, site: hq, sla: gold}",
            ["matrix:", "  siem: sla standard -> gold; site nothing -> hq"],
        ),
        (
            "  - {id: siem, function: siem, owner: msp}\n",
            "",
            ["matrix:", "  siem: gone: function siem, owner msp"],
        ),
        (
            "matrix:\n",
            "matrix:\n  - {id: disks, function: servers, category: disk, owner: shared, lead: msp}\n",
            ["matrix:", "  disks: new: function servers, category disk, owner shared, lead msp"],
        ),
        ("mode: live", "mode: observe", ["tenant:", "  mode live -> observe"]),
        ("people: [olga]", "people: [olga, sid]", ["schedules:", "  msp-ops: layers[1].people olga -> olga, sid"]),
        ("after: 5m", "after: 9m", ["paths:", "  p-ops: steps[2].after 5m -> 9m"]),
        (
            "tags: [gold]",
            "tags: [silver], data_class: regulated",
            ["assets:", "  srv1: tags gold -> silver; data_class nothing -> regulated"],
        ),
    ],
)
def test_a_change_is_said_in_words_at_its_section(diff, was, now, said):
    assert diff((was, now)) == said


def test_writing_a_default_out_changes_nothing(diff):
    assert diff(("owner: internal}", "owner: internal, sla: standard, priority: 0}")) == []
    assert diff(("sites:", "sla: {standard: {priorities: {P1: {response: 30m}}}}\nsites:")) == []


def test_a_target_that_is_taken_away_is_not_the_same_as_one_that_is_not_mentioned(diff):
    said = diff(("sites:", "sla: {standard: {priorities: {P1: {response: null}}}}\nsites:"))

    assert said == ["sla:", "  standard: priorities.P1.response 30m -> nothing"]


def test_a_person_who_goes_and_one_who_is_absent_are_told(diff):
    absent = diff(
        ("{name: Olga, party: msp,", "{name: Olga, party: msp, absences: [{from: 2026-12-01, to: 2026-12-05}],")
    )

    assert absent == ["people:", "  olga: absences with (from 2026-12-01, to 2026-12-05)"]


def test_the_order_of_rules_is_a_difference_because_the_first_that_matches_decides(diff):
    rule = "  - {id: any, when: {kind: rmm}, function: servers, category: disk}\n"
    other = "  - {id: other, when: {kind: siem}, function: siem}\n"
    text = rule + other

    old, new = (
        load_tenant(
            "tenant: {id: a, name: A}\nfunctions: [{id: servers, name: S}, {id: siem, name: I}]\nclassification:\n"
            + rules
        )
        for rules in (text, other + rule)
    )

    (found,) = differences((old, None), (new, None))
    assert (found.name, found.change) == ("other", "moved")
    assert found.words == 'now comes before "any"; the first rule that matches decides'


def test_the_order_of_host_classes_is_a_difference_because_the_first_that_fits_counts():
    text = "tenant: {id: a, name: A}\nvocabulary: {host_classes: {servers: srv-*, all: '*'}}\n"
    other = text.replace("servers: srv-*, all: '*'", "all: '*', servers: srv-*")

    (found,) = differences((load_tenant(text), None), (load_tenant(other), None))

    assert found.words == "host_classes: tried in another order, servers, all -> all, servers"


def test_the_ladder_that_a_schedule_brings_goes_with_it(diff):
    said = diff(
        (
            "  - {id: msp-soc, zone: UTC, party: msp, track: soc, layers: [{people: [sid], anchor: 2026-01-05T09:00}]}\n",
            "",
        )
    )

    assert [line for line in said if "msp-soc" in line and "gone" in line and line != said[1]]


def test_what_the_provider_changes_is_a_difference_of_its_tenants():
    tenant = load_tenant("tenant: {id: a, name: A}\nuse: p\n")
    rows = [
        load_provider(f"provider: {{id: p, name: P}}\nmatrix: [{{id: r, function: f, owner: {owner}{more}}}]\n")
        for owner, more in (("msp", ""), ("shared", ", lead: msp"))
    ]

    (found,) = differences((tenant, rows[0]), (tenant, rows[1]))

    assert str(found) == "r: owner msp -> shared; lead nothing -> msp"


@pytest.mark.parametrize("name", sorted(EXAMPLES.tenants))
def test_taking_away_any_one_entry_of_an_example_is_told(name: str):
    document = EXAMPLES.tenants[name].document
    provider = EXAMPLES.provider_of(document)
    under = provider.document if provider else None
    silent = [
        (section, key)
        for section, key, without in without_one(document)
        if not says(under, section, getattr(document, section)[key])
        and not told(section, differences((document, under), (without, under)))
    ]

    assert silent == []


def without_one(document: TenantDocument):
    """The document without each entry of each section in turn."""
    for section in type(document).model_fields:
        value: Any = getattr(document, section)
        if isinstance(value, tuple):
            for index in range(len(value)):
                yield section, index, document.model_copy(update={section: value[:index] + value[index + 1 :]})
        elif isinstance(value, dict):
            for key in value:
                yield section, key, document.model_copy(update={section: {k: v for k, v in value.items() if k != key}})


def says(provider: ProviderDocument | None, section: str, entry: Any) -> bool:
    """Whether the provider's document says the same word for word, so that it holds as before."""
    value = getattr(provider, section, ())
    return entry in (value.values() if isinstance(value, dict) else value)


def told(section: str, found: tuple[Difference, ...]) -> bool:
    return any(difference.section == section for difference in found)
