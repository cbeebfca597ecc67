"""A concrete alert for a part of the space: of an asset that exists where there is one, by a rule that gives it.

What is made here is an alert as a tool would send it, in the body that ``tandem agreement explain --alert`` reads.
Where no rule of the agreement makes such an alert, the body says under ``classified`` what it would have to be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from uuid import UUID

from tandem.agreement.compiled import RowQuery
from tandem.agreement.conditions import at_least, compile_conditions
from tandem.agreement.patterns import compile_regex
from tandem.agreement.proof.sentence import point
from tandem.agreement.proof.space import Box, Space
from tandem.agreement.proof.vocabulary import FUNCTION, NO, TAG, YES, spelled
from tandem.agreement.rules import RuleIndex, rule_index
from tandem.agreement.schema.documents import SharedParts, TenantDocument
from tandem.agreement.schema.matrix import UNKNOWN, Scenario
from tandem.agreement.schema.scope import AssetSpec, ClassificationRule, Matcher
from tandem.model.alert import Alert, AlertStatus, Kind, Severity

Find = Callable[[Box], Box | None]
"""A part of the problem inside a box, or None."""
_MOST_TRIED = 150
_MOST_RULES = 6
_MOST_ASSETS = 40
_MOST_READ = 2_000
_SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)
_IN_ALERT = ("severity", "kind", "vendor", "site")
"""Fields of the matrix that a rule may look at as they are."""


@dataclass(frozen=True, slots=True)
class Example:
    """One alert of the part that was asked about."""

    values: Mapping[str, str]
    """Every field of the space and its value."""
    asset: AssetSpec | None
    """Of the inventory; None: there is no such asset."""
    body: Mapping[str, Any]

    @property
    def query(self) -> RowQuery:
        """What the row finder is asked about it."""
        said = {
            name: None if value == UNKNOWN else value for name, value in self.values.items() if not name.startswith(TAG)
        }
        tags = frozenset(
            name.removeprefix(TAG) for name, value in self.values.items() if name.startswith(TAG) and value == YES
        )
        return RowQuery(
            function=self.values[FUNCTION],
            scenario=self.values["scenario"],
            category=said["category"],
            site=said["site"],
            tags=frozenset(name.removeprefix(TAG) for name in tags),
            severity=self.values["severity"],
            kind=said["kind"],
            vendor=said["vendor"],
            data_class=said["data_class"],
            host_class=said["host_class"],
        )


class Examples:
    """Makes examples for one document. ``classes``: host -> its class."""

    def __init__(self, document: SharedParts, space: Space, classes: Callable[[str | None], str | None]) -> None:
        self._space = space
        self._classes = classes
        self._globs = document.vocabulary.host_classes
        self._document = document
        self._tags = [name for name in space.fields if name.startswith(TAG)]
        self._names = {function.id: function.name for function in document.functions}
        assets = document.assets if isinstance(document, TenantDocument) else ()
        # Assets that the matrix cannot tell apart give the same examples.
        kinds = ((tuple(sorted(self._of_asset(asset).items())), asset) for asset in reversed(assets[:_MOST_READ]))
        self._assets = list(reversed(dict(kinds).values()))
        self._rules: RuleIndex | None = None

    def of(self, at: Box, find: Find) -> Example:
        """The most telling example of what is wrong.

        Args:
            at: a part of it, known already.
            find: looks for a part of it inside a box; may raise NotProven, which ends the looking.
        """
        functions = self._space.values(FUNCTION, at.get(FUNCTION, self._space.full[FUNCTION]))
        for asset, rule, box in islice(self._candidates(functions), _MOST_TRIED):
            part = find(box) if all(box.values()) else None
            if part is not None:
                values = point(self._space, part)
                return Example(values, asset, self._body(values, asset, rule))
        values = point(self._space, at)
        return Example(values, None, self._body(values, None, None))

    def _candidates(
        self, functions: tuple[str, ...]
    ) -> Iterator[tuple[AssetSpec | None, ClassificationRule | None, Box]]:
        """Assets and rules as boxes: both together, then an asset alone, then a rule alone."""
        every = self._document.classification
        rules = [(rule, self._of_rule(rule)) for rule in every if rule.function in functions][:_MOST_RULES]
        assets = [(asset, self._of_asset(asset)) for asset in self._assets[:_MOST_ASSETS]]
        for asset, box in assets:
            for rule, said in rules[:2]:
                yield asset, rule, self._space.meet(box, said)
            yield asset, None, box
        for rule, said in rules:
            yield None, rule, said

    def _of_asset(self, asset: AssetSpec) -> Box:
        """What the inventory says of an asset, as conditions."""
        said = {
            "site": asset.site or UNKNOWN,
            "data_class": str(asset.data_class) if asset.data_class else UNKNOWN,
            "host_class": self._classes(_host_of(asset)) or UNKNOWN,
        }
        said |= {name: YES if name.removeprefix(TAG) in asset.tags else NO for name in self._tags}
        return {name: self._space.mask(name, (value,)) for name, value in said.items()}

    def _of_rule(self, rule: ClassificationRule) -> Box:
        """What a rule gives and asks for, as conditions."""
        space = self._space
        box = {
            FUNCTION: space.mask(FUNCTION, (rule.function,)),
            "category": space.mask("category", (rule.category or UNKNOWN,)),
            "scenario": space.mask("scenario", (str(rule.scenario),)),
        }
        for name in _IN_ALERT:
            if name in rule.when:
                box[name] = space.mask(name, _taken(rule.when[name], space.fields[name], name))
        return box

    def _body(
        self, values: Mapping[str, str], asset: AssetSpec | None, rule: ClassificationRule | None
    ) -> dict[str, Any]:
        """The alert as a tool would send it, and under ``classified`` what no rule makes of it."""
        said = {name: value for name, value in values.items() if value != UNKNOWN and not name.startswith(TAG)}
        labels = {"site": said["site"]} if asset is None and "site" in said else {}
        name = self._names.get(values[FUNCTION], values[FUNCTION])
        body: dict[str, Any] = {"title": f"{name}: example", "severity": values["severity"]}
        body |= {key: said[key] for key in ("kind", "vendor") if key in said}
        host = _host_of(asset) if asset else self._host_for(values["host_class"])
        body |= {"host": host} if host else {}
        body["labels"] = labels
        if rule is not None:
            fulfilled = _fulfilling(rule, body)
            if fulfilled is not None and self._gives(fulfilled, values, asset):
                return fulfilled
        elif self._gives(body, values, asset):
            return body
        hints: dict[str, Any] = {key: said[key] for key in (FUNCTION, "scenario", "category", "site") if key in said}
        if asset is None:
            hints["tags"] = [key.removeprefix(TAG) for key in values if key.startswith(TAG) and values[key] == YES]
            hints |= {key: said[key] for key in ("data_class", "host_class") if key in said}
        return {**body, "classified": hints}

    def _gives(self, body: Mapping[str, Any], values: Mapping[str, str], asset: AssetSpec | None) -> bool:
        """Whether the agreement makes of ``body`` what ``values`` says."""
        if self._rules is None:
            self._rules = rule_index([(rule, compile_conditions(rule.when)) for rule in self._document.classification])
        of_an_asset = values["data_class"] != UNKNOWN or any(values[name] == YES for name in self._tags)
        if asset is None and of_an_asset:
            return False
        rule = self._rules(_alert(body), None if values["site"] == UNKNOWN else values["site"])
        if rule is not None:
            given = (rule.function, rule.category or UNKNOWN, str(rule.scenario))
        elif asset is not None and asset.function is not None:
            given = (asset.function, UNKNOWN, str(Scenario.INCIDENT))
        else:
            return False
        return given == (values[FUNCTION], values["category"], values["scenario"])

    def _host_for(self, host_class: str) -> str | None:
        """A host name of a class."""
        for glob in self._globs.get(host_class, ()):
            name = glob.replace("*", "example").replace("?", "1")
            if self._classes(name) == host_class:
                return name
        return None


def _host_of(asset: AssetSpec) -> str:
    return asset.hosts[0] if asset.hosts else asset.id


def _taken(matcher: Matcher, values: tuple[str, ...], name: str) -> list[str]:
    """The values of a field that a rule's condition takes, for conditions that name values."""
    if matcher.is_ is not None:
        wanted = {text.casefold() for text in matcher.is_}
        return [value for value in values if value.casefold() in wanted]
    if matcher.not_ is not None:
        unwanted = {text.casefold() for text in matcher.not_}
        return [value for value in values if value.casefold() not in unwanted]
    if matcher.at_least is not None:
        floor = matcher.at_least
        return [value for value in values if at_least(value, floor)]
    return [spelled(name, value) for value in values]


def _fulfilling(rule: ClassificationRule, body: Mapping[str, Any]) -> dict[str, Any] | None:
    """``body`` with the texts that a rule asks for; None when they cannot be guessed."""
    made: dict[str, Any] = {**body, "labels": dict(body["labels"])}
    for name, matcher in rule.when.items():
        if name in _IN_ALERT:
            continue
        text = _text_for(matcher)
        if text is None and matcher.not_ is None:
            return None
        if text is None or (name == "host" and "host" in made):
            continue
        if name.startswith("labels."):
            made["labels"][name.removeprefix("labels.")] = text
        else:
            made[name] = text
    return made


def _text_for(matcher: Matcher) -> str | None:
    """A text that fulfils a condition, where that is plain to see."""
    for texts in (matcher.is_, matcher.contains, matcher.prefix):
        if texts:
            return texts[0]
    if matcher.glob:
        return matcher.glob[0].replace("*", "").replace("?", "x") or "x"
    if matcher.regex is not None:
        plain = matcher.regex.removeprefix("(?i)").strip("^$").replace("\\b", "").replace(".*", " ").partition("|")[0]
        return plain if compile_regex(matcher.regex).search(plain) else None
    return None


def _alert(body: Mapping[str, Any]) -> Alert:
    """The alert that ``explain`` makes of a body; what it leaves out takes the plainest value."""
    return Alert(
        alert_id=UUID(int=0),
        tenant="",
        integration=body.get("integration", "explain"),
        vendor=body.get("vendor", "generic"),
        kind=Kind(body.get("kind", "monitoring")),
        delivery_id="explain",
        dedup_key="explain",
        title=body["title"],
        status=AlertStatus(body["status"]) if body.get("status") in set(AlertStatus) else AlertStatus.FIRING,
        severity=Severity(body["severity"]),
        severity_word=body.get("severity_word", body["severity"]),
        host=body.get("host"),
        customer=body.get("customer"),
        received_at=_SOME_DAY,
        labels=body["labels"],
    )
