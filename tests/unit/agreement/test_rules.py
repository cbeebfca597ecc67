"""The index over classification rules: the same answer as asking every rule in order, and what explains it."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from tandem.agreement.conditions import compile_conditions, reader
from tandem.agreement.rules import Rules, earlier_rules, rule_index, why_not
from tandem.agreement.schema.scope import ClassificationRule
from tandem.model.alert import Alert, AlertStatus, Kind, Severity

ALERT = Alert(
    alert_id=UUID(int=1),
    tenant="acme",
    integration="acme-rmm",
    vendor="ninjaone",
    kind=Kind.RMM,
    delivery_id="1",
    dedup_key="k",
    title="Disk C: of NW-FILE-02 is full",
    status=AlertStatus.FIRING,
    severity=Severity.HIGH,
    host="NW-FILE-02",
    received_at=datetime(2026, 11, 20, tzinfo=UTC),
    labels={"disk": "C:"},
)

# Among them letters whose cases do not pair up one to one.
LETTERS = "aAbBßẞİıKkſséÉ-.0 "
FIELDS = ("vendor", "integration", "title", "host", "severity_word", "site", "customer", "labels.x", "labels.y")
REGEXES = ("", "^a", "b$", "(?i)k", "(?i)ß", "(?i)ss", "[0-9]", "a.*b", "a|b", "(a|é)b+", r"\bA\b", ".", "É", "(?i)ſ",
           "[^a]", "ab?c{0,3}", r"\.", "unknown")  # fmt: skip
RULES, ALERTS = 40, 20
Asked = tuple[Alert, str | None]


def text(chance: random.Random) -> str:
    return "".join(chance.choice(LETTERS) for _ in range(chance.randint(0, 7)))


def alike(value: str, chance: random.Random) -> str:
    """A piece of ``value``, in whatever case."""
    first = chance.randint(0, len(value))
    piece = value[first : chance.randint(first, len(value))]
    return chance.choice((str.upper, str.lower, str.casefold, str.title, str))(piece)


def glob_of(value: str, chance: random.Random) -> str:
    """A glob that may well fit ``value``."""
    signs = [chance.choice((sign, sign, sign, "?", "*")) for sign in chance.choice((value, value.swapcase()))]
    return chance.choice(("", "*")) + "".join(signs) + chance.choice(("", "*"))


def matcher(name: str, value: str, chance: random.Random) -> dict[str, object]:
    whole = chance.choice((value, value.upper(), value.lower(), "unknown", text(chance)))
    made: dict[str, object] = {
        "is": [whole, text(chance)],
        "not": [whole, text(chance)],
        "contains": [alike(value, chance), text(chance) + "z"],
        "prefix": [alike(value[: len(value) // 2], chance) + chance.choice(("", "z")), value[:2]],
        "glob": [glob_of(value, chance)],
        "regex": chance.choice(REGEXES),
    }
    if name == "severity":
        return {"at_least": chance.choice([*Severity])}
    operator = chance.choice([*made])
    return {operator: made[operator]}


def value_of(name: str, asked: Asked) -> str:
    return reader(name)(*asked) or ""


def random_alert(chance: random.Random) -> Asked:
    def perhaps() -> str | None:
        return text(chance) if chance.random() < 0.8 else None

    alert = replace(
        ALERT,
        vendor=text(chance),
        integration=text(chance),
        title=text(chance),
        host=perhaps(),
        severity_word=perhaps(),
        customer=perhaps(),
        kind=chance.choice([*Kind]),
        severity=chance.choice([*Severity]),
        status=chance.choice([*AlertStatus]),
        labels={name: text(chance) for name in ("x", "y", "z") if chance.random() < 0.6},
    )
    return alert, perhaps()


def random_rules(alerts: list[Asked], chance: random.Random) -> Rules:
    """Rules on two or three fields, most of them made to fit one of the alerts nearly."""
    names = chance.sample((*FIELDS, "severity"), chance.randint(1, 3))
    whens = []
    for _ in range(RULES):
        asked = chance.choice(alerts)
        used = chance.sample(names, chance.randint(1, min(2, len(names))))
        whens.append({name: matcher(name, value_of(name, asked), chance) for name in used})
    return rules_of(*whens)


def rules_of(*whens: object) -> Rules:
    made = [
        ClassificationRule.model_validate({"id": f"r{number:02d}", "when": when, "function": "f"})
        for number, when in enumerate(whens)
    ]
    return [(rule, compile_conditions(rule.when)) for rule in made]


def scanned(rules: Rules, alert: Alert, site: str | None) -> str | None:
    """The oracle: every rule in order."""
    return next((rule.id for rule, holds in rules if holds(alert, site)), None)


def found(rules: Rules, alert: Alert, site: str | None = None) -> str | None:
    rule = rule_index(rules)(alert, site)
    return rule.id if rule else None


@pytest.mark.parametrize("seed", range(40))
def test_the_index_answers_as_every_rule_asked_in_order(seed: int):
    chance = random.Random(seed)
    alerts = [random_alert(chance) for _ in range(ALERTS)]
    rules = random_rules(alerts, chance)
    # Without those up to the one that decided, so that every rule comes to decide.
    for asked in alerts:
        left = rules
        while left:
            deciding = scanned(left, *asked)
            rule = rule_index(left)(*asked)
            assert (rule.id if rule else None) == deciding
            left = [entry for entry in left if deciding is not None and entry[0].id > deciding]


@pytest.mark.parametrize("seed", range(5))
def test_so_it_does_with_thousands_of_rules(seed: int):
    chance = random.Random(seed)
    alerts = [random_alert(chance) for _ in range(ALERTS)]
    made = [rule for _ in range(50) for rule, _ in random_rules(alerts, chance)]
    rules = [(rule, compile_conditions(rule.when)) for rule in made]
    index = rule_index(rules)

    for asked in alerts:
        rule = index(*asked)
        assert rule is next((rule for rule, holds in rules if holds(*asked)), None)


def test_without_rules_none_decides():
    assert found(()[:], ALERT) is None


def test_a_rule_without_conditions_takes_everything():
    assert found(rules_of({"host": "other"}, {}), ALERT) == "r01"


def test_the_first_of_two_rules_decides():
    assert found(rules_of({"title": {"contains": "full"}}, {"host": "nw-file-02"}), ALERT) == "r00"
    assert found(rules_of({"host": "nw-file-02"}, {"title": {"contains": "full"}}), ALERT) == "r00"


def test_patterns_too_many_for_one_automaton_are_spread_over_several():
    long = "x" * 380
    rules = rules_of(*({"title": {"contains": f"{long}{number:05d}"}} for number in range(3_000)))

    assert found(rules, replace(ALERT, title=f"..{long}02987..")) == "r2987"


def test_many_regexes_are_answered_like_one():
    rules = rules_of(*({"title": {"regex": f"(?i)disk .* host-{number} (full|down)$"}} for number in range(1_000)))

    assert found(rules, replace(ALERT, title="DISK c: of host-977 FULL")) == "r977"


def test_a_lone_surrogate_breaks_nothing():
    rules = rules_of({"title": {"regex": "z"}}, {"title": {"glob": "*z?"}}, {"title": {"contains": "full"}})

    assert found(rules, replace(ALERT, title="\ud800 full")) == "r02"


def test_an_earlier_rule_says_which_condition_failed():
    rules = rules_of(
        {"kind": "siem", "host": "x", "title": {"contains": "y"}},
        {"host": {"prefix": "nw-"}, "severity": {"at_least": "critical"}},
        {"customer": {"not": "unknown"}},
        {},
        {"host": "nw-file-02"},
    )

    assert earlier_rules(rules, "r03", ALERT, None) == [
        ("r02", "customer is unknown, the rule asks for anything but unknown"),
        ("r01", "severity is high, the rule asks for critical or worse"),
        ("r00", "kind is rmm, the rule asks for siem"),
    ]


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ({"host": ["a", "b"]}, "host is NW-FILE-02, the rule asks for a or b"),
        ({"title": {"prefix": "x"}, "host": "a"}, "a text that begins with x"),
        ({"labels.gone": {"glob": "x*"}}, "labels.gone is unknown, the rule asks for a text like x*"),
        ({"title": {"regex": "^x"}}, "the rule asks for a text that fits the regex ^x"),
        ({"host": [*"abcdefg"]}, "a or b or c or d or e or 2 more"),
    ],
)
def test_why_a_rule_does_not_take_an_alert(when: dict[str, object], said: str):
    [(rule, _)] = rules_of(when)

    assert said in (why_not(rule, ALERT, None) or "")


def test_a_rule_that_takes_the_alert_has_nothing_to_say():
    [(rule, _)] = rules_of({"host": "nw-file-02"})

    assert why_not(rule, ALERT, None) is None
