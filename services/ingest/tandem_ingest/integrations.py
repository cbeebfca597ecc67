"""The integrations this process knows, in memory: a post is checked without asking anybody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from tandem.model.integration import Integration


class IntegrationBook:
    """Integrations by name; ``replace`` puts a whole new set in place at once."""

    def __init__(self, integrations: Iterable[Integration] = ()) -> None:
        """``loaded`` stays false until the first ``replace``."""
        self.loaded = False
        self._by_name: Mapping[str, Integration] = _by_name(integrations)

    def get(self, name: str) -> Integration | None:
        """The integration of that name, disabled ones included: ``verify`` treats them as unknown."""
        return self._by_name.get(name)

    def replace(self, integrations: Iterable[Integration]) -> None:
        """Know these from now on, and no others."""
        self._by_name = _by_name(integrations)
        self.loaded = True

    def __len__(self) -> int:
        """How many there are."""
        return len(self._by_name)


def _by_name(integrations: Iterable[Integration]) -> Mapping[str, Integration]:
    return MappingProxyType({each.name: each for each in integrations})
