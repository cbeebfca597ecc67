"""Random matrices: small ones that can be enumerated, and large ones with defects planted at known places."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from random import Random

from tandem.agreement.proof.order import Row, beats
from tandem.agreement.proof.space import Box, Space

HEAD = """\
tenant: {id: acme, name: Acme, users: 50}
parties:
  internal: {name: Acme IT, calendar: 24x7, accountable: ann}
  msp: {name: MSP, calendar: 24x7, accountable: olga}
people:
  ann: {name: Ann, party: internal, contacts: [{channel: email, to: ann@acme.example}]}
  olga: {name: Olga, party: msp, contacts: [{channel: email, to: olga@msp.example}]}
schedules:
  - {id: in-ops, zone: UTC, party: internal, track: ops, layers: [{people: [ann], anchor: 2026-01-05T09:00}]}
  - {id: msp-ops, zone: UTC, party: msp, track: ops, layers: [{people: [olga], anchor: 2026-01-05T09:00}]}"""
Point = dict[str, int]
"""Field -> mask of the one value that it has."""


def small_space(rng: Random) -> Space:
    names = ["function", "site", "severity", "tag:gold"][: rng.randint(2, 4)]
    fields = {name: tuple(f"{name}{n}" for n in range(rng.randint(1 if name == "site" else 2, 3))) for name in names}
    space = Space(fields)
    return Space(fields, tuple(box for _ in range(rng.choice((0, 0, 1, 2))) if (box := conditions(rng, space, 2, 2))))


def conditions(rng: Random, space: Space, least: int = 0, most: int = 4) -> dict[str, int]:
    """A box with some fields named, each with some of its values; now and then all of them, rarely none."""
    count = min(rng.randint(least, most), len(space.fields))
    named = sorted(rng.sample(sorted(space.fields), count), key=space.place.__getitem__)
    return {name: rng.randint(0 if rng.random() < 0.02 else 1, space.full[name]) for name in named}


def small_rows(rng: Random, space: Space) -> list[Row]:
    """Rows whose conditions are not canonical."""
    return [
        Row(f"r{number}", conditions(rng, space), rng.choice((0, 0, 0, 1, 2, -1)), rng.choice(("msp", "internal")))
        for number in range(rng.randint(0, 7))
    ]


def edited(rng: Random, space: Space, rows: list[Row]) -> list[Row]:
    """Some rows gone, some changed, some new."""
    kept = [row for row in rows if rng.random() < 0.8]
    changed = [
        Row(row.name, conditions(rng, space), row.priority, row.outcome) if rng.random() < 0.2 else row for row in kept
    ]
    return [*changed, *(Row(f"n{n}", conditions(rng, space), 0, "new") for n in range(rng.randint(0, 2)))]


def points(space: Space, box: dict[str, int] | None = None) -> list[Point]:
    """Every combination in ``box`` that can occur, one by one."""
    accepted = {name: (box or {}).get(name, space.full[name]) for name in space.fields}
    single = [[1 << n for n in range(mask.bit_length()) if mask >> n & 1] for mask in accepted.values()]
    every = (dict(zip(accepted, values, strict=True)) for values in product(*single))
    return [point for point in every if not any(takes(box, point) for box in space.forbidden)]


def takes(accepts: Box, point: Point) -> bool:
    return all(point[name] & mask for name, mask in accepts.items())


def unbeaten(rows: list[Row], point: Point) -> list[Row]:
    """The rows that match a point and that no matching row beats: one when it is decided."""
    matching = [row for row in rows if takes(row.accepts, point)]
    return [row for row in matching if not any(beats(other, row) for other in matching)]


def first(rows: Sequence[Row], point: Point) -> Row | None:
    """The first of ``rows``, which are in deciding order, that takes a point."""
    return next((row for row in rows if takes(row.accepts, point)), None)


class LargeMatrix:
    """Roughly ``count`` rows as agreements have them: exceptions of exceptions per function, and rows for every function.

    Clean but for the planted defects: children of a row take disjoint values of one field, so a tree never ties with
    itself, and every row for all functions has a priority of its own.
    """

    def __init__(self, count: int, seed: int, *, planted: int = 5) -> None:
        self.rng = Random(seed)
        self.rows: list[Row] = []
        self.space = large_space(self.rng, count)
        functions = list(self.space.fields["function"])
        self.gaps = set(functions[:planted])
        self.ties = {self._tied(function) for function in functions[planted : 2 * planted]}
        for function in self.gaps:
            self._add({"function": self._mask("function", function), "severity": self.space.full["severity"] - 2})
        wide = max(3, count // 50)
        for function in functions[2 * planted :]:
            self._function(function)
        for number in range(wide):
            where = self.rng.choice(("site", "category", "vendor"))
            others = sorted(self.space.fields.keys() - {"function", where})
            names = [where, *self.rng.sample(others, self.rng.randint(1, 2))]
            self._add({name: self._value(name) for name in names}, 10 + number)

    def _mask(self, name: str, *values: str) -> int:
        return self.space.mask(name, values)

    def _value(self, name: str) -> int:
        """Of a tag mostly that it is there."""
        count = len(self.space.fields[name])
        return 2 if name.startswith("tag:") and self.rng.random() < 0.8 else 1 << self.rng.randrange(count)

    def _add(self, accepts: dict[str, int], priority: int = 0) -> str:
        ordered = {name: accepts[name] for name in self.space.ordered(accepts)}
        self.rows.append(Row(f"r{len(self.rows)}", ordered, priority, self.rng.choice(("msp", "internal"))))
        return self.rows[-1].name

    def _tied(self, function: str) -> frozenset[str]:
        own = {"function": self._mask("function", function)}
        self._add(own)
        return frozenset({self._add({**own, "tag:t0": 2}), self._add({**own, "tag:t1": 2})})

    def _function(self, function: str) -> None:
        own = {"function": self._mask("function", function)}
        if self.rng.random() < 0.6:
            self._add(own)
            self._exceptions(own, depth=0)
            return
        some = self.rng.randint(1, self.space.full["severity"] - 1)
        for part in (some, self.space.full["severity"] ^ some):
            self._add({**own, "severity": part})
            self._exceptions({**own, "severity": part}, depth=1)

    def _exceptions(self, parent: dict[str, int], depth: int) -> None:
        name = self.rng.choice([name for name in self.space.fields if name not in parent and name != "kind"])
        values = {self._value(name) for _ in range(self.rng.randint(1, 4))}
        for value in sorted(values) if len(values) < len(self.space.fields[name]) else [2]:
            accepts = {**parent, name: value}
            self._add(accepts)
            if depth < 4 and self.rng.random() < 0.6:
                self._exceptions(accepts, depth + 1)


def large_space(rng: Random, count: int) -> Space:
    functions = tuple(f"f{n}" for n in range(max(20, count // 9)))
    kinds, vendors = ("rmm", "siem", "backup", "monitoring"), tuple(f"v{n}" for n in range(12))
    fields = {
        "function": functions,
        "scenario": ("incident", "routine", "project", "compliance", "vendor"),
        "category": (*(f"c{n}" for n in range(8)), "unknown"),
        "site": (*(f"s{n}" for n in range(3 + min(97, count // 50))), "unknown"),
        "severity": ("critical", "high", "medium", "low", "info", "unknown"),
        "kind": (*kinds, "unknown"),
        "vendor": (*vendors, "unknown"),
        "data_class": ("regulated", "confidential", "public", "unknown"),
        "host_class": ("servers", "clients", "network", "unknown"),
        **{f"tag:t{n}": ("no", "yes") for n in range(6 + min(24, count // 200))},
    }
    space = Space(fields)
    forbidden = []
    for name, values, most in (("function", functions, 3), ("vendor", vendors, 1)):
        for value in values:
            allowed = space.mask("kind", rng.sample(kinds, rng.randint(1, most)))
            forbidden.append({name: space.mask(name, [value]), "kind": space.full["kind"] & ~allowed})
    return Space(fields, tuple(forbidden))


def agreement_text(matrix: LargeMatrix) -> str:
    """The matrix as a tenant's document; functions and vendors come from their kinds, as in its space."""
    space = matrix.space
    kinds = {
        space.values(name, box[name])[0]: space.values("kind", space.full["kind"] & ~box["kind"])
        for box in space.forbidden
        for name in ("function", "vendor")
        if name in box
    }
    lines = [HEAD, "functions:"]
    lines += [f"  - {{id: {f}, name: Function {f}, kinds: [{', '.join(kinds[f])}]}}" for f in space.fields["function"]]
    lines += ["vocabulary:", "  host_classes: {servers: srv-*, clients: pc-*, network: sw-*}"]
    lines.append(f"  vendors: {{{', '.join(f'{v}: {kinds[v][0]}' for v in space.fields['vendor'] if v in kinds)}}}")
    lines.append(f"  categories: [{', '.join(space.fields['category'][:-1])}]")
    tags = [name.removeprefix("tag:") for name in space.fields if name.startswith("tag:")]
    lines.append(f"  tags: [{', '.join(tags)}]")
    lines.append("sites:")
    lines += [f"  - {{id: {site}, name: Site {site}}}" for site in space.fields["site"][:-1]]
    lines.append("matrix:")
    lines += [
        f"  - {{id: {row.name}, owner: {row.outcome}, priority: {row.priority}, {_row(space, row)}}}"
        for row in matrix.rows
    ]
    return "\n".join(lines) + "\n"


def _row(space: Space, row: Row) -> str:
    """The conditions of a row as YAML."""
    parts, tags = [], {"has": list[str](), "lacks": list[str]()}
    for name, mask in row.accepts.items():
        if name.startswith("tag:"):
            tags["has" if mask == 2 else "lacks"].append(name.removeprefix("tag:"))
        else:
            parts.append(f"{name}: [{', '.join(space.values(name, mask))}]")
    named = [f"{word}: [{', '.join(some)}]" for word, some in tags.items() if some]
    return ", ".join([*parts, *([f"tags: {{{', '.join(named)}}}"] if named else [])])
