"""Both HTTP clients reach what they may, nothing else, in time, and say of every failure whether to try again."""

from __future__ import annotations

import asyncio
import gzip

import pytest

from tandem.egress import Egress, parse_allowed
from tandem.errors import DeliveryFailed, DeliveryReason
from tandem.guard import Guard, ThreadResolver
from tandem.http.aiohttp_client import AiohttpClient
from tandem.http.httpx_client import HttpxClient
from tandem.http.port import BODY_BYTES
from tests.support.certificates import contexts_for
from tests.support.provider import OK, answering, hang_up, provider, silent

IN_TIME_S = 30.0
ALLOW_THIS_MACHINE = parse_allowed("127.0.0.1")


class Names:
    """A resolver that gives each name a list of answers, one per question, and counts the questions."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self.answers = {name.replace("_", "."): list(turns) for name, turns in answers.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        if host not in self.answers:
            raise OSError(-2, "Name or service not known")
        turns = self.answers[host]
        return turns.pop(0) if len(turns) > 1 else turns[0]


async def never(host: str, port: int) -> list[str]:
    await asyncio.Event().wait()
    raise AssertionError


@pytest.fixture(params=[AiohttpClient, HttpxClient], ids=["aiohttp", "httpx"])
async def make(request):
    made = []

    def build(egress=ALLOW_THIS_MACHINE, resolve=never, tls=None):
        client = request.param(Guard(egress, resolve), tls=tls)
        made.append(client)
        return client

    yield build
    for client in made:
        await client.close()


async def post(client, url, timeout_s=IN_TIME_S, headers=None):
    return await client.post(url, headers=headers or {}, body=b"{}", timeout_s=timeout_s)


async def failure_of(client, url, timeout_s=IN_TIME_S, headers=None) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        await post(client, url, timeout_s, headers)
    return caught.value


async def test_an_allowed_target_gets_the_body_and_headers_as_they_are(make):
    async with provider(answering(OK)) as target:
        answer = await make().post(
            f"http://127.0.0.1:{target.port}/hook%20x?a=%2F&b=c+d",
            headers={"webhook-id": "p-1", "content-type": "application/json"},
            body=b'{"a":1}',
            timeout_s=IN_TIME_S,
        )

    assert (answer.status, answer.body) == (200, b"ok")
    (request,) = target.requests
    assert request.startswith(b"POST /hook%20x?a=%2F&b=c+d HTTP/1.1\r\n")
    assert request.endswith(b'\r\n\r\n{"a":1}')
    assert b"webhook-id: p-1\r\n" in request.lower()
    assert b"cookie" not in request.lower()


async def test_connections_are_kept(make):
    client = make()
    async with provider(answering(OK)) as target:
        for _ in range(3):
            await post(client, f"http://127.0.0.1:{target.port}/")

        assert (len(target.requests), target.connections) == (3, 1)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "[::1]", "169.254.169.254", "100.100.100.200", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
     "2130706433", "0x7f.1", "017700000001", "127.1", "0177.0.0.1", "127.0.0.1.", "１２７.0.0.1", "0"],
)  # fmt: skip
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_an_address_of_a_private_network_is_blocked_in_every_notation(make, host, scheme):
    async with provider(answering(OK)) as target:
        failure = await failure_of(make(Egress(), ThreadResolver()), f"{scheme}://{host}:{target.port}/")

        assert (failure.reason, failure.retry) == (DeliveryReason.BLOCKED_TARGET, False)
        assert target.connections == 0


async def test_a_name_of_a_private_address_is_blocked(make):
    async with provider(answering(OK)) as target:
        for answers in ([["127.0.0.1"]], [["8.8.8.8", "127.0.0.1"]], [["::1"]]):
            failure = await failure_of(make(Egress(), Names(hook_test=answers)), f"https://hook.test:{target.port}/")

            assert failure.reason is DeliveryReason.BLOCKED_TARGET
        assert target.connections == 0


async def test_localhost_by_the_real_resolver_is_blocked(make):
    async with provider(answering(OK)) as target:
        failure = await failure_of(make(Egress(), ThreadResolver()), f"https://localhost:{target.port}/")

        assert failure.reason is DeliveryReason.BLOCKED_TARGET
        assert target.connections == 0


async def test_a_name_is_resolved_once_so_that_no_second_answer_can_be_used(make):
    # The first answer is checked and connected to; the second, this machine, would reach the provider.
    names = Names(hook_test=[["192.0.2.1"], ["127.0.0.1"]])
    async with provider(answering(OK)) as target:
        url = f"http://hook.test:{target.port}/"
        failure = await failure_of(make(parse_allowed("192.0.2.1"), names), url, timeout_s=0.3)

        assert failure.reason in {DeliveryReason.TIMEOUT, DeliveryReason.CONNECT}
        assert names.asked == ["hook.test"]
        assert target.connections == 0


async def test_an_allowed_name_is_connected_by_its_checked_address(make):
    names = Names(inbox_test=[["127.0.0.1"]])
    async with provider(answering(OK)) as target:
        answer = await post(
            make(parse_allowed(f"inbox.test:{target.port}"), names), f"http://inbox.test:{target.port}/"
        )

        assert answer.status == 200
        assert f"host: inbox.test:{target.port}".encode() in target.requests[0].lower()


async def test_plain_http_to_a_public_address_is_blocked_unless_allowed(make):
    failure = await failure_of(make(Egress(), Names(hook_test=[["8.8.8.8"]])), "http://hook.test/")

    assert failure.reason is DeliveryReason.BLOCKED_TARGET


async def test_tls_is_checked_against_the_name_although_an_address_is_connected(make, tmp_path):
    server, client = contexts_for("hook.test", tmp_path)
    names = Names(hook_test=[["127.0.0.1"]], other_test=[["127.0.0.1"]])
    async with provider(answering(OK), server) as target:
        good = await post(make(resolve=names, tls=client), f"https://hook.test:{target.port}/")
        wrong_name = await failure_of(make(resolve=names, tls=client), f"https://other.test:{target.port}/")
        untrusted = await failure_of(make(resolve=names), f"https://hook.test:{target.port}/")

    assert good.status == 200
    assert target.names[:2] == ["hook.test", "other.test"]
    assert (wrong_name.reason, wrong_name.retry) == (DeliveryReason.TLS, False)
    assert (untrusted.reason, untrusted.retry) == (DeliveryReason.TLS, False)


async def test_tls_to_a_port_that_speaks_none_is_a_tls_failure(make):
    async def greet(_request, _writer):
        pass

    async with provider(greet) as target:
        failure = await failure_of(make(), f"https://127.0.0.1:{target.port}/", timeout_s=1.0)

    assert failure.reason in {DeliveryReason.TLS, DeliveryReason.CONNECT, DeliveryReason.TIMEOUT}
    assert failure.retry


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(make, status):
    async with provider(answering(OK)) as secret:
        redirect = (
            f"HTTP/1.1 {status} Go\r\nLocation: http://127.0.0.1:{secret.port}/latest/\r\nContent-Length: 0\r\n\r\n"
        )
        async with provider(answering(redirect.encode())) as target:
            failure = await failure_of(make(), f"http://127.0.0.1:{target.port}/")

        assert (failure.reason, failure.retry) == (DeliveryReason.REJECTED, False)
        assert secret.connections == 0


async def test_proxies_of_the_environment_are_not_used(make, monkeypatch):
    async with provider(answering(OK)) as proxy, provider(answering(OK)) as target:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")

        await post(make(), f"http://127.0.0.1:{target.port}/")

        assert (proxy.connections, target.connections) == (0, 1)


async def test_a_provider_that_never_answers_is_a_timeout(make):
    async with provider(silent) as target:
        failure = await failure_of(make(), f"http://127.0.0.1:{target.port}/", timeout_s=0.2)

    assert (failure.reason, failure.retry) == (DeliveryReason.TIMEOUT, True)


async def test_a_provider_that_drips_its_answer_is_a_timeout(make):
    async def drip(_request, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(1000):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with provider(drip) as target:
        failure = await failure_of(make(), f"http://127.0.0.1:{target.port}/", timeout_s=0.3)

    assert failure.reason is DeliveryReason.TIMEOUT


async def test_a_resolver_that_never_answers_is_a_timeout(make):
    failure = await failure_of(make(resolve=never), "https://hook.test/", timeout_s=0.1)

    assert failure.reason is DeliveryReason.TIMEOUT


async def test_an_unknown_name_is_a_dns_failure(make):
    failure = await failure_of(make(resolve=Names()), "https://hook.test/")

    assert (failure.reason, failure.retry) == (DeliveryReason.DNS, True)


async def test_nobody_listening_is_a_connect_failure(make):
    async with provider(silent) as target:
        pass

    failure = await failure_of(make(), f"http://127.0.0.1:{target.port}/")

    assert (failure.reason, failure.retry) == (DeliveryReason.CONNECT, True)


@pytest.mark.parametrize(
    "script",
    [
        hang_up,
        answering(b"220 mail ready\r\n\r\n"),
        answering(b"HTTP/1.1 200 OK\r\n" + b"x: " + b"y" * 200_000 + b"\r\n\r\n"),
        answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n"),
        answering(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
    ],
    ids=["hangs up", "no http", "endless header", "bad chunk", "negative length"],
)
async def test_a_provider_that_speaks_garbage_is_a_connect_failure(make, script):
    async with provider(script) as target:
        failure = await failure_of(make(), f"http://127.0.0.1:{target.port}/")

    assert (failure.reason, failure.retry) == (DeliveryReason.CONNECT, True)


async def test_a_throttling_provider_is_heard(make):
    raw = b"HTTP/1.1 429 Slow down\r\nRetry-After: 17\r\nContent-Length: 0\r\n\r\n"
    async with provider(answering(raw)) as target:
        failure = await failure_of(make(), f"http://127.0.0.1:{target.port}/")

    assert (failure.reason, failure.retry, failure.retry_after_s) == (DeliveryReason.THROTTLED, True, 17.0)


async def test_of_a_large_answer_the_beginning_is_kept(make):
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n" + b"x" * 5_000_000
    client = make()
    async with provider(answering(raw)) as target:
        answer = await post(client, f"http://127.0.0.1:{target.port}/")
        again = await post(client, f"http://127.0.0.1:{target.port}/")

    assert answer.body == again.body == b"x" * BODY_BYTES


async def test_a_compressed_bomb_is_not_unpacked(make):
    bomb = gzip.compress(b"\0" * 50_000_000)
    raw = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb) + bomb
    async with provider(answering(raw)) as target:
        answer = await post(make(), f"http://127.0.0.1:{target.port}/")

    assert answer.body == bomb[:BODY_BYTES]


@pytest.mark.parametrize(
    "url",
    ["", "hook.test", "ftp://hook.test/", "file:///etc/passwd", "http://", "https://user:pw@hook.test/", "gopher://x",
     "http://127.0.0.1:99999/", "http://[::1", "unix:///run/x", "https://\x00/", "//hook.test/"],
)  # fmt: skip
async def test_a_url_that_is_none_of_ours_is_refused_for_good(make, url):
    failure = await failure_of(make(resolve=Names()), url)

    assert failure.reason in {DeliveryReason.BLOCKED_TARGET, DeliveryReason.REJECTED}
    assert not failure.retry


@pytest.mark.parametrize("value", ["a\r\nx-injected: 1", "a\nb", "a\x00b"])
async def test_a_header_that_would_split_the_request_is_not_sent(make, value):
    async with provider(answering(OK)) as target:
        failure = await failure_of(make(), f"http://127.0.0.1:{target.port}/", headers={"x-note": value})

        assert (failure.reason, failure.retry) == (DeliveryReason.REJECTED, False)
        assert not any(b"x-injected" in request for request in target.requests)


async def test_cookies_are_not_carried_from_one_customer_to_the_next(make):
    raw = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n"
    client = make(parse_allowed("inbox.test"), Names(inbox_test=[["127.0.0.1"]]))
    async with provider(answering(raw)) as target:
        for _ in range(2):
            await post(client, f"http://inbox.test:{target.port}/")

        assert b"cookie" not in target.requests[1].lower()
