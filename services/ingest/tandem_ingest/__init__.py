"""Ingest, the untrusted edge: authenticate, normalise by vendor, append durably, answer."""
