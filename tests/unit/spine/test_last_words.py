"""What is told of a database that has ended."""

from tandem.db.cluster import why_ended

FULL = """\
2026-12-01 09:00:00.000 UTC [11] LOG:  starting PostgreSQL 18.6 on x86_64-pc-linux-gnu
2026-12-01 09:00:01.000 UTC [15] PANIC:  could not write to file "pg_wal/xlogtemp.15": No space left on device
2026-12-01 09:00:02.000 UTC [16] LOG:  redo starts at 0/16EF490
2026-12-01 09:00:02.000 UTC [17] FATAL:  the database system is in recovery mode
2026-12-01 09:00:02.000 UTC [16] FATAL:  could not write to file "pg_wal/xlogtemp.16": No space left on device
2026-12-01 09:00:02.000 UTC [18] FATAL:  the database system is shutting down
2026-12-01 09:00:02.000 UTC [11] LOG:  shutting down due to startup process failure
2026-12-01 09:00:02.000 UTC [11] LOG:  database system is shut down
"""
STOPPED = """\
2026-12-01 09:10:00.000 UTC [21] LOG:  starting PostgreSQL 18.6 on x86_64-pc-linux-gnu
2026-12-01 09:11:00.000 UTC [21] LOG:  received fast shutdown request
2026-12-01 09:11:00.000 UTC [25] FATAL:  terminating connection due to administrator command
2026-12-01 09:11:01.000 UTC [21] LOG:  database system is shut down
"""


def test_a_server_that_shut_itself_down_is_told_with_the_fault_that_made_it():
    assert why_ended(FULL).endswith('FATAL:  could not write to file "pg_wal/xlogtemp.16": No space left on device')


def test_a_fault_of_an_earlier_start_is_not_taken_for_that_of_the_last():
    assert why_ended(FULL + STOPPED).endswith("database system is shut down")


def test_of_a_server_that_was_killed_the_last_line_is_told():
    killed = FULL.rpartition("2026-12-01 09:00:02.000 UTC [11] LOG:  shutting")[0] + "WARNING:  killed\n"

    assert why_ended(killed) == "WARNING:  killed"


def test_an_empty_log_says_so():
    assert why_ended("") == "no output"
