"""Providers' documents as numbered versions of their own, and every activation there ever was."""

from __future__ import annotations

from alembic import op

from tandem.db.grants import table, tenant_table

revision = "agreement_0003"
down_revision = "agreement_0002"
branch_labels = None
depends_on = None

_READERS = ["tandem_router", "tandem_console"]


def upgrade() -> None:
    """Make the tables, and number what was stored before: one version per different document, the last used last."""
    op.execute(
        "create table agreement.provider_version (provider text not null, version int not null, hash text not null,"
        " source text not null, document text not null, author text not null, note text not null,"
        " created_at timestamptz not null, primary key (provider, version))"
    )
    op.execute(
        "create table agreement.activation (tenant text not null, number int not null, version int not null,"
        " activated_at timestamptz not null, activated_by text not null, note text not null,"
        " primary key (tenant, number), foreign key (tenant, version) references agreement.version)"
    )
    op.execute("alter table agreement.version add column provider_version int")
    # The hash is canonical_hash: SHA-256 over the length in eight bytes and the document.
    op.execute(
        "insert into agreement.provider_version (provider, version, hash, source, document, author, note, created_at)"
        " select provider, row_number() over (partition by provider order by max(created_at), max(version)),"
        " encode(sha256(int8send(octet_length(provider_document)::bigint) || convert_to(provider_document, 'UTF8')),"
        " 'hex'), provider_document, provider_document, 'upgrade', 'stored before providers had versions',"
        " min(created_at) from agreement.version where provider_document is not null group by provider, provider_document"
    )
    op.execute(
        "update agreement.version v set provider_version = p.version from agreement.provider_version p"
        " where p.provider = v.provider and p.document = v.provider_document"
    )
    op.execute(
        "insert into agreement.activation (tenant, number, version, activated_at, activated_by, note)"
        " select a.tenant, 1, a.version, a.activated_at, v.author, v.note"
        " from agreement.active a join agreement.version v on v.tenant = a.tenant and v.version = a.version"
    )
    table("agreement", "provider_version", writers=["tandem_policy"], readers=["tandem_router"], append_only=True)
    tenant_table("agreement", "activation", writer="tandem_policy", readers=_READERS, append_only=True)
