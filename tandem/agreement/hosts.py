"""Which asset and which class a host name means. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from tandem.agreement.patterns import compile_glob
from tandem.agreement.schema.scope import AssetSpec


def hosts_of(assets: Iterable[AssetSpec]) -> dict[str, str]:
    """Case-folded host -> asset id; an asset's id is one of its hosts, and an explicit host beats another's id."""
    listed = {host.casefold(): asset.id for asset in assets for host in asset.hosts}
    return {asset.id.casefold(): asset.id for asset in assets} | listed


def host_classes(classes: Mapping[str, Iterable[str]]) -> Callable[[str | None], str | None]:
    """Host -> the first class with a glob that fits it, without case; None without a host or a class."""
    compiled = [(name, [compile_glob(glob.casefold()) for glob in globs]) for name, globs in classes.items()]

    def class_of(host: str | None) -> str | None:
        folded = host.casefold() if host else ""
        fitting = (name for name, globs in compiled if any(glob.fullmatch(folded) for glob in globs))
        return next(fitting, None) if folded else None

    return class_of
