"""``tandem integrations`` and ``tandem secrets`` on a real database, and a test post through a real door."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from tandem.cli.agreements import app as agreements
from tandem.cli.integration_list import refused_in
from tandem.cli.integrations import app
from tandem.cli.secrets import app as secrets
from tandem.clock import SystemClock
from tandem.db.pool import engine
from tandem.metrics import Metrics
from tandem.model.signing import PRESETS
from tandem.policy.integrations import load_integrations
from tandem.redaction import redact

EXAMPLES = Path(__file__).parents[3] / "deploy" / "agreement"
KEY, NEW_KEY = (base64.b64encode(byte * 32).decode() for byte in (b"k", b"n"))


@dataclass
class Desk:
    """An installation's database, and somebody who types."""

    dsn: str
    folder: Path
    key: str = KEY

    settings: Mapping[str, str] = field(default_factory=dict)

    async def type(self, *words: object, to: typer.Typer = app, given: str | None = None) -> Result:
        env = {
            "COLUMNS": "300",
            "TANDEM_DATABASE_URL": self.dsn,
            "TANDEM_SECRET_KEY": self.key,
            "TANDEM_DATA_DIR": str(self.folder),
            "TANDEM_LISTEN": "127.0.0.1:9",
            **self.settings,
        }
        return await asyncio.to_thread(CliRunner().invoke, to, [str(word) for word in words], env=env, input=given)

    async def add(self, name: str, *words: object, given: str | None = None) -> dict[str, object]:
        """``add`` as JSON; it must succeed."""
        said = await self.type(
            "add", name, "--tenant", "northwind", "--vendor", "generic", *words, "--output", "json", given=given
        )
        assert said.exit_code == 0, said.output
        (row,) = json.loads(said.stdout)
        return row

    async def known(self, name: str):
        policy = engine(self.dsn, "tandem_policy", pooled=False)
        try:
            found = await load_integrations(policy, base64.b64decode(self.key), SystemClock().now())
        finally:
            await policy.dispose()
        return next(one for one in found if one.name == name)


@pytest.fixture
def desk(database, tmp_path) -> Desk:
    return Desk(database.dsn, tmp_path)


@pytest.mark.parametrize("preset", PRESETS)
async def test_a_preset_is_one_option(desk: Desk, preset: str) -> None:
    row = await desk.add("way", "--hmac", preset)

    assert (await desk.known("way")).hmac == PRESETS[preset]
    assert row["auth"] == "hmac"
    assert str(row["secret"]).startswith("whsec_") is (preset in {"svix", "standard-webhooks"})


async def test_every_part_of_a_scheme_is_an_option(desk: Desk) -> None:
    await desk.add(
        "way", "--hmac", "github", "--hmac-header", "X-Sig", "--hmac-encoding", "base64", "--hmac-prefix", "v9=",
        "--hmac-signed", "v9:{ts}:{body}", "--hmac-algorithm", "sha512", "--hmac-timestamp-header", "X-At",
        "--hmac-timestamp-format", "ms", "--hmac-key", "base64", "--hmac-tolerance", "60",
    )  # fmt: skip

    scheme = (await desk.known("way")).hmac
    assert scheme is not None
    assert (scheme.header, scheme.encoding, scheme.prefix, scheme.algorithm) == ("X-Sig", "base64", "v9=", "sha512")
    assert (scheme.timestamp_format, scheme.key_encoding, scheme.tolerance.seconds) == ("ms", "base64", 60)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--hmac", "nobody"], "no preset"),
        (["--hmac-algorithm", "md5"], "md5"),
        (["--auth", "sns"], "--topic"),
        (["--auth", "sns", "--topic", "arn:aws:s3:::x"], "no topic's ARN"),
        (["--auth", "query", "--parameter", "q"], "kept out of logs"),
        (["--tenant-from", "customer"], "a provider (--provider) is missing"),
        (["--provider", "nobody", "--tenant-from", "customer"], "no provider"),
        (["--secret", "a-secret-on-the-command-line"], "standard input"),
        (["--vendor", "nobody"], "tandem ingest vendors"),
    ],
)
async def test_what_cannot_be_meant_is_told_in_a_line_and_nothing_is_stored(
    desk: Desk, words: list[str], told: str
) -> None:
    said = await desk.type("add", "way", "--tenant", "northwind", "--vendor", "generic", *words)

    assert said.exit_code in {1, 2}
    assert told in said.stderr
    assert len(said.stderr.strip().splitlines()) == 1
    assert "nothing to show" in (await desk.type("list")).stdout


async def test_add_gives_what_the_tools_own_page_asks_for(desk: Desk) -> None:
    header = await desk.add("opsgenie", "--auth", "header", "--header", "Authorization", "--prefix", "GenieKey")
    query = await desk.add("gcp", "--auth", "query", "--parameter", "auth_token")
    path = await desk.add("splunk", "--auth", "path")

    assert header["headers"] == [f"Authorization: GenieKey {header['secret']}"]
    assert header["url"] == "http://127.0.0.1:9/v1/alerts/opsgenie"
    assert query["url"] == f"http://127.0.0.1:9/v1/alerts/gcp?auth_token={query['secret']}"
    assert path["url"] == f"http://127.0.0.1:9/v1/alerts/splunk/{path['secret']}"
    assert str(header["curl"]).startswith("curl -sS -X POST 'http://127.0.0.1:9/v1/alerts/opsgenie'")
    assert header["docs"] == "docs/integrations/generic.md"
    for row in (query, path):
        assert str(row["secret"]) not in redact(str(row["url"]))


async def test_the_address_is_where_tools_reach_the_way_in_not_where_people_reach_the_console(desk: Desk) -> None:
    desk.settings = {"TANDEM_PUBLIC_URL": "https://console.example", "TANDEM_INGEST_URL": "https://in.example/"}

    added = await desk.add("opsgenie", "--auth", "path")
    url = await desk.type("url", "opsgenie")
    shown = await desk.type("show", "opsgenie", "--output", "json")

    assert added["url"] == f"https://in.example/v1/alerts/opsgenie/{added['secret']}"
    assert f"'{added['url']}'" in str(added["curl"])
    assert url.stdout.strip() == json.loads(shown.stdout)[0]["url"] == "https://in.example/v1/alerts/opsgenie"


async def test_rotate_with_the_vendors_secret_then_end_the_old_one(desk: Desk) -> None:
    await desk.add("hunt", "--hmac", "svix")
    own = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    rotated = await desk.type("rotate", "hunt", "--overlap", "2h", "--secret", "-", given=f"{own}\n")
    shown = await desk.type("show", "hunt", "--output", "json")
    (said,) = json.loads(shown.stdout)
    old, new = said["secrets"]
    revoked = await desk.type("revoke", "hunt", old["id"])

    assert rotated.exit_code == revoked.exit_code == 0, rotated.output + revoked.output
    assert old["expires"] is not None
    assert new["expires"] is None
    assert own not in shown.stdout
    assert len((await desk.known("hunt")).secrets) == 1
    assert (await desk.type("revoke", "hunt", "ffffffff")).exit_code == 1


@pytest.mark.parametrize("overlap", ["", "soon", "24", "-1h", "365d"])
async def test_an_overlap_that_is_no_length_of_time_is_told(desk: Desk, overlap: str) -> None:
    await desk.add("hunt", "--hmac", "svix")

    assert (await desk.type("rotate", "hunt", "--overlap", overlap)).exit_code == 2


async def test_disable_enable_and_names_nobody_has(desk: Desk) -> None:
    await desk.add("way")
    await desk.type("disable", "way")
    off = (await desk.known("way")).enabled
    await desk.type("enable", "way")

    assert (off, (await desk.known("way")).enabled) == (False, True)
    for command in (["show"], ["rotate"], ["disable"], ["unknown"], ["test"]):
        said = await desk.type(*command, "nobody")
        assert (said.exit_code, "tandem integrations list" in said.stderr) == (1, True), said.output


async def test_a_test_without_a_server_says_at_which_stage_and_why(desk: Desk) -> None:
    await desk.add("way")
    await desk.add("aws", "--auth", "sns", "--topic", "arn:aws:sns:eu-west-3:111122223333:ops")

    said = await desk.type("test", "way")
    by_amazon = await desk.type("test", "aws")

    assert said.exit_code == by_amazon.exit_code == 1
    assert "FAILED  post" in said.stdout
    assert "tandem serve" in said.stdout
    assert "only Amazon can sign" in by_amazon.stdout
    assert len((await desk.known("way")).secrets) == 1


async def test_a_new_envelope_key_takes_over(desk: Desk) -> None:
    row = await desk.add("hunt", "--hmac", "svix")
    old = desk.folder / "old.key"
    old.write_text(KEY)
    desk.key = NEW_KEY

    said = await desk.type("rewrap", "--old-key-file", old, to=secrets)
    wrong = await desk.type("rewrap", "--old-key-file", desk.folder / "none", to=secrets)

    assert said.exit_code == 0, said.output
    assert "1 of 1" in said.stdout
    assert (await desk.known("hunt")).secrets[0].value == str(row["secret"]).encode()
    assert wrong.exit_code == 2


async def test_unknown_lists_customers_and_an_integration_of_a_provider_is_added(desk: Desk) -> None:
    directory = desk.folder / "agreement"
    directory.mkdir()
    for name in ("brightwater.yaml", "northwind.yaml"):
        shutil.copy(EXAMPLES / name, directory / name)
    applied = await desk.type("apply", directory, "--author", "ann", "--note", "first", to=agreements)
    assert applied.exit_code == 0, applied.output
    await desk.add("ninja", "--provider", "brightwater", "--tenant-from", "customer")

    assert dict((await desk.known("ninja")).customers) == {"17": "northwind"}
    assert "nothing to show" in (await desk.type("unknown", "ninja")).stdout


def test_refused_posts_are_read_from_the_metrics_text() -> None:
    from prometheus_client import generate_latest

    metrics = Metrics()
    for result, times in (("unauthenticated", 3), ("too_large", 1), ("accepted", 7), ("duplicate", 2)):
        metrics.alerts_received.labels("way", "generic", result).inc(times)

    found = refused_in(generate_latest(metrics.registry).decode())

    assert found == {"way": 4}
