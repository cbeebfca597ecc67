"""Who has which part in a row's incidents, by name: Responsible, Accountable, Consulted, Informed (domain.md 5).

What the row leaves out follows the parties. Whom to call or tell, and when, is the notifier's.
"""

from __future__ import annotations

from tandem.agreement.compiled import Agreement
from tandem.agreement.schema.matrix import ScopeRow
from tandem.model.incident import RaciPeople
from tandem.model.ownership import Party, TenantKind


def people_of(row: ScopeRow | None, agreement: Agreement) -> RaciPeople:
    """The people of ``row``; None is the safety row, which names nobody itself. Unknown names are left out."""
    if row is None:
        return RaciPeople(accountable=_accountable((), agreement))
    return RaciPeople(
        accountable=_accountable(row.raci.accountable, agreement),
        responsible=_known(row.raci.responsible, agreement),
        consulted=_known(row.raci.consulted, agreement),
        informed=_known(row.raci.informed, agreement),
    )


def as_trace(people: RaciPeople) -> dict[str, object]:
    """The people as JSON can hold them."""
    return {
        "accountable": {party.value: name for party, name in people.accountable.items()},
        "responsible": list(people.responsible),
        "consulted": list(people.consulted),
        "informed": list(people.informed),
    }


def _accountable(named: tuple[str, ...], agreement: Agreement) -> dict[Party, str]:
    """Exactly one per party that the tenant has: the row's, else the party's."""
    managed = agreement.tenant.kind is TenantKind.MANAGED
    by_party = {agreement.people[name].party: name for name in reversed(_known(named, agreement))}
    parties = [party for party in Party if party in agreement.parties and not (managed and party is Party.INTERNAL)]
    found = {party: by_party.get(party) or agreement.parties[party].accountable for party in parties}
    return {party: name for party, name in found.items() if name}


def _known(names: tuple[str, ...], agreement: Agreement) -> tuple[str, ...]:
    return tuple(name for name in names if name in agreement.people)
