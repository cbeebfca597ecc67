"""One way in for several clients: whose customers it may post for, and who may make it."""

from __future__ import annotations

from collections.abc import Mapping

from tandem.errors import Reason, Refused
from tandem.model.integration import Integration
from tandem.model.ownership import Party
from tandem.policy import shelf
from tandem.policy.integrations import provider_customers
from tandem_console.access import Principal
from tandem_console.api.connecting import Connecting


async def providers(connecting: Connecting, principal: Principal) -> dict[str, Mapping[str, str]]:
    """Provider -> its customers, by the name in small letters, and the client each is: those of the caller's clients.

    Nobody but a provider's own people are told of its customers.
    """
    if connecting.policy is None or principal.party is not Party.MSP:
        return {}
    rows = await shelf.clients(connecting.policy)
    names = sorted({row["provider"] for row in rows if row["provider"] and row["tenant"] in principal.tenants})
    return {name: await provider_customers(connecting.policy, name) for name in names}


async def require_all_ours(connecting: Connecting, principal: Principal, wanted: Integration) -> None:
    """What posts for a provider's customers posts into each of their clients, so all of them must be the caller's.

    Raises:
        Refused: INVALID, at ``/provider``.
    """
    if wanted.provider is None:
        return
    if principal.party is not Party.MSP:
        raise _wrong("a way in for several clients is made by the provider's own people")
    known = await providers(connecting, principal)
    if wanted.provider not in known:
        raise _wrong("none of your clients has this provider; its document and an agreement that names it come first")
    foreign = set(known[wanted.provider].values()) - set(principal.tenants)
    if foreign:
        said = "1 client that is" if len(foreign) == 1 else f"{len(foreign)} clients that are"
        raise _wrong(f"its customers are also {said} none of yours: somebody who leads all of them makes it")


def _wrong(said: str) -> Refused:
    return Refused(Reason.INVALID, said, errors=(f"/provider: {said}",))
