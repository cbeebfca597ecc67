"""What is asked before the first agreement is written, and what is usual."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from unicodedata import combining, normalize

from tandem.model.ownership import Owner, TenantKind

FUNCTIONS: Mapping[str, tuple[str, str]] = {
    "servers": ("Servers", "internal"),
    "network": ("Network", "shared"),
    "endpoints": ("PCs and laptops", "internal"),
    "business-apps": ("Business applications", "internal"),
    "identity": ("Accounts and sign-in", "shared"),
    "email": ("Mail", "msp"),
    "backup": ("Backup and restore", "msp"),
    "security-monitoring": ("Security monitoring", "msp"),
}
"""Function -> its name, and whose it usually is."""
SOC = frozenset({"security-monitoring"})
"""Functions of the security track."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What ``tandem init`` asks; every default can stay."""

    name: str = "Example Ltd"
    users: int = 50
    kind: TenantKind = TenantKind.CO_MANAGED
    lead: str = "Alex Doe"
    """The internal team's lead."""
    lead_mail: str = "alex@example.com"
    zone: str = "America/New_York"
    days: str = "mon-fri"
    hours: str = "09:00-17:00"
    provider: str = "Our provider"
    on_call: str = "oncall@provider.example"
    """Where the provider's operations on-call is reached."""
    security: str = "soc@provider.example"
    """Where its security on-call is reached: never the same person."""
    owners: Mapping[str, str] = field(default_factory=dict)
    """Function -> internal, shared or msp, where it is not the usual one."""

    def owner_of(self, function: str) -> str:
        """The provider does everything for a managed client."""
        if self.kind is TenantKind.MANAGED:
            return Owner.MSP.value
        return self.owners.get(function, FUNCTIONS[function][1])


def slug(name: str) -> str:
    """``Müller Dental GmbH`` -> ``muller-dental-gmbh``, an id."""
    letters = [char for char in normalize("NFKD", name) if not combining(char)]
    kept = "".join(char if char.isascii() and char.isalnum() else "-" for char in letters).lower()
    made = "-".join(part for part in kept.split("-") if part)[:40].strip("-")
    return made if made not in {"", "null"} else "client"  # a bare null is nothing in YAML
