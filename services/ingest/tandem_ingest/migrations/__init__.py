"""Revisions of schema ``ingest``."""
