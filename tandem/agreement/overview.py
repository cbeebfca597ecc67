"""One client at a glance: who does which function, and where it differs from its provider's standard. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tandem.agreement.deviations import Deviation, deviations
from tandem.agreement.merge import merge
from tandem.agreement.schema.documents import ProviderDocument, TenantDocument
from tandem.agreement.schema.matrix import ScopeRow
from tandem.model.ownership import Mode, Owner, TenantKind

_SAYS_NO_CONDITION = frozenset(
    {"id", "function", "owner", "lead", "after_hours", "overflow", "monitoring_owner", "track"}
)
_SAYS_NO_CONDITION |= {"raci", "sla", "paths", "both_told", "mode", "runbook", "public_communications", "night", "note"}
_SAYS_NO_CONDITION |= {"priority"}


@dataclass(frozen=True, slots=True)
class Owned:
    """A function and who owns it."""

    function: str
    owner: str
    """internal, msp, shared, or nobody where no row without conditions takes it."""
    exceptions: tuple[str, ...]
    """Rows with conditions that say another owner."""

    def __str__(self) -> str:
        """``network (but msp by network-trenton)``."""
        return f"{self.function} (but {', '.join(self.exceptions)})" if self.exceptions else self.function


@dataclass(frozen=True, slots=True)
class Overview:
    """What ``tandem clients show`` prints of an agreement."""

    name: str
    kind: TenantKind
    mode: Mode
    modes: dict[str, Mode]
    """Functions in another mode."""
    functions: tuple[Owned, ...]
    deviations: tuple[Deviation, ...]

    def of(self, owner: str) -> list[str]:
        """The functions of an owner, in words."""
        return [str(each) for each in self.functions if each.owner == owner]


def overview(tenant: TenantDocument, provider: ProviderDocument | None) -> Overview:
    """The client's agreement over its provider's."""
    whole = merge(tenant, provider)
    return Overview(
        name=whole.tenant.name,
        kind=whole.tenant.kind,
        mode=whole.tenant.mode,
        modes={name: mode for name, mode in whole.modes.items() if mode is not whole.tenant.mode},
        functions=tuple(_owned(function.id, whole.matrix) for function in whole.functions),
        deviations=deviations(tenant, provider) if provider else (),
    )


def _owned(function: str, matrix: Iterable[ScopeRow]) -> Owned:
    rows = [row for row in matrix if row.function is None or function in row.function]
    plain = [row for row in rows if row.model_fields_set <= _SAYS_NO_CONDITION and row.function is not None]
    wide = [row for row in rows if row.model_fields_set <= _SAYS_NO_CONDITION and row.function is None]
    found = max(plain or wide, key=lambda row: row.priority, default=None)
    owner = found.owner.value if found else "nobody"
    others = tuple(f"{row.owner.value} by {row.id}" for row in rows if row not in wide and row.owner.value != owner)
    return Owned(function, owner, others)


OWNERS = (*(owner.value for owner in Owner), "nobody")
"""In the order in which they are shown."""
