"""A schema that only tests have: a tenant's table, a published view, an append-only table and timers."""

from tandem.db.migrate import BRANCHES

SAMPLE = {"sample": "tests.support.sample_schema"}
WITH_SAMPLE = {**BRANCHES, **SAMPLE}
