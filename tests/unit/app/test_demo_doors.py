"""A demo beside split services knows two addresses of each part, and tells visitors the outer one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tandem.app.demo.doors import Door, Doors
from tandem.app.welcome import read_steps, write_steps
from tandem.errors import StartFailed
from tandem_console.welcome import WelcomeStep

STEPS = (
    WelcomeStep(title="Look", text="Where it is.", link="/", link_text="Open the queue"),
    WelcomeStep(title="Post", text="Your own.", command="curl -s http://127.0.0.1:8081/v1/alerts/x/secret"),
)


def test_a_door_has_an_address_for_visitors_and_one_for_the_demos_own_posts():
    door = Door.parse("http://127.0.0.1:8081/, http://ingest:8080")

    assert door == Door("http://127.0.0.1:8081", "http://ingest:8080")
    assert door.from_inside("http://127.0.0.1:8081/v1/alerts/x") == "http://ingest:8080/v1/alerts/x"


def test_one_address_is_both():
    assert Door.parse("https://tandem.example") == Door("https://tandem.example", "https://tandem.example")
    assert Doors.one("http://a").ingest.from_inside("http://a/v1") == "http://a/v1"


@pytest.mark.parametrize("text", ["", "ingest:8080", "http://a,http://b,http://c", "http://a,", "file:///etc/passwd"])
def test_what_is_no_address_is_refused_with_an_example(text: str):
    with pytest.raises(StartFailed, match="write OUTSIDE or OUTSIDE,INSIDE") as refused:
        Door.parse(text)
    assert refused.value.exit_code == 2


def test_steps_travel_by_a_file_that_only_its_owner_reads(tmp_path: Path):
    file = tmp_path / "welcome.json"

    write_steps(file, STEPS)

    assert read_steps(file) == STEPS
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[1]", b'[{"title": 1}]', b"[" * 10_000, b"\xff", b"[" + b" " * 200_000]
)
def test_a_file_that_holds_no_steps_gives_none(tmp_path: Path, content: bytes):
    file = tmp_path / "welcome.json"
    file.write_bytes(content)

    assert read_steps(file) == ()
    assert read_steps(tmp_path / "none") == ()
