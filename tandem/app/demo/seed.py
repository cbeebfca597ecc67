"""What the demo needs before its first alert: agreements, people who can sign in, tokens, secrets, and demo.json."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from tandem.agreement.load import Documents, Source, load_directory
from tandem.agreement.schema.documents import TenantDocument
from tandem.app.demo.doors import Doors
from tandem.app.demo.inbox import PATH
from tandem.clock import Clock
from tandem.errors import Reason, Refused
from tandem.model.integration import AuthKind, Integration
from tandem.model.ownership import Party
from tandem.policy.integrations import ensure_integrations, load_integrations
from tandem.policy.secrets import rotate
from tandem.policy.versions import apply_documents
from tandem_console.access import EVERY_TENANT, Role
from tandem_console.accounts import create_token, create_user
from tandem_console.store.accounts import AccountStore

HOLD_DOWN = timedelta(seconds=20)
"""So that a visitor sees a clear become final; domain.md's minutes hold everywhere else."""
PASSWORD = "tandem-demo"  # noqa: S105 - printed on purpose; the demo is reached from its own machine only
_FILE = "demo.json"
"""Says where everything is; there only while the demo is ready."""
_KEPT = "demo.secrets.json"
"""Tokens and secrets of earlier starts, which the database knows only as hashes."""


@dataclass(frozen=True, slots=True)
class Persona:
    """Somebody a visitor can sign in as."""

    role: str
    person: str
    party: Party
    rights: Role
    tenants: tuple[str, ...]


PERSONAS = (
    Persona("admin", "martin-hale", Party.MSP, Role.ADMIN, (EVERY_TENANT,)),
    Persona("internal_lead", "anna-kowalski", Party.INTERNAL, Role.LEAD, ("northwind",)),
    Persona("internal_responder", "ben-carter", Party.INTERNAL, Role.RESPONDER, ("northwind",)),
    Persona("msp_lead", "grace-whitfield", Party.MSP, Role.LEAD, (EVERY_TENANT,)),
    Persona("msp_analyst", "dev-ramos", Party.MSP, Role.RESPONDER, (EVERY_TENANT,)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bed:
    """What is seeded: an installation's database, and where its parts answer."""

    policy: AsyncEngine
    """Writes agreements and integrations."""
    console: AsyncEngine
    """Writes users and tokens."""
    key: bytes
    """Seals the secrets of ways in."""
    clock: Clock
    data_dir: Path
    """Keeps demo.json and the secrets that the database knows as hashes only."""
    doors: Doors


@dataclass(frozen=True, slots=True)
class Seeded:
    """What demo.json says, and where the demo's own processes go."""

    doors: Doors
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def integrations(self) -> dict[str, dict[str, Any]]:
        """Name -> vendor, url, headers, hmac."""
        found: dict[str, dict[str, Any]] = self.facts["integrations"]
        return found


def examples() -> Path:
    """The example agreements, in the checkout or beside the installed package."""
    packaged = Path(__file__).with_name("agreement")
    return packaged if packaged.is_dir() else Path(__file__).parents[3] / "deploy" / "agreement"


async def seed(bed: Bed) -> Seeded:
    """Make or find everything; safe to run at every start."""
    now = bed.clock.now()
    documents = demo_documents(bed.doors.inbox.inside)
    await apply_documents(bed.policy, documents, author="demo", note="example agreements", now=now)
    for source in documents.tenants.values():
        await ensure_integrations(bed.policy, source.document.tenant.id, source.document.integrations, now=now)
    await asyncio.to_thread((bed.data_dir / _FILE).unlink, missing_ok=True)  # of a demo that was killed
    before = _read(bed.data_dir / _KEPT)
    tokens = await _people(AccountStore(bed.console), before.get("tokens", {}), now)
    secrets = await _secrets(bed, before.get("secrets", {}), now)
    put(bed.data_dir / _KEPT, {"tokens": tokens, "secrets": secrets})
    return Seeded(bed.doors, _facts(bed.doors, documents, tokens, secrets))


def write(seeded: Seeded, data_dir: Path) -> Path:
    """Put demo.json in place."""
    file = data_dir / _FILE
    put(file, seeded.facts)
    return file


def put(file: Path, facts: Any) -> None:  # noqa: ANN401 - whatever JSON can say
    """Whole or not at all, readable by its owner only."""
    part = file.with_suffix(".part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        json.dump(facts, stream, indent=2)
    part.replace(file)


def demo_documents(inbox: str) -> Documents:
    """The examples with the phones that answer at ``inbox`` as contacts, and a short hold-down."""
    documents = load_directory(examples(), variables={"PAGER_INBOX": f"{inbox}{PATH}"})
    tenants = {name: _hasty(source) for name, source in documents.tenants.items()}
    return Documents(tenants, documents.providers)


def _hasty(source: Source[TenantDocument]) -> Source[TenantDocument]:
    timing = source.document.timing.model_copy(update={"hold_down": HOLD_DOWN, "hold_down_p1": HOLD_DOWN})
    return Source(source.file, source.root, source.document.model_copy(update={"timing": timing}))


async def _people(accounts: AccountStore, before: dict[str, str], now: datetime) -> dict[str, str]:
    """Role -> token; users are made once, tokens of an earlier start go on serving."""
    tokens: dict[str, str] = {}
    for persona in PERSONAS:
        if persona.role in before:
            tokens[persona.role] = before[persona.role]
            continue
        await _ensure_user(accounts, persona, now)
        _, tokens[persona.role] = await create_token(
            accounts,
            name=f"demo {persona.role}",
            person=persona.person,
            party=persona.party,
            role=persona.rights,
            tenants=persona.tenants,
            now=now,
            created_by="demo",
        )
    return tokens


async def _ensure_user(accounts: AccountStore, persona: Persona, now: datetime) -> None:
    """Make the persona, unless an earlier start has."""
    try:
        await create_user(
            accounts,
            name=persona.person,
            password=PASSWORD,
            party=persona.party,
            role=persona.rights,
            tenants=persona.tenants,
            now=now,
        )
    except Refused as refused:
        if refused.reason is not Reason.CONFLICT:
            raise


async def _secrets(bed: Bed, before: dict[str, str], now: datetime) -> dict[str, str]:
    """Integration -> secret in clear; one that demo.json still knows is kept."""
    secrets: dict[str, str] = {}
    for integration in await load_integrations(bed.policy, bed.key, now):
        known = before.get(integration.name)
        if known is not None and integration.secrets:
            secrets[integration.name] = known
        else:
            secrets[integration.name] = (await rotate(bed.policy, integration, key=bed.key, now=now)).secret
    return secrets


def _facts(doors: Doors, documents: Documents, tokens: dict[str, str], secrets: dict[str, str]) -> dict[str, Any]:
    ways: dict[str, Any] = {}
    for source in documents.tenants.values():
        for spec in source.document.integrations:
            integration = Integration(
                name=spec.name,
                tenant=source.document.tenant.id,
                vendor=spec.vendor,
                auth=spec.auth,
                header=spec.header or "X-Tandem-Key",
            )
            ways[spec.name] = way_in(doors.ingest.outside, integration, secrets[spec.name])
    return {
        "console_url": doors.console.outside,
        "api_url": doors.console.outside,
        "sign_ins": {persona.role: {"user": persona.person, "password": PASSWORD} for persona in PERSONAS},
        "tokens": tokens,
        "integrations": ways,
        "pager_inbox_url": f"{doors.inbox.outside}{PATH}",
        "agreement": str(examples() / "northwind.yaml"),
    }


def way_in(address: str, integration: Integration, secret: str) -> dict[str, Any]:
    """How a tool posts: url, headers, and how to sign where it must."""
    url = f"{address}/v1/alerts/{integration.name}"
    headers: dict[str, str] = {"Content-Type": "application/json"}
    hmac: dict[str, Any] | None = None
    match integration.auth:
        case AuthKind.PATH:
            url = f"{url}/{secret}"
        case AuthKind.HEADER:
            headers[integration.header] = secret
        case AuthKind.HMAC:
            hmac = {
                "header": "X-Tandem-Signature",
                "prefix": "sha256=",
                "encoding": "hex",
                "signed": "body",
                "timestamp_header": None,
                "secret": secret,
            }
        case _:
            headers["Authorization"] = f"Bearer {secret}"
    return {"vendor": integration.vendor, "url": url, "headers": headers, "hmac": hmac}


def _read(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
