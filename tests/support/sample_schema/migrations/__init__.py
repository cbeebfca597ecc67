"""Revisions of the sample schema."""
