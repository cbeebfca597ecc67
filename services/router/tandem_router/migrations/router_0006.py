"""The incidents view with the second face of an incident and with the first one's own priority."""

# ruff: noqa: S608 - SQL made of names that stand in this file and in earlier revisions
from __future__ import annotations

from alembic import op

from tandem_router.migrations import router_0001 as first
from tandem_router.migrations import router_0003 as third
from tandem_router.migrations import router_0004 as fourth

revision = "router_0006"
down_revision = "router_0005"
branch_labels = None
depends_on = None

_MORE = {"second_face": "jsonb", "own_priority": "text"}


def upgrade() -> None:
    """Add to the view of schema ``router``; new columns come last."""
    own = ", ".join(f"i.{name}" for name in (*first._INCIDENT, *first._TIMES))  # noqa: SLF001 - the same view
    snapshot = {**first._FROM_SNAPSHOT, **third._MORE, **fourth._MORE, **_MORE}  # noqa: SLF001
    taken = ", ".join(f"s.{name}" for name in snapshot)
    types = ", ".join(f"{name} {kind}" for name, kind in snapshot.items())
    op.execute(
        "create or replace view router.incidents with (security_invoker = true) as"
        f" select {own}, {taken} from router.incident i cross join lateral jsonb_to_record(i.snapshot) as s({types})"
    )
