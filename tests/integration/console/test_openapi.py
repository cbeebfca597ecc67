"""The API's document: committed as it is served, and no request that fits or misfits it makes the console fail."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, reject, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from tests.support.console_rows import incident
from tools.generate_openapi import SNAPSHOT, document, text

EXAMPLES = 6
"""Per operation and mode."""
ALLOWED = {*range(200, 500), 503}


async def test_the_committed_document_is_what_the_routes_say():
    served = await asyncio.to_thread(text)

    assert SNAPSHOT.read_text("utf-8") == served, "run tools/generate_openapi.py"


async def test_the_document_is_openapi_3_1_with_every_route_secured():
    served = await asyncio.to_thread(document)
    operations = [operation for path in served["paths"].values() for operation in path.values()]

    assert served["openapi"].startswith("3.1")
    assert [operation["operationId"] for operation in operations if not operation.get("security")] == []


@pytest.mark.timeout(300)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["fits", "misfits"])
async def test_no_request_makes_the_console_fail(world, mode):
    known = await world.bus.add(incident())
    loop = asyncio.get_running_loop()
    schema = schemathesis.openapi.from_dict(await asyncio.to_thread(document)).exclude(path="/api/v1/stream")
    seen: set[int] = set()
    async with await world.api("admin", tenants=["acme", "globex"]) as api:

        def send(case: Any, at_known: bool) -> None:
            if at_known and "incident_id" in case.path_parameters:
                case.path_parameters["incident_id"] = str(known.incident_id)
            sent = case.as_transport_kwargs(base_url="http://console.test")
            headers = {name.lower(): str(value).encode("utf-8", "replace") for name, value in sent["headers"].items()}
            sent = {name: value for name, value in sent.items() if name in {"method", "url", "params", "data", "json"}}
            sent["headers"] = {**headers, "authorization": api.headers["authorization"]}
            if "data" in sent:
                sent["content"] = sent.pop("data")
            try:
                answer = asyncio.run_coroutine_threadsafe(api.request(**sent), loop).result(30)
            except httpx.InvalidURL:
                reject()  # longer than this client can send
            seen.add(answer.status_code)
            assert answer.status_code in ALLOWED, (
                f"{case.method} {case.path}: {answer.status_code}\n{case.as_curl_command()}"
            )

        def explore() -> None:
            for found in schema.get_all_operations():
                operation: Any = found.ok()  # type: ignore[union-attr]
                try:
                    strategy = operation.as_strategy(generation_mode=mode)
                except schemathesis.errors.InvalidSchema:
                    continue
                run = given(case=strategy, at_known=st.booleans())(send)
                settings(
                    max_examples=EXAMPLES,
                    deadline=None,
                    database=None,
                    derandomize=True,
                    phases=[Phase.generate],
                    suppress_health_check=list(HealthCheck),
                )(run)()

        await asyncio.to_thread(explore)
    assert len(seen) > 2, seen
