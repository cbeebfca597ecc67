"""What a revision calls to make a schema, a tenant's table or a published view with the right grants.

Runs as ``tandem_owner`` inside ``tandem db upgrade`` (``migrate.py``); each function issues plain DDL through
Alembic's ``op``. The rules (recipes.md, architecture.md section 5):

- a schema has one writer, and nobody but the owner may create in it;
- every row-level policy names its roles, and FORCE binds the owner too, so the owner has a policy of its own:
  without it a backfill would change nothing and say nothing;
- a published view is ``security_invoker``, so its reader needs the columns beneath and meets the policies beneath.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from alembic import op

from tandem.db.roles import AUDITOR, OWNER

_NAME = re.compile(r"[a-z_][a-z0-9_]*\Z")
AUDIT_NOW = "coalesce(nullif(current_setting('app.now', true), '')::timestamptz, now())"
"""What a view of the auditor takes for now: its reader's setting, else the server's clock, for a person with psql."""
AUDIT_SINCE = (
    "coalesce(nullif(current_setting('app.audit_since', true), '')::timestamptz, " + AUDIT_NOW + " - interval '1 day')"
)
"""How far back such a view looks among what is over; what is open is looked at whatever its age."""
AUDIT_PATIENCE = "coalesce(nullif(current_setting('app.audit_patience', true), '')::interval, interval '30 seconds')"
"""How long something may be on its way before it counts as standing still."""
_BY_TENANT = "tenant = any (string_to_array(current_setting('app.tenants', true), ','))"


def create_schema(schema: str, *, users: Sequence[str] = ()) -> None:
    """Create ``schema``, owned by ``tandem_owner``; ``users`` are the roles that may use what they are granted."""
    _check(schema, *users)
    op.execute(f"create schema {schema} authorization {OWNER}")
    grant_usage(schema, users)


def grant_usage(schema: str, roles: Iterable[str]) -> None:
    """Let ``roles`` see that ``schema`` exists; what they may touch in it is granted apart."""
    for role in roles:
        _check(schema, role)
        op.execute(f"grant usage on schema {schema} to {role}")


def table(
    schema: str, name: str, *, writers: Sequence[str], readers: Sequence[str] = (), append_only: bool = False
) -> None:
    """Grants on a table that holds no tenant's rows (counters, offsets, users of the instance).

    Args:
        writers: may select, insert, update and delete; under ``append_only`` only select and insert.
        readers: may select.
    """
    _grant_table(schema, name, writers, readers, append_only=append_only)


def tenant_table(
    schema: str,
    name: str,
    *,
    writer: str | Sequence[str],
    readers: Sequence[str] = (),
    append_only: bool = False,
    scoped: Sequence[str] = ("tandem_console",),
) -> None:
    """Grants and row-level security for a table with a column ``tenant text``.

    Args:
        writer: the service or services whose rows these are; they see and write every tenant's.
        readers: services that may select the whole table. A role in ``scoped`` sees its transaction's tenants
            only (``set_config('app.tenants', 'acme,globex', true)``), the others every tenant.
        append_only: writers may not update or delete (facts, audit).
        scoped: roles that are bound to tenants, whether they read the table or a view on it.
    """
    writers = [writer] if isinstance(writer, str) else list(writer)
    _grant_table(schema, name, writers, readers, append_only=append_only)
    where = f"{schema}.{name}"
    op.execute(f"alter table {where} enable row level security")
    op.execute(f"alter table {where} force row level security")
    op.execute(f"create policy owner_all on {where} to {OWNER} using (true) with check (true)")
    op.execute(f"create policy service_all on {where} to {', '.join(writers)} using (true) with check (true)")
    free = [role for role in readers if role not in scoped]
    if free:
        op.execute(f"create policy service_read on {where} for select to {', '.join(free)} using (true)")
    bound = [role for role in scoped if role not in writers]
    if bound:
        _check(*bound)
        op.execute(f"create policy by_tenant on {where} for select to {', '.join(bound)} using ({_BY_TENANT})")


def published_view(
    schema: str,
    name: str,
    *,
    of: str,
    columns: Sequence[str],
    readers: Sequence[str] = ("tandem_console",),
    where: str = "",
) -> None:
    """A view on ``schema.of`` with ``columns``, and the grants its readers need, also on the columns beneath.

    ``where`` may use further columns only when a revision grants them too.
    """
    _check(schema, name, of, *columns)
    condition = f" where {where}" if where else ""
    listed = ", ".join(columns)
    select = f"select {listed} from {schema}.{of}{condition}"  # noqa: S608  (names checked above)
    publish(schema, name, select=select, beneath={of: columns}, readers=readers)


def publish(
    schema: str,
    name: str,
    *,
    select: str,
    beneath: dict[str, Sequence[str]],
    readers: Sequence[str] = ("tandem_console",),
) -> None:
    """A view of any shape, e.g. a join: ``beneath`` names the tables of ``schema`` it reads and their columns."""
    _check(schema, name)
    op.execute(f"create view {schema}.{name} with (security_invoker = true) as {select}")
    for role in readers:
        grant_usage(schema, [role])
        op.execute(f"grant select on {schema}.{name} to {role}")
        for table_name, columns in beneath.items():
            _check(table_name, *columns)
            op.execute(f"grant select ({', '.join(columns)}) on {schema}.{table_name} to {role}")


def auditor_reads(schema: str, name: str, columns: Sequence[str], *, of_tenants: bool = True) -> None:
    """Let the auditor read ``columns`` of a table, every tenant's; ``of_tenants``: it has row-level security."""
    _check(schema, name, *(column.strip('"') for column in columns))
    grant_usage(schema, [AUDITOR])
    op.execute(f"grant select ({', '.join(columns)}) on {schema}.{name} to {AUDITOR}")
    if of_tenants:
        op.execute(f"create policy auditor_read on {schema}.{name} for select to {AUDITOR} using (true)")


def audit_view(schema: str, name: str, select: str) -> None:
    """A view with one row per violation of an invariant (docs/runbooks/auditor.md); only the auditor reads it.

    ``select`` gives tenant (null: nobody's), id, since, what is violated and what to do, in this order.
    """
    _check(schema, name)
    op.execute(
        f"create or replace view {schema}.{name} with (security_invoker = true) as"  # noqa: S608 - a revision's own SQL
        " select tenant::text, id::text, since::timestamptz, what::text, todo::text"
        f" from ({select}) as found (tenant, id, since, what, todo)"
    )
    op.execute(f"grant select on {schema}.{name} to {AUDITOR}")


def late_timers(schema: str) -> str:
    """Timers of ``schema`` that nobody claims although they are due, as ``audit_view`` wants them."""
    _check(schema)
    return (
        "select tenant, kind || ' ' || key, due_at, format('timer %s is due and nobody claims it', kind),"  # noqa: S608
        f" 'see that the process which serves {schema} runs and moves, and restart it if it does not'"
        f" from {schema}.timer where due_at < {AUDIT_NOW} - {AUDIT_PATIENCE}"
    )


def timer_table(schema: str, *, writer: str) -> None:
    """The table of durable timers of ``schema`` as ``tandem/db/timers.py`` expects it."""
    _check(schema)
    op.execute(
        f"""
        create table {schema}.timer (
            tenant text not null,
            key text not null,
            kind text not null,
            due_at timestamptz not null,
            primary key (tenant, key, kind)
        ) with (fillfactor = 70)
        """
    )
    op.execute(f"create index timer_due on {schema}.timer (due_at)")
    # A queue: most rows are deleted soon, and an index full of the dead makes every claim slower.
    op.execute(
        f"alter table {schema}.timer set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200)"
    )
    tenant_table(schema, "timer", writer=writer, scoped=())


def queue_table(schema: str, name: str, *, writers: Sequence[str]) -> None:
    """The tables of a queue of records as ``tandem/bus/queue.py`` expects them."""
    _check(schema, name)
    op.execute(
        f"create table {schema}.{name} (shard int not null, position bigint not null, topic text not null,"
        " partition int not null, key text not null, value bytea not null, headers text, at timestamptz not null,"
        " primary key (shard, position))"
    )
    op.execute(
        f"create table {schema}.{name}_shard (shard int primary key, next_position bigint not null)"
        " with (fillfactor = 50)"
    )
    op.execute(
        f"alter table {schema}.{name} set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200)"
    )
    for each in (name, f"{name}_shard"):
        table(schema, each, writers=writers)


def auditor_reads_queue(schema: str, name: str, *, what: str) -> None:
    """View ``v_<name>_waits``: shards of a queue whose oldest record waits for longer than the auditor's patience."""
    auditor_reads(schema, name, ["shard", "position", "at"], of_tenants=False)
    shards = f"(select distinct shard from {schema}.{name})"  # noqa: S608 - names checked above
    audit_view(
        schema,
        f"v_{name}_waits",
        f"select null, '{schema}.{name} shard ' || s.shard, first.at,"  # noqa: S608
        f" format('{what} since %s', first.at),"
        " 'see whether the broker answers, and that a process runs which relays'"
        f" from {shards} s cross join lateral (select at from {schema}.{name} q where q.shard = s.shard"
        f" order by position limit 1) first where first.at < {AUDIT_NOW} - {AUDIT_PATIENCE}",
    )


def _grant_table(schema: str, name: str, writers: Sequence[str], readers: Sequence[str], *, append_only: bool) -> None:
    _check(schema, name, *writers, *readers)
    rights = "select, insert" if append_only else "select, insert, update, delete"
    grant_usage(schema, dict.fromkeys([*writers, *readers]))
    for role in writers:
        op.execute(f"grant {rights} on {schema}.{name} to {role}")
    for role in readers:
        if role not in writers:
            op.execute(f"grant select on {schema}.{name} to {role}")


def _check(*names: str) -> None:
    """Names become SQL unquoted; a revision's typing error shall fail here and not as something else."""
    for name in names:
        if not _NAME.match(name):
            raise ValueError(f"not a plain SQL name: {name!r}")
