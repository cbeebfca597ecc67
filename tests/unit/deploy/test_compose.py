"""The compose file keeps what it promises of every container, also of the next one that somebody adds."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tandem.app import keys
from tandem.app.settings import Settings
from tests.support.deployment import DEPLOY, compose, services, yaml_of
from tests.support.tree import ROOT

ONCE = {"keys", "migrate", "topics"}
"""Do their work and end; the others stay."""
ROOT_AT_START = {
    "postgres": "its entry point gives the volume to its own user, then drops every right",
    "edge": "its volumes belong to root; it keeps one right of root's, for ports below 1024",
}
MAY_ADD = {"postgres": {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"}, "edge": {"NET_BIND_SERVICE"}}
OPEN_TO_THE_WORLD = {"edge"}
OVERRIDES = ("own", "postgres")
ALL = pytest.mark.parametrize("name", services())


def own_image(service: dict[str, Any]) -> bool:
    return service["image"].startswith("tandem:")


@ALL
def test_a_container_has_a_read_only_file_system_and_no_rights(name: str):
    service = services()[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert set(service.get("cap_add", ())) == MAY_ADD.get(name, set())
    assert not service.get("privileged")


@ALL
def test_a_container_does_not_run_as_root(name: str):
    user = services()[name].get("user")

    assert name in ROOT_AT_START if user is None else re.fullmatch(r"[1-9]\d*:\d+", user), name


@ALL
def test_a_container_is_bounded_in_memory_processes_and_log(name: str):
    service = services()[name]

    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
    assert 0 < service["pids_limit"] <= 1024
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}


@ALL
def test_a_container_says_how_it_is_or_ends_by_itself_and_is_started_again(name: str):
    service = services()[name]

    if name in ONCE:
        assert (service["restart"], service["healthcheck"]) == ("on-failure", {"disable": True})
    else:
        assert service["restart"] == "unless-stopped"
        assert service["healthcheck"]["test"][0] == "CMD"
        assert {"interval", "timeout", "start_period", "retries"} <= service["healthcheck"].keys()


@ALL
def test_an_image_is_named_by_its_exact_version(name: str):
    image = services()[name]["image"]
    tag = image.rpartition(":")[2]

    assert own_image(services()[name]) or re.search(r"\d+\.\d+", tag), image
    assert "latest" not in image


@ALL
def test_ports_are_open_to_this_machine_only_unless_it_is_the_edge(name: str):
    ports = services()[name].get("ports", ())

    outside = [port for port in ports if not port.startswith(("127.0.0.1:", "${TANDEM_BIND:-127.0.0.1}:"))]
    assert bool(outside) is (name in OPEN_TO_THE_WORLD)


@ALL
def test_nothing_is_mounted_from_the_machine_but_files_of_this_repository_and_those_read_only(name: str):
    for mount in services()[name].get("volumes", ()):
        source, _, rest = mount.partition(":")
        if source.startswith((".", "/", "~")):
            assert (ROOT / source).exists(), source
            assert source.startswith("./deploy/"), mount
            assert rest.endswith(":ro"), mount
        else:
            assert source in compose()["volumes"], source


def test_database_and_broker_have_no_way_out_and_none_in():
    assert compose()["networks"]["inside"]["internal"] is True
    for name in ("postgres", "kafka", "router", "sla-clock", "migrate"):
        assert services()[name]["networks"] == ["inside"], name
        assert "ports" not in services()[name]


def test_no_secret_stands_in_the_file():
    text = (ROOT / "docker-compose.yml").read_text("utf-8")

    assert re.findall(r"(?i)^.*(?:password|secret)(?!_FILE)\w*: +(?!/run/|\"?true).+$", text, re.MULTILINE) == []


def test_every_service_of_ours_is_told_of_secrets_by_the_files_that_tandem_keys_makes():
    files = {f"/run/tandem/{name}" for name in (keys.KEY, keys.URL)}
    for name, service in services().items():
        if own_image(service):
            assert {value for key, value in service["environment"].items() if key.endswith("_FILE")} & files == files, (
                name
            )


def test_every_variable_of_ours_is_a_setting():
    known = {f"TANDEM_{name.upper()}" for name in Settings.model_fields}
    known |= {f"{name}_FILE" for name in known}

    used = {key for one in services().values() if own_image(one) for key in one["environment"]}
    assert used - known == set()


@pytest.mark.parametrize("name", sorted(name for name, one in services().items() if own_image(one)))
def test_a_command_in_any_container_shows_the_address_tools_use_and_tries_it_from_inside(name: str):
    """docker compose exec SERVICE tandem integrations url|test: people do not ask which service knows."""
    told = services()[name]["environment"]

    assert told["TANDEM_INGEST_URL"] == "${TANDEM_INGEST_URL:-http://127.0.0.1:8081}"
    assert told["TANDEM_INGEST_INSIDE_URL"] == "http://ingest:8080"


def test_the_demo_names_the_same_addresses_as_the_services():
    told, command = services()["demo"]["environment"], services()["demo"]["command"]

    assert f"--console={told['TANDEM_PUBLIC_URL']},http://console:8080" in command
    assert f"--ingest={told['TANDEM_INGEST_URL']},{told['TANDEM_INGEST_INSIDE_URL']}" in command


def test_every_target_has_a_container_of_its_own():
    from tandem.app.targets import ALL as TARGETS

    commands = [" ".join(one["command"]) for one in services().values() if own_image(one)]
    assert [target for target in TARGETS if f"serve --target={target}" not in commands] == []


def test_the_demo_is_there_unless_it_is_left_out_and_other_profiles_only_on_wish():
    profiles = {name: one.get("profiles") for name, one in services().items() if one.get("profiles")}

    assert profiles == {"prometheus": ["observability"], "grafana": ["observability"], "edge": ["edge"]}
    assert yaml_of(DEPLOY / "compose" / "own.yml")["services"]["demo"]["profiles"] == ["demo"]


@pytest.mark.parametrize("override", OVERRIDES)
def test_an_override_changes_only_services_that_there_are(override: str):
    changed = yaml_of(DEPLOY / "compose" / f"{override}.yml")["services"]

    assert changed.keys() <= services().keys()


def test_the_postgresql_bus_is_told_to_every_service_that_would_ask_kafka():
    changed = yaml_of(DEPLOY / "compose" / "postgres.yml")["services"]
    asking = {name for name, one in services().items() if own_image(one) and name not in {"keys", "topics"}}

    assert {name for name, one in changed.items() if one.get("environment") == {"TANDEM_KAFKA_BOOTSTRAP": ""}} == asking
