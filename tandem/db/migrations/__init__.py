"""Alembic's environment; revisions live in the packages that own their schema (``tandem/db/migrate.py``)."""
