"""The script we ship for Wazuh, run as wazuh-integratord runs it."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tandem.metrics import Metrics
from tandem.web.application import build_app
from tandem.web.server import WebServer, bind

SCRIPT = Path(__file__).parents[3] / "deploy" / "integrations" / "wazuh" / "custom-tandem"
ALERT = {"id": "1795144364.1", "rule": {"level": 12, "id": "1", "description": "root login"}, "agent": {"name": "dc2"}}


@dataclass
class Door:
    """Answers what it is told and keeps what it was sent."""

    answers: list[int] = field(default_factory=list)
    posts: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    async def __call__(self, scope, receive, send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        self.posts.append(({name.decode(): value.decode() for name, value in scope["headers"]}, body))
        status = self.answers.pop(0) if self.answers else 202
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    found = Door()
    app = build_app(routers=[], lanes=[lambda _: found], metrics=Metrics(), checks={})
    server = WebServer(app, listening=bind("127.0.0.1", 0), stopping=asyncio.Event())
    await server.start()
    found.url = "http://{}:{}/v1/alerts/siem".format(*server.address)
    yield found
    await server.stop(1.0)


async def run(*arguments: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(SCRIPT), *arguments, stderr=asyncio.subprocess.PIPE, env={"no_proxy": "*"}
    )
    _, said = await process.communicate()
    return process.returncode or 0, said.decode()


@pytest.fixture
def alert_file(tmp_path: Path) -> str:
    file = tmp_path / "alert.json"
    file.write_text(json.dumps(ALERT))
    return str(file)


async def test_it_posts_the_alert_with_its_key(door: Door, alert_file: str) -> None:
    code, said = await run(alert_file, "the-key", door.url)

    assert (code, said) == (0, "")
    ((headers, body),) = door.posts
    assert headers["x-tandem-key"] == "the-key"
    assert json.loads(body) == ALERT


async def test_it_comes_again_when_asked_to(door: Door, alert_file: str) -> None:
    door.answers = [503, 503]

    assert await run(alert_file, "the-key", door.url) == (0, "")
    assert len(door.posts) == 3
    assert len({body for _, body in door.posts}) == 1


async def test_it_does_not_insist_when_refused_and_says_so_without_the_key(door: Door, alert_file: str) -> None:
    door.answers = [401]

    code, said = await run(alert_file, "the-key", door.url)

    assert code == 1
    assert "HTTP 401" in said
    assert "1795144364.1" in said
    assert "the-key" not in said
    assert len(door.posts) == 1


async def test_called_wrongly_it_says_how() -> None:
    code, said = await run("only-one")

    assert code == 2
    assert "usage" in said
