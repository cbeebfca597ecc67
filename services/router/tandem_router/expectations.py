"""The file of routing tests: what may stand in it, and where. Pure; running them is ``routing_tests``'s."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator

from tandem.agreement.document import Node, locate, parse, plain
from tandem.agreement.schema.fields import Id, Line, Moment, Name, Part, Zone, as_list, parse_duration, suggest
from tandem.agreement.wording import problems_of
from tandem.errors import AgreementError, Problem
from tandem.model.incident import IncidentClass
from tandem.model.ownership import Mode, Owner, Party, Track
from tandem.model.priority import Priority

MOST_TESTS = 10_000
MOST_GIVEN = 100


class AlertBody(Part):
    """The body that ``explain`` takes too."""

    title: Name
    status: Literal["firing", "resolved"] = "firing"
    severity: Line | None = None
    severity_word: Line | None = None
    host: Line | None = None
    kind: Line | None = None
    vendor: Line | None = None
    integration: Line | None = None
    dedup_key: Line | None = None
    customer: Line | None = None
    occurred_at: Line | None = None
    description: Line | None = None
    url: Line | None = None
    labels: dict[Line, Line] = Field(default_factory=dict)
    test: bool = False


def _field_of_an_alert(name: str) -> str:
    if name not in AlertBody.model_fields and not name.startswith("labels."):
        close = suggest(name, AlertBody.model_fields)
        known = f"; one of {', '.join(AlertBody.model_fields)}, labels.NAME"
        raise ValueError(f"an alert has no field {name[:60]!r}{close or known}")
    return name


def _length(text: str) -> str:
    parse_duration(text)
    return text


def _listed(value: Any) -> Any:  # noqa: ANN401 - whatever YAML holds
    return [] if value == "nobody" else as_list(value)


Parties = Annotated[tuple[Party, ...], BeforeValidator(_listed)]
People = Annotated[tuple[Line, ...], BeforeValidator(_listed)]
"""One, a list, or ``nobody``."""
SetField = Annotated[str, AfterValidator(_field_of_an_alert)]
Length = Annotated[Line, AfterValidator(_length)]


class Given(Part):
    """An alert that came before."""

    alert: AlertBody
    at: Moment


class Expected(Part):
    """What must be decided; what is not named may be anything. Lists are compared as sets."""

    owner: Owner | None = None
    lead: Party | Literal["nobody"] | None = None
    responsible_party: Party | None = None
    priority: Priority | None = None
    track: Track | None = None
    row: Id | None = None
    function: Id | None = None
    category: Id | Literal["none"] | None = None
    incident_class: IncidentClass | None = Field(default=None, alias="class")
    mode: Mode | None = None
    paged: Parties | None = None
    """Parties that must acknowledge."""
    informed: Parties | None = None
    people: People | None = None
    """Persons that the first pages reach; in observe, that they would reach."""
    suppressed: bool | None = None
    unmapped: bool | None = None
    p1_workflow: bool | None = None
    affected_users: int | None = None
    outcome: Id | None = None
    """opened, joined, repeated, reopened, cleared, ignored, held."""
    clocks: dict[Id, Length] | None = None
    """Clocks that start with it and how long each has: ``{response: 30m}``. Others may start too."""

    @model_validator(mode="after")
    def _something(self) -> Expected:
        if not self.model_fields_set:
            raise ValueError("name at least one thing that is expected, e.g. owner: msp")
        for name in sorted(self.model_fields_set):
            if getattr(self, name) is None:
                raise ValueError(f'nothing is written for {name}; "nobody" or "none" says that there is none')
        return self


class RoutingTest(Part):
    """One alert and what must become of it."""

    name: Name
    alert: AlertBody
    at: Moment
    """Without an offset it is on the wall clock of the file's ``zone``."""
    set_: dict[SetField, Line] = Field(default_factory=dict, alias="set")
    """Fields that are set first, as ``--set`` does: a variant of an alert that is shared by a YAML anchor."""
    given: Annotated[tuple[Given, ...], Field(max_length=MOST_GIVEN)] = ()
    expect: Expected


def _some(tests: tuple[RoutingTest, ...]) -> tuple[RoutingTest, ...]:
    if not tests:
        raise ValueError("write at least one test")
    return tests


class RoutingTests(Part):
    """A file of tests."""

    agreement: Line
    """Path of the tenant's document, from this file."""
    zone: Zone = "UTC"
    tests: Annotated[tuple[RoutingTest, ...], Field(max_length=MOST_TESTS), AfterValidator(_some)]


@dataclass(frozen=True, slots=True)
class TestFile:
    """Tests with the place each stands at."""

    __test__ = False

    file: str
    root: Node
    content: RoutingTests

    def place_of(self, number: int, *path: str | int) -> tuple[int, int]:
        """Line and column of a test (0-based), or of what it expects."""
        return locate(self.root, ("tests", number, *path))


def read_tests(text: str, file: str) -> TestFile:
    """A file of tests. AgreementError holds every problem of shape at once, with its line and column."""
    root = parse(text, file)
    if root.kind != "map":
        message = 'routing tests are "agreement: FILE" and a list "tests:"'
        raise AgreementError([Problem(file, root.line, root.column, message)])
    try:
        return TestFile(file, root, RoutingTests.model_validate(plain(root)))
    except ValidationError as error:
        raise AgreementError(problems_of(error, root, file=file, model=RoutingTests)) from None
