"""Alembic revisions of the schema notifier."""
