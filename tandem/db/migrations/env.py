"""Alembic's environment: runs on the connection and in the transaction that ``tandem/db/migrate.py`` hands in."""

from alembic import context

from tandem.db.migrate import VERSION_SCHEMA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=None,
    version_table_schema=VERSION_SCHEMA,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
