"""The embedded server starts once, survives what kills its parent, trusts no pid and leaves nothing behind."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from tandem.db import cluster as clusters
from tandem.db.account import account_for
from tandem.db.binaries import candidates, find, installed
from tandem.db.datadir import DataDirHeld, DataDirLock, Holder
from tandem.db.embedded import EmbeddedPostgres
from tandem.db.migrate import upgrade
from tandem.db.postmaster import is_server_of, read_pid_file, wait_for_exit
from tandem.errors import StartFailed
from tests.support.postgres import new_base, quick_room
from tests.support.sample_schema import WITH_SAMPLE

ROOT = Path(__file__).parents[3]
PARENT = [sys.executable, "-m", "tests.support.embedded_parent"]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root lends the server to another account")


@pytest.fixture
def base():
    base = new_base(quick_room())
    yield base
    with DataDirLock(base):
        data = base.resolve() / "postgres" / "data"
        said = read_pid_file(data)
        if said is not None and is_server_of(said.pid, data, said.data_dir):
            os.kill(said.pid, signal.SIGKILL)
            wait_for_exit(said.pid, 10)
    shutil.rmtree(base)


@pytest.fixture
async def server(base):
    """A function that starts a server on the base directory; every one it started is stopped."""
    started = []

    async def start(**options):
        postgres = EmbeddedPostgres(base, **options)
        started.append(postgres)
        await postgres.start()
        return postgres

    yield start
    for postgres in started:
        await postgres.stop()


async def spawn(*command) -> Any:
    """A child process with all three streams in our hands."""
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe)


async def parent(base, mode="hold"):
    """Another process that owns the server; returns it and what it printed when ready."""
    process = await spawn(*PARENT, str(base), mode)
    ready = await asyncio.wait_for(process.stdout.readline(), 60)
    assert ready, (await process.stderr.read()).decode()
    return process, json.loads(ready)


@contextlib.contextmanager
def stranger(*command):
    """A process that is no server of ours."""
    process = subprocess.Popen(command)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def lives(pid):
    """Whether somebody has this pid."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def socket_dir(dsn):
    """Where a DSN finds the server's socket."""
    return Path(parse_qs(urlsplit(dsn).query)["host"][0])


def exists(path):
    """Whether the path is there; outside the event loop's functions, which must not touch files."""
    return path.exists()


def is_reaped(pid):
    """Whether a child of ours was waited for."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return True
    return False


async def ask(postgres, sql, *, user="tandem"):
    connection = await asyncpg.connect(postgres.dsn(user=user))
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


def leave_pid_file(base, pid):
    """The pid file of a server that was killed, its pid now somebody else's."""
    data = base.resolve() / "postgres" / "data"
    (data / "postmaster.pid").write_text(f"{pid}\n{data}\n1700000000\n5432\n{base}/postgres/run\n\n  1 1\nready   \n")


async def test_it_makes_a_durable_cluster_that_listens_on_no_port(server):
    postgres = await server()

    settings = {
        name: await ask(postgres, f"show {name}") for name in ("fsync", "synchronous_commit", "listen_addresses")
    }

    assert settings == {"fsync": "on", "synchronous_commit": "on", "listen_addresses": ""}
    assert await ask(postgres, "select rolsuper from pg_roles where rolname = current_user") is False


async def test_rows_are_there_after_a_restart(server):
    first = await server()
    await ask(first, "create table public.t as select 42 as n", user="postgres")
    await first.stop()

    second = await server()

    assert await ask(second, "select n from public.t", user="postgres") == 42


async def test_it_runs_in_a_session_of_its_own_so_that_ctrl_c_does_not_reach_it(server):
    postgres = await server()

    assert os.getsid(postgres.pid) == postgres.pid


async def test_stopping_ends_and_reaps_it_although_clients_are_connected(server):
    postgres = await server()
    client = await asyncpg.connect(postgres.dsn())

    await asyncio.wait_for(postgres.stop(), 60)
    await postgres.stop()

    assert is_reaped(postgres.pid)
    assert "shut down" in await asyncio.wait_for(postgres.died(), 10)
    client.terminate()


async def test_its_owner_learns_of_its_death(server):
    postgres = await server()

    os.kill(postgres.pid, signal.SIGKILL)

    await asyncio.wait_for(postgres.died(), 30)


async def test_no_committed_row_is_lost_when_server_and_children_are_killed(server):
    first = await server()
    await ask(first, "create table public.t as select generate_series(1, 1000) n", user="postgres")
    os.kill(first.pid, signal.SIGKILL)
    await asyncio.wait_for(first.died(), 30)
    await first.stop()

    second = await server()

    assert await ask(second, "select count(*) from public.t", user="postgres") == 1000


async def test_after_kill_9_of_the_parent_the_orphan_is_ended_and_no_row_is_lost(base, server):
    process, ready = await parent(base, "write")
    committed = [int(await asyncio.wait_for(process.stdout.readline(), 30)) for _ in range(200)]
    process.kill()
    committed += [int(line) for line in (await process.stdout.read()).split(b"\n")[:-1]]
    await process.wait()
    orphan_lived = lives(ready["pid"])

    postgres = await server()

    connection = await asyncpg.connect(postgres.admin_dsn)
    found = {row["n"] for row in await connection.fetch("select n from public.written")}
    await connection.close()
    assert orphan_lived
    assert postgres.stopped_orphan
    assert postgres.pid != ready["pid"]
    assert set(committed) <= found
    assert len(found) <= len(committed) + 1  # the one in flight


async def test_kill_9_of_the_parent_in_the_middle_of_its_first_start_leaves_a_usable_directory(base, server):
    for milliseconds in (50, 250, 350, 450, 600):
        process = await spawn(*PARENT, str(base))
        while not (base / "postgres").exists():  # noqa: ASYNC110 - a directory sets no event
            await asyncio.sleep(0.005)  # until imports are done and initdb is about to start
        await asyncio.sleep(milliseconds / 1000)
        process.kill()
        await process.communicate()

    postgres = await server()

    assert await ask(postgres, "select 1") == 1


async def test_a_half_made_cluster_is_thrown_away_and_made_again(base, server):
    half_made = base / "postgres" / "data.new-12345678"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18\n")
    if os.geteuid() == 0:
        shutil.chown(base / "postgres", "nobody")

    postgres = await server()

    assert await ask(postgres, "select 1") == 1
    assert not half_made.exists()


async def test_a_data_directory_that_is_no_cluster_is_refused_and_left_alone(base, server):
    precious = base / "postgres" / "data" / "precious.txt"
    precious.parent.mkdir(parents=True)
    precious.write_text("keep")
    if os.geteuid() == 0:
        for path in (base / "postgres", precious.parent, precious):
            shutil.chown(path, "nobody")

    with pytest.raises(StartFailed, match="no PostgreSQL cluster"):
        await server()

    assert precious.read_text() == "keep"


async def test_a_cluster_of_another_major_is_refused_with_what_to_do(base, server):
    await (await server()).stop()
    (base / "postgres" / "data" / "PG_VERSION").write_text("12\n")

    with pytest.raises(
        StartFailed, match=r"made by PostgreSQL 12, .*found: 1\d.*apt install postgresql-12.*tandem backup"
    ):
        await server()


async def test_the_major_of_the_cluster_chooses_the_binaries(base, server):
    newest = find(None)
    others = [one for one in installed(candidates()) if 15 <= one.major != newest.major]
    if not others:
        pytest.skip("one major of PostgreSQL only on this machine")
    (base / "postgres").mkdir(mode=0o700)
    account = account_for(base, base / "postgres" / "data")
    account.own(base / "postgres")
    clusters.make_if_absent(clusters.Cluster(base.resolve() / "postgres", account, others[0]))

    postgres = await server()

    assert int(await ask(postgres, "show server_version_num")) // 10_000 == others[0].major
    assert (await upgrade(postgres.dsn(), branches=WITH_SAMPLE)).ready


async def test_a_recycled_pid_in_the_pid_file_is_neither_believed_nor_signalled(base, server):
    await (await server()).stop()
    with stranger("sleep", "600") as process:
        leave_pid_file(base, process.pid)

        postgres = await server()

        assert await ask(postgres, "select 1") == 1
        assert not postgres.stopped_orphan
        assert process.poll() is None


async def test_a_pid_recycled_by_another_postgres_is_neither_believed_nor_signalled(base, server):
    await (await server()).stop()
    other_base = new_base(quick_room())
    other = EmbeddedPostgres(other_base)
    try:
        await other.start()
        leave_pid_file(base, other.pid)

        postgres = await server()

        assert await ask(postgres, "select 1") == 1
        assert await ask(other, "select 1") == 1
    finally:
        await other.stop()
        shutil.rmtree(other_base)


async def test_a_zombie_in_the_pid_file_counts_as_gone(base, server):
    await (await server()).stop()
    with stranger("true") as zombie:
        assert wait_for_exit(zombie.pid, 30)
        leave_pid_file(base, zombie.pid)

        postgres = await server()

        assert await ask(postgres, "select 1") == 1


@pytest.mark.parametrize("content", ["", "not a pid\n", "99999999\n"])
async def test_a_broken_or_stale_pid_file_does_not_stop_it(base, server, content):
    await (await server()).stop()
    (base / "postgres" / "data" / "postmaster.pid").write_text(content)

    postgres = await server()

    assert await ask(postgres, "select 1") == 1


@pytest.mark.timeout(400)  # twenty interpreters on a machine that may be busy
async def test_of_twenty_parallel_starts_one_serves_and_nineteen_say_who_does(base):
    processes = [await spawn(*PARENT, str(base)) for _ in range(20)]
    losers: list[Any] = []
    try:
        endings = {asyncio.create_task(process.wait()): process for process in processes}
        while len(losers) < 19:
            done, _ = await asyncio.wait(endings, timeout=90, return_when=asyncio.FIRST_COMPLETED)
            assert done, f"only {len(losers)} gave up"
            losers += [endings.pop(task) for task in done]
        (winner,) = endings.values()
        ready = json.loads(await asyncio.wait_for(winner.stdout.readline(), 60))
        said = [(await process.stderr.read()).decode() for process in losers]
    finally:
        for process in processes:
            process.stdin.close()
        await asyncio.gather(*(process.wait() for process in processes))

    assert ready["pid"]
    assert [process.returncode for process in losers] == [3] * 19
    assert all(f"pid {winner.pid}, which answers on http://127.0.0.1:{winner.pid}" in line for line in said)
    assert winner.returncode == 0


async def test_a_second_start_in_the_same_process_is_refused_too(base, server):
    await server(lock=DataDirLock(base, address="http://127.0.0.1:8080"))

    with pytest.raises(DataDirHeld, match=f"pid {os.getpid()}, which is starting"):
        await server()


def test_a_lock_tells_others_the_address_as_soon_as_it_is_known(base):
    with DataDirLock(base, address="http://127.0.0.1:65535/first") as lock:
        lock.publish("http://[::1]:1")
        with pytest.raises(DataDirHeld) as refused:
            DataDirLock(base).acquire()
    with DataDirLock(base):
        pass

    assert refused.value.holder == Holder(os.getpid(), "http://[::1]:1")
    assert refused.value.exit_code == 3


async def test_a_long_path_puts_the_socket_elsewhere_and_cleans_it_up_also_after_a_kill(base):
    deep = base / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    process, ready = await parent(deep)
    left = socket_dir(ready["dsn"])
    process.kill()
    await process.communicate()
    was_left = exists(left)

    postgres = EmbeddedPostgres(deep)
    dsn = await postgres.start()
    answer = await ask(postgres, "select 1")
    await postgres.stop()

    assert (was_left, answer) == (True, 1)
    assert left.name not in dsn
    assert not exists(left)
    assert not exists(socket_dir(dsn))


@as_root
async def test_a_directory_closed_to_the_servers_account_is_named_in_one_line(base):
    closed = base / "closed"
    closed.mkdir(mode=0o700)

    with pytest.raises(StartFailed, match=rf"runs as nobody, who may not enter {closed}: chmod o\+x") as refused:
        await EmbeddedPostgres(closed / "data").start()

    assert "\n" not in str(refused.value)


@as_root
async def test_a_user_who_is_not_root_runs_the_server_as_themselves(base):
    shutil.chown(base, "nobody", "nogroup")
    # Imports come first: the interpreter itself may stand below root's closed home directory.
    code = (
        "import asyncio, concurrent.futures.thread, encodings.idna, os, sys; from pathlib import Path; from tests.support.embedded_parent import main\n"
        "facts = os.stat(sys.argv[1]); os.setgroups([]); os.setgid(facts.st_gid); os.setuid(facts.st_uid)\n"
        "asyncio.run(main(Path(sys.argv[1]), 'hold'))"
    )
    process = await spawn(sys.executable, "-c", code, str(base))
    ready = json.loads(await asyncio.wait_for(process.stdout.readline(), 60))
    connection = await asyncpg.connect(ready["dsn"])
    await connection.close()
    process.stdin.close()

    assert await process.wait() == 0
    assert (base / "postgres" / "data").stat().st_uid == base.stat().st_uid != 0


async def test_it_runs_under_uvloop(base):
    code = (
        "import asyncio, sys, uvloop; from pathlib import Path; from tandem.db.embedded import EmbeddedPostgres\n"
        "async def main():\n"
        "    postgres = EmbeddedPostgres(Path(sys.argv[1])); await postgres.start(); await postgres.stop()\n"
        "    print('ended:', await postgres.died())\n"
        "uvloop.run(main())"
    )
    process = await spawn(sys.executable, "-c", code, str(base))

    out, _ = await asyncio.wait_for(process.communicate(), 60)

    assert out.startswith(b"ended:")
    assert process.returncode == 0


@pytest.mark.parametrize("delay", [0.0, 0.1, 0.4])
async def test_a_start_that_is_cancelled_leaves_no_process_and_no_lock(base, delay):
    postgres = EmbeddedPostgres(base)
    starting = asyncio.create_task(postgres.start())
    await asyncio.sleep(delay)
    starting.cancel()
    (result,) = await asyncio.gather(starting, return_exceptions=True)
    if not isinstance(result, asyncio.CancelledError):
        await postgres.stop()  # it was quicker

    with DataDirLock(base):
        assert read_pid_file(base / "postgres" / "data") is None


async def test_a_server_that_cannot_start_says_why_in_one_line(base, server):
    with pytest.raises(StartFailed, match=r"ended while starting: .*no_such_setting.*log: ") as refused:
        await server(settings={"no_such_setting": "1"})

    assert "\n" not in str(refused.value)


async def test_its_log_is_bounded(base, server):
    postgres = await server()
    log = postgres.cluster.log
    with log.open("ab") as more:
        more.write(b"x" * (9 << 20))

    clusters.bound_log(postgres.cluster)
    await ask(postgres, "select 1")
    await postgres.stop()

    assert log.stat().st_size < 1 << 20
    assert b"shut down" in log.read_bytes()
    assert log.with_suffix(".log.1").stat().st_size > 9 << 20
