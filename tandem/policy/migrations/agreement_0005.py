"""More ways to prove a post, customers of a provider behind one integration, and secrets that say how old they are."""

from __future__ import annotations

from alembic import op

from tandem.db.grants import published_view

revision = "agreement_0005"
down_revision = "agreement_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add to integrations and secrets; what the console may see of a secret are its last four of a digest."""
    op.execute(
        "alter table agreement.integration add column options jsonb not null default '{}',"
        " add column provider text, add column tenant_from text"
    )
    op.execute(
        "alter table agreement.secret add column key_id text,"
        " add column ending text generated always as (right(encode(digest, 'hex'), 4)) stored"
    )
    published_view(
        "agreement",
        "secrets",
        of="secret",
        columns=["id", "tenant", "integration", "ending", "created_at", "expires_at"],
    )
    op.execute("drop view if exists agreement.integrations")
    published_view(
        "agreement",
        "integrations",
        of="integration",
        columns=["name", "tenant", "vendor", "auth", "header", "enabled", "created_at", "provider", "tenant_from"],
    )
    op.execute("grant select (provider, version, document) on agreement.provider_version to tandem_ingest")
