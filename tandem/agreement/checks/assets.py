"""The inventory in itself: what an asset depends on, which tags it carries, whose it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tandem.agreement.checks.context import Context
from tandem.agreement.schema.scope import AssetSpec
from tandem.errors import Problem
from tandem.model.ownership import Party

MOST_CYCLES = 20
"""Reported; one is enough to see the mistake."""


def check_assets(context: Context) -> Iterator[Problem]:
    """Of a tenant's document; a provider's has no assets."""
    tenant = context.tenant
    if tenant is None:
        return
    yield from _exclusive(context, tenant.assets, tenant.vocabulary.exclusive)
    yield from _owners(context, tenant.assets)
    yield from _cycles(context, tenant.assets)


def _exclusive(context: Context, assets: Sequence[AssetSpec], sets: Sequence[tuple[str, ...]]) -> Iterator[Problem]:
    for index, asset in enumerate(assets):
        for exclusive in sets:
            carried = [tag for tag in exclusive if tag in asset.tags]
            if len(carried) > 1:
                message = (
                    f'the asset "{asset.id}" carries {" and ".join(carried)}, '
                    "and the vocabulary says that an asset has at most one of them; take one away"
                )
                yield context.problem(("assets", index, "tags"), message)


def _owners(context: Context, assets: Sequence[AssetSpec]) -> Iterator[Problem]:
    for index, asset in enumerate(assets):
        if asset.owner is None:
            continue
        if context.managed and asset.owner is Party.INTERNAL:
            message = f'the asset "{asset.id}" is owned by internal, but a managed client has no internal team'
            yield context.problem(("assets", index, "owner"), message)
        elif asset.owner not in context.whole.parties:
            message = f'the asset "{asset.id}" is owned by {asset.owner}, and there is no parties.{asset.owner}'
            yield context.problem(("assets", index, "owner"), message)


def _cycles(context: Context, assets: Sequence[AssetSpec]) -> Iterator[Problem]:
    under = {asset.id: asset.depends_on for asset in assets}
    places = {asset.id: index for index, asset in enumerate(assets)}
    for number, cycle in enumerate(cycles(under)):
        if number >= MOST_CYCLES:
            return
        way = " -> ".join([*cycle, cycle[0]]) if len(cycle) < 8 else " -> ".join([*cycle[:6], "...", cycle[0]])
        message = f"depends_on goes in a circle: {way}; an outage of one would explain itself, so take one out"
        yield context.problem(("assets", places[cycle[0]], "depends_on"), message)


def cycles(under: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """A circle for each place where a walk along ``under`` comes back; in the order of its keys, in linear time."""
    done: set[str] = set()
    for start in under:
        path: dict[str, Iterator[str]] = {}
        waiting = start if start not in done else None
        while waiting is not None or path:
            if waiting is not None:
                path[waiting] = iter(under.get(waiting, ()))
                waiting = None
            last = next(reversed(path))
            following = next(path[last], None)
            if following is None:
                done.add(last)
                del path[last]
            elif following in path:
                way = list(path)
                yield way[way.index(following) :]
            elif following not in done:
                waiting = following
