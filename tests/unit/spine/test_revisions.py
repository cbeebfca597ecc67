"""Which revisions this code knows is told by the names of their files; Alembic, which runs them, must agree."""

from __future__ import annotations

from alembic.script import ScriptDirectory

from tandem.db.migrate import BRANCHES, _config, _split, heads


def test_the_newest_files_are_the_heads_that_alembic_finds():
    found = dict(_split(revision) for revision in ScriptDirectory.from_config(_config(BRANCHES)).get_heads())

    assert heads() == found
    assert set(found) == set(BRANCHES)
