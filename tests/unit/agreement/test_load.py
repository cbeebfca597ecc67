"""Shape: every fault at once, where it stands, in plain words; and a document that is written back loads equal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tandem.agreement.from_file import load_agreement, load_on_call
from tandem.agreement.load import (
    canonical_hash,
    canonical_text,
    load_directory,
    load_provider,
    load_tenant,
    parse_use,
)
from tandem.agreement.schema.documents import TenantDocument
from tandem.agreement.schema.fields import format_duration, parse_duration
from tandem.errors import AgreementError

HEAD = "tenant: {id: acme, name: Acme}\n"


def faults(text: str, load: Callable[..., object] = load_tenant) -> list[str]:
    with pytest.raises(AgreementError) as caught:
        load(text, file="a.yaml")
    return [str(problem) for problem in caught.value.problems]


def test_all_faults_come_at_once_in_file_order():
    text = "tenant: {id: Acme Corp, name: Acme, users: many}\nowner: me\nsafety: {lead: nobody}\n"

    assert faults(text) == [
        (
            'a.yaml:1:14: tenant.id: "Acme Corp" is not an id; use lower-case letters, digits, - _ and . '
            "(at most 64, beginning with a letter or digit)"
        ),
        'a.yaml:1:44: tenant.users: "many" is not a whole number',
        (
            'a.yaml:2:1: unknown key "owner"; known here: '
            + ", ".join(sorted({*TenantDocument.model_fields, "schema"} - {"schema_"}))
        ),
        "a.yaml:3:16: safety.lead: \"nobody\" is not one of 'internal' or 'msp'",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tenant: {id: a, name: A, knd: managed}", '1:26: tenant: unknown key "knd"; did you mean "kind"?'),
        (HEAD + "schedule: []", '2:1: unknown key "schedule"; did you mean "schedules"?'),
        (HEAD + "people: {a: {name: A, party: msp, contact: []}}", '2:35: people.a: unknown key "contact"; did you mean "contacts"?'),
        ("tenant: {id: a}", "1:1: tenant.name: this is missing"),
        ("people: {}", "1:1: tenant: this is missing"),
        (HEAD + "people: {a: {name: A, party: intern}}", "2:30: people.a.party: \"intern\" is not one of 'internal' or 'msp'; did you mean \"internal\"?"),
        ("tenant: {id: a, name: A, zone: America/New_Yrk}", "1:32: tenant.zone: there is no time zone 'America/New_Yrk'; did you mean \"America/New_York\"?"),
        ("tenant: {id: a, name: A, zone: ../../etc/passwd}", "there is no time zone '../../etc/passwd'; write it like America/New_York"),
        (HEAD + "timing: {hold_down: 5}", "2:21: timing.hold_down: '5' has no unit; write 5m or 5h"),
        (HEAD + "timing: {hold_down: 1e9h}", "is not a duration; write it like 15m, 4h or 1h30m"),
        (HEAD + "timing: {hold_down: 99999999d}", "is longer than ten years"),
        (HEAD + "calendars: {c: {zone: UTC, weekly: {mon-fry: 09:00-17:00}}}", "'mon-fry' is not a day; write mon ... sun, or a range like mon-fri; did you mean \"fri\"?"),
        (HEAD + "calendars: {c: {zone: UTC, weekly: {mon: 9-17}}}", "2:42: calendars.c.weekly.mon: '9' is not a time of day; write it like 09:00"),
        (HEAD + "calendars: {c: {zone: UTC, holidays: [2026-02-30]}}", '"2026-02-30" is not a date or time; write it like 2026-11-26'),
        (HEAD + "calendars: {c: {zone: UTC, holidays: [2026]}}", "'2026' is not a date; write it like 2026-11-26"),
        (HEAD + "schedules: [{id: s, zone: UTC, layers: [{people: [a], anchor: 1700000000}]}]", "'1700000000' is not a date"),
        (HEAD + "schedules: [{id: s, zone: UTC, layers: [{people: [], anchor: 2026-01-05}]}]", "schedules[1].layers[1].people: this list is empty"),
        (HEAD + "schedules: [{id: s, zone: UTC, overrides: [{type: replace, person: a, from: 2026-01-05T00:00, to: 2026-01-06T00:00}]}]", 'replaces "a" but does not say by whom; add "by:"'),
        (HEAD + "people: {a: {name: A, party: msp, contacts: [{channel: email, to: x}]}}", "'x' is not a mail address"),
        (HEAD + "people: {a: {name: A, party: msp, contacts: [{channel: ntfy, to: file:///etc/passwd}]}}", "is not a URL; channel ntfy needs https://..."),
        (HEAD + "people: {a: {name: A, party: msp, absences: [{from: 2026-12-27, to: 2026-12-01}]}}", "this absence ends (2026-12-01) before it begins (2026-12-27)"),
        (HEAD + "paths: [{id: p, party: msp, track: ops, steps: [{page: bob}]}]", "'bob' does not say what it is; write schedule:bob or person:bob"),
        (HEAD + "paths: [{id: p, party: msp, track: ops, steps: [{page: senior:ops}]}]", "'senior:ops' names no party; write senior:internal or senior:msp"),
        (HEAD + "paths: [{id: p, party: msp, track: ops, steps: []}]", "this list is empty"),
        (HEAD + "classification: [{id: c, function: f, when: {titel: x}}]", "an alert has no field 'titel'; did you mean \"title\"?"),
        (HEAD + "classification: [{id: c, function: f, when: {severity: hihg}}]", "severity is never 'hihg'; did you mean \"high\"?"),
        (HEAD + "classification: [{id: c, function: f, when: {title: {contain: x}}}]", 'unknown key "contain"; did you mean "contains"?'),
        (HEAD + "classification: [{id: c, function: f, when: {title: {is: a, not: b}}}]", "a condition needs exactly one of is, not, contains, prefix, glob, regex, at_least (here: is, not)"),
        (HEAD + "classification: [{id: c, function: f, when: {title: {at_least: high}}}]", "at_least works on severity, not on title"),
        (HEAD + "classification: [{id: c, function: f, when: {title: {regex: '(a'}}}]", "this is no RE2 regex: missing )"),
        (HEAD + "classification: [{id: c, function: f, when: {title: {regex: '(?=x)'}}}]", "look-ahead and back-references do not exist here"),
        (HEAD + "matrix: [{id: r, function: f, owner: msp, severity: severe}]", "'severe' is no severity"),
        (HEAD + "matrix: [{id: r, function: [], owner: msp}]", "this list is empty"),
        (HEAD + "use: Bright Water", "2:6: use:"),
    ],
)  # fmt: skip
def test_a_fault_is_said_in_plain_words_at_its_place(text: str, said: str):
    assert said in "\n".join(faults(text))


@pytest.mark.parametrize(
    "pattern", ["((((a{50}){50}){50}){50})", "(x+x+)+y{1000}{1000}", "(" * 200 + ")" * 200 + "{900}{900}"]
)
def test_a_regex_that_would_eat_memory_is_refused(pattern: str):
    assert "regex" in "\n".join(
        faults(HEAD + f"classification: [{{id: c, function: f, when: {{title: {{regex: '{pattern}'}}}}}}]")
    )


def test_a_single_value_may_stand_for_a_list():
    document = load_tenant(HEAD + "matrix: [{id: r, function: f, owner: msp, severity: high}]")

    condition = document.matrix[0].severity
    assert condition is not None
    assert condition.named == ("high",)


def test_the_hash_does_not_change_with_comments_order_and_layout():
    one = load_tenant("tenant: {id: a, name: A}\nsafety: {lead: msp, sla: standard}\n")
    two = load_tenant("# hello\nsafety:\n  sla: standard\n  lead: msp\ntenant:\n  name: 'A'\n  id: a\n")
    other = load_tenant("tenant: {id: a, name: A}\nsafety: {lead: internal, sla: standard}\n")

    assert canonical_hash(one) == canonical_hash(two) != canonical_hash(other)


def test_the_hash_of_a_tenant_changes_with_its_provider():
    tenant = load_tenant(HEAD)
    provider, changed = (load_provider(f"provider: {{id: p, name: {name}}}") for name in ("P", "Q"))

    assert len({canonical_hash(tenant), canonical_hash(tenant, provider), canonical_hash(tenant, changed)}) == 3


def test_a_document_written_canonically_loads_equal(small: str):
    document = load_tenant(
        small + "sla: {standard: {priorities: {P3: {response: 4bh, resolution: 1h30m}}}}\ntiming: {hold_down: 20s}\n"
    )

    again = load_tenant(canonical_text(document))

    assert again == document
    assert canonical_hash(again) == canonical_hash(document)


@pytest.mark.parametrize("text", ["0s", "20s", "1.5s", "15m", "90m", "4h", "1d", "36h"])
def test_a_duration_reads_back(text: str):
    assert parse_duration(format_duration(parse_duration(text))) == parse_duration(text)


def test_joined_durations_add_up():
    assert parse_duration("1h30m") == timedelta(minutes=90)


def test_variables_stand_in_addresses_and_have_a_default():
    text = HEAD + "people: {a: {name: A, party: msp, contacts: [{channel: webhook, to: '${PAGER_INBOX}/a'}]}}"

    given = load_tenant(text, variables={"PAGER_INBOX": "http://127.0.0.1:9"})

    assert given.people["a"].contacts[0].to == "http://127.0.0.1:9/a"
    assert load_tenant(text).people["a"].contacts[0].to == "https://pager.example/a"


def test_an_unknown_variable_is_an_error():
    text = HEAD + "people: {a: {name: A, party: msp, contacts: [{channel: webhook, to: '${PAGER_INBX}/a'}]}}"

    assert faults(text) == ['a.yaml:2:69: nothing is known for ${PAGER_INBX}; did you mean "PAGER_INBOX"?']


def test_a_provider_is_named_with_or_without_its_version():
    assert parse_use("brightwater@3") == ("brightwater", 3)
    assert parse_use("brightwater") == ("brightwater", None)


def test_a_directory_is_read_by_the_schema_key_of_its_files(tmp_path: Path):
    (tmp_path / "p.yaml").write_text("schema: tandem/provider/v1\nprovider: {id: p, name: P}\n")
    (tmp_path / "a.yaml").write_text("use: p@2\ntenant: {id: a, name: A}\n")
    (tmp_path / "notes.txt").write_text("not read")

    documents = load_directory(tmp_path)

    assert list(documents.tenants) == ["a"]
    found = documents.provider_of(documents.tenants["a"].document)
    assert found is not None
    assert found.document.provider.id == "p"


def test_a_directory_reports_the_faults_of_all_its_files(tmp_path: Path):
    (tmp_path / "a.yaml").write_text("tenant: {id: a}\n")
    (tmp_path / "b.yaml").write_text("schema: tandem/agrement/v1\ntenant: {id: b, name: B}\n")
    (tmp_path / "c.yaml").write_text("tenant: {id: c, name: C}\n")
    (tmp_path / "d.yaml").write_text("tenant: {id: c, name: C}\n")

    with pytest.raises(AgreementError) as caught:
        load_directory(tmp_path)

    said = [
        f"{Path(p.file).name}:{p.line}: {p.message.replace(str(tmp_path) + '/', '')}" for p in caught.value.problems
    ]
    assert said == [
        "a.yaml:1: tenant.name: this is missing",
        (
            'b.yaml:1: schema: there is none called "tandem/agrement/v1"; did you mean "tandem/agreement/v1"?; '
            "write tandem/agreement/v1 or tandem/provider/v1"
        ),
        'd.yaml:1: "c" is already in c.yaml; one document per id',
    ]


SCHEDULES = """\
schedules:
  - id: ops
    zone: America/New_York
    layers:
      - {people: [ada, bo], unit: day, length: 1, anchor: 2026-01-05T09:00, restrict: [{days: mon-fri, from: "22:00", to: "06:00"}]}
    overrides:
      - {type: add, person: cy, from: 2026-01-06T00:00, to: 2026-01-07T00:00}
"""


@pytest.mark.parametrize(
    "text",
    [
        SCHEDULES,
        "tenant: {id: a, name: A}\n" + SCHEDULES,
        "schema: tandem/provider/v1\nprovider: {id: p, name: P}\n" + SCHEDULES,
        SCHEDULES.removeprefix("schedules:\n"),
    ],
    ids=["bare section", "tenant", "provider", "bare list"],
)
def test_schedules_load_from_any_document_that_holds_them(text: str):
    on_call = load_on_call(text)

    assert on_call.schedules["ops"].layers[0].people == ("ada", "bo")
    assert on_call.schedules["ops"].overrides[0].person == "cy"


def test_a_fault_in_a_bare_list_of_schedules_has_its_position():
    with pytest.raises(AgreementError) as caught:
        load_on_call("- id: ops\n  zone: UTC\n  layers: [{people: [a], anker: 2026-01-05}]\n", variables={})

    assert [(p.line, p.column) for p in caught.value.problems] == [(3, 12), (3, 26)]


def test_a_tenant_s_schedules_come_with_its_provider_s(tmp_path: Path):
    (tmp_path / "p.yaml").write_text(
        "schema: tandem/provider/v1\nprovider: {id: p, name: P}\nschedules: [{id: night, zone: UTC}]\n"
    )
    (tmp_path / "a.yaml").write_text("tenant: {id: a, name: A}\nuse: p\nschedules: [{id: day, zone: UTC}]\n")

    assert sorted(load_on_call(tmp_path / "a.yaml", beside=tmp_path).schedules) == ["day", "night"]
    assert sorted(load_on_call(tmp_path / "a.yaml").schedules) == ["day"]


def test_a_tenant_with_only_schedules_compiles(tmp_path: Path):
    (tmp_path / "a.yaml").write_text("tenant: {id: a, name: A}\n" + SCHEDULES)

    agreement = load_agreement(tmp_path / "a.yaml")

    assert list(agreement.schedules) == ["ops"]
    assert agreement.rows == ()


def test_an_agreement_whose_provider_is_not_there_is_refused_at_its_use(tmp_path: Path):
    (tmp_path / "a.yaml").write_text("tenant: {id: a, name: A}\nuse: nobody\n")

    with pytest.raises(AgreementError, match=r'a.yaml:2:6: the document of the provider "nobody" is not here'):
        load_agreement(tmp_path / "a.yaml", beside=tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        'tenant: {id: a, name: "A\\nerror: forged"}',
        'tenant: {id: a, name: A, "\\e[31mred": 1}',
        HEAD + 'matrix: [{id: r, function: "a\\nb", owner: msp}]',
        HEAD + '"k\\r\\n": 1\n"k\\r\\n": 2',
        'tenant: {id: "a\\nb", name: A}',
        HEAD + 'people: {a: {name: A, party: msp, contacts: [{channel: webhook, to: "https://x/${\\n}"}]}}',
    ],
)
def test_nothing_a_document_holds_can_forge_a_line_of_the_answer(text: str):
    assert all(line.isprintable() for line in faults(text))


def test_a_draft_that_check_would_refuse_still_answers_questions(tmp_path: Path, small: str):
    (tmp_path / "a.yaml").write_text(
        small.replace("contacts: [{channel: email, to: olga@msp.example}]", "contacts: []")
    )

    assert load_agreement(tmp_path / "a.yaml").people["olga"].contacts == ()


def test_a_draft_that_refers_to_nothing_does_not(tmp_path: Path, small: str):
    (tmp_path / "a.yaml").write_text(small.replace("calendar: office", "calendar: ofice"))

    with pytest.raises(AgreementError, match='there is no calendar "ofice"'):
        load_agreement(tmp_path / "a.yaml")
