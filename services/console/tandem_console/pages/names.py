"""Names that people know instead of ids, from the active agreements; the id itself where there is none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from tandem.agreement.compiled import Agreement


class Agreements(Protocol):
    """The part of the agreement book the console asks."""

    def active(self, tenant: str) -> Agreement | None:
        """The version in force; None when none is loaded."""
        ...

    def tenants(self) -> Iterable[str]:
        """Tenants with an active agreement, as far as loaded."""
        ...


class NoAgreements:
    """For a console that knows none: ids stand for themselves."""

    def active(self, tenant: str) -> Agreement | None:  # noqa: ARG002 - none
        """None."""
        return None

    def tenants(self) -> Iterable[str]:
        """None."""
        return ()


class Names:
    """Looks names up in memory; never waits."""

    def __init__(self, agreements: Agreements) -> None:
        """``agreements`` holds the active ones."""
        self._agreements = agreements

    def tenant(self, tenant: str) -> str:
        """The client's name."""
        agreement = self._agreements.active(tenant)
        return agreement.tenant.name if agreement else tenant

    def function(self, tenant: str, function: str) -> str:
        """What the function is called."""
        agreement = self._agreements.active(tenant)
        spec = agreement.functions.get(function) if agreement else None
        return spec.name if spec else function

    def person(self, tenant: str, person: str | None) -> str:
        """A person's name."""
        agreement = self._agreements.active(tenant)
        spec = agreement.people.get(person) if agreement and person else None
        return spec.name if spec else person or ""
