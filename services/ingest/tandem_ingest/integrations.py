"""The integrations this process knows, in memory: a post is checked without asking anybody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from types import MappingProxyType

from tandem.errors import Reason, Refused, Unavailable
from tandem.model.integration import Integration
from tandem_ingest.dialects import Dialects
from tandem_ingest.vendors.vendor import Vendor

NOT_LOOKED_UP = Unavailable("integrations", "unknown here, and they cannot be looked up now")


class IntegrationBook:
    """Integrations by name; ``replace`` puts a whole new set in place at once."""

    def __init__(self, integrations: Iterable[Integration] = ()) -> None:
        """``loaded`` stays false until the first ``replace``."""
        self.loaded = False
        self.outdated = False
        """The last look at the source was in vain: an integration or a secret that is not known here may be new."""
        self._dialects = Dialects()
        self._by_name: Mapping[str, Integration] = {}
        self._by_digest: Mapping[bytes, Integration] = {}
        self._know(tuple(integrations))

    def get(self, name: str) -> Integration | None:
        """The integration of that name, disabled ones included: ``verify`` treats them as unknown."""
        return self._by_name.get(name)

    def replace(self, integrations: Iterable[Integration]) -> Mapping[str, str]:
        """Know these from now on, and no others. Returns what is newly wrong with mappings, by integration."""
        found = tuple(integrations)
        faults = self._dialects.replace(found)
        self._know(found)
        self.loaded = True
        self.outdated = False
        return faults

    def cannot_tell(self, refusal: Refused) -> bool:
        """Whether ``refusal`` may be wrong: who is refused as unknown while we cannot look must come again."""
        return self.outdated and refusal.reason is Reason.UNAUTHENTICATED

    def vendor_of(self, integration: Integration) -> Vendor:
        """What its bodies are read by: its mapping, else its vendor's reading."""
        return self._dialects.of(integration)

    def of_secret(self, shown: str, vendor: str) -> Integration | None:
        """The integration of ``vendor`` that ``shown`` is a secret of, for APIs whose addresses name none.

        Whether the secret is still valid is not looked at.

        Looked up by digest: how long it takes says nothing of the secrets there are.
        """
        found = self._by_digest.get(sha256(shown.encode("utf-8", "surrogatepass")).digest())
        return found if found is not None and found.vendor == vendor else None

    def _know(self, found: tuple[Integration, ...]) -> None:
        self._by_name = MappingProxyType({each.name: each for each in found})
        self._by_digest = MappingProxyType(
            {secret.digest: each for each in found if each.shows for secret in each.secrets}
        )

    def __len__(self) -> int:
        """How many there are."""
        return len(self._by_name)
