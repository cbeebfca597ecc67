"""An integration may carry a mapping of its own: the document by which its bodies are read (docs/mappings.md)."""

from __future__ import annotations

from alembic import op

revision = "agreement_0004"
down_revision = "agreement_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The document as it was written, comments included; null: the vendor's own reading."""
    op.execute("alter table agreement.integration add column mapping text")
