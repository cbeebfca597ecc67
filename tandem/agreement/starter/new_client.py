"""A new client of a provider: a complete document in mode "observe" that takes the provider's standard. Text out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tandem.agreement.schema.documents import ProviderDocument
from tandem.agreement.schema.fields import clean
from tandem.agreement.schema.matrix import ScopeRow
from tandem.agreement.starter.answers import slug
from tandem.agreement.tables.section import scalar
from tandem.model.ownership import Owner, Party

SUGGESTED: Mapping[str, tuple[str, str]] = {
    "rmm": ("ninjaone", "header, header: X-Tandem-Key"),
    "siem": ("wazuh", "header, header: X-Tandem-Key"),
    "backup": ("veeam", "hmac"),
    "cron": ("healthchecks", "bearer"),
}
"""Ways in to choose from: what it is for -> (vendor, how it authenticates)."""


@dataclass(frozen=True, slots=True)
class NewClient:
    """What is known of the client on the first day."""

    name: str
    id: str = ""
    """Default: from the name."""
    users: int = 0
    zone: str = "UTC"
    lead: str | None = None
    """Who leads its internal team; without one the provider does it all."""
    lead_mail: str = ""

    @property
    def tenant(self) -> str:
        """The id."""
        return self.id or slug(self.name)

    @property
    def managed(self) -> bool:
        """Whether there is no internal team."""
        return self.lead is None


def new_client(client: NewClient, provider: ProviderDocument) -> str:
    """The document as text; it passes ``check`` where the provider's does and its standard rows leave nothing out."""
    return "\n".join(
        part for part in (_head(client, provider), _internal(client), _rows(client, provider), _rest(client)) if part
    )


def standard_rows(provider: ProviderDocument) -> dict[str, list[str]]:
    """Function -> who does it by the provider's standard, rows with conditions by their names."""
    found: dict[str, list[str]] = {}
    for row in provider.matrix:
        for name in row.function or ("every function",):
            found.setdefault(name, []).append(_words(row))
    return found


def _head(client: NewClient, provider: ProviderDocument) -> str:
    spec = provider.provider
    kind = "managed" if client.managed else "co-managed"
    pin = "" if spec.version is None else f"          # {spec.id}@{spec.version} would keep to this version"
    return f"""\
# {clean(client.name)}, a client of {clean(spec.name)}, on its standard. What this file does not say is as it is for all
# clients: people, rota, escalation paths, rules and rows. An entry of the same id here replaces the standard's.
schema: tandem/agreement/v1
use: {spec.id}{pin}

tenant:
  id: {client.tenant}
  name: {scalar(client.name)}
  kind: {kind:<20}{"# no internal team" if client.managed else "# managed: no internal team"}
  mode: observe             # everything is decided and explained, nobody is paged; later: overlap, then live
  users: {client.users:<19}# more than 20 % of them without service is a P1
  zone: {client.zone}
"""


def _internal(client: NewClient) -> str:
    if client.lead is None:
        return ""
    lead, mail = slug(client.lead), scalar(client.lead_mail)
    roles = "".join(f"    {role}: {lead}\n" for role in ("accountable", "senior_ops", "senior_soc", "security_contact"))
    return f"""\
calendars:
  office:
    zone: {client.zone}
    weekly:
      mon-fri: 09:00-17:00

parties:
  internal:
    name: {scalar(f"{client.name} IT")}
    calendar: office
{roles}    team: {{channel: email, to: {mail}}}

people:
  {lead}: {{name: {scalar(client.lead)}, party: internal, contacts: [{{channel: email, to: {mail}}}]}}

schedules:
  - {{id: {client.tenant}-ops, zone: {client.zone}, party: internal, track: ops,
     layers: [{{people: [{lead}], anchor: 2026-01-05T09:00}}]}}
  - {{id: {client.tenant}-soc, zone: {client.zone}, party: internal, track: soc,
     layers: [{{people: [{lead}], anchor: 2026-01-05T09:00}}]}}
"""


def _rows(client: NewClient, provider: ProviderDocument) -> str:
    lines = "".join(f"#   {name}: {'; '.join(words)}\n" for name, words in standard_rows(provider).items())
    example = next((row.id for row in provider.matrix if row.function), "servers")
    owner = "msp" if client.managed else "internal"
    return f"""\
# The scope matrix. {provider.provider.name}'s standard rows are in force:
{lines}# A row with the id of one of them replaces it; a row with another id is an exception beside it:
#   - {{id: {example}, function: {example}, owner: {owner}}}
matrix: []
"""


def _words(row: ScopeRow) -> str:
    who = f"shared, {row.lead} leads" if row.owner is Owner.SHARED else row.owner.value
    told = ", the other party is told" if row.both_told else ""
    plain = row.model_fields_set <= {"id", "function", "owner", "lead", "runbook", "both_told", "note"}
    return f"{who}{told}" if plain else f"{who}{told} ({row.id})"


def _rest(client: NewClient) -> str:
    others = "".join(
        f"  # - {{name: {client.tenant}-{purpose}, vendor: {vendor}, auth: {auth}}}\n"
        for purpose, (vendor, auth) in SUGGESTED.items()
    )
    return f"""\
# Its places and what alerts are about: users are added up over the assets that fire. Many assets stand better in a
# table beside this file: inventory: assets.csv  (columns id, hosts, site, users, data_class, tags, function).
sites: []
assets: []

# Its ways in; `tandem integrations add` makes their secrets, which never stand here.
integrations:
  - {{name: {client.tenant}-generic, vendor: generic, auth: bearer}}
{others}"""


def internal_needed(provider: ProviderDocument) -> list[str]:
    """Rows of the standard that need an internal team."""
    return [row.id for row in provider.matrix if row.owner is not Owner.MSP or Party.INTERNAL in row.paths]
