"""Who gets in: every route has the door, every change from a browser its token, every role its scope, every tenant its own."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from fastapi.routing import APIRoute

from tandem.model.ownership import Party
from tandem_console.access import NEEDS, Role, Scope
from tandem_console.accounts import create_token
from tandem_console.api.allowed import SAFE_METHODS, Allowed
from tests.support.console import BASE, csrf_of, sign_in
from tests.support.console_rows import NOW, incident


def routes(console):
    found = [route for router in console.routers() for route in router.routes]
    assert found
    assert [route for route in found if not isinstance(route, APIRoute)] == [], "a mount or bare route has no door"
    return found


def doors(dependant):
    own = [dependant.call] if isinstance(dependant.call, Allowed) else []
    return own + [door for each in dependant.dependencies for door in doors(each)]


async def test_every_route_declares_what_it_needs(world):
    without = [route.path for route in routes(world.console) if not doors(route.dependant)]

    assert without == []


async def test_only_sign_in_and_files_are_public(world):
    public = {
        (route.path, *sorted(route.methods))
        for route in routes(world.console)
        if all(door.scope is Scope.PUBLIC for door in doors(route.dependant))
    }

    assert public == {
        ("/sign-in", "GET"),
        ("/sign-in", "POST"),
        ("/static/{name}", "GET"),
        ("/favicon.ico", "GET"),
    }


def concrete(path):
    for name in ("incident_id", "command_id"):
        path = path.replace(f"{{{name}}}", str(uuid4()))
    return path.replace("{action}", "acknowledge").replace("{name}", "console.css")


async def test_every_change_from_a_browser_needs_the_sessions_token_and_our_origin(world):
    await world.user(role="admin")
    browser = await world.signed_in("ana")
    session = browser.cookies["tandem-session"]
    csrf = csrf_of((await browser.get("/")).text)
    changing = [(route, method) for route in routes(world.console) for method in route.methods - SAFE_METHODS]
    assert len(changing) > 15

    for route, method in changing:
        wrong = [
            {"origin": BASE},
            {"origin": BASE, "x-csrf-token": "0" * 64},
            {"origin": "https://evil.test", "x-csrf-token": csrf},
            {"origin": "null", "x-csrf-token": csrf},
            {"x-csrf-token": csrf},
            {"origin": BASE, "x-csrf-token": "\x7f"},
        ]
        for headers in wrong:
            async with world.browser(accept="application/json") as client:
                client.cookies.set("tandem-session", session)
                answer = await client.request(method, concrete(route.path), headers=headers)
            assert answer.status_code == 403, (method, route.path, headers, answer.text)
    await browser.aclose()


async def test_the_right_token_and_origin_are_let_through(world):
    await world.user(role="responder")
    made = await world.bus.add(incident())
    browser = await world.signed_in("ana")
    csrf = csrf_of((await browser.get("/")).text)

    answer = await browser.post(f"/api/v1/incidents/{made.incident_id}/acknowledge", headers={"x-csrf-token": csrf})

    assert answer.status_code == 200, answer.text
    await browser.aclose()


ROUTES = [
    ("GET", "/api/v1/incidents", Scope.READ),
    ("GET", "/api/v1/incidents/{id}", Scope.READ),
    ("GET", "/api/v1/incidents/{id}/timeline", Scope.READ),
    ("GET", "/api/v1/incidents/{id}/explain", Scope.READ),
    ("GET", "/api/v1/incidents/{id}/clocks", Scope.READ),
    ("GET", "/api/v1/incidents/{id}/pages", Scope.READ),
    ("GET", "/api/v1/commands/{new}", Scope.READ),
    ("GET", "/api/v1/oncall", Scope.READ),
    ("GET", "/api/v1/agreement", Scope.READ),
    ("GET", "/", Scope.READ),
    ("GET", "/queue", Scope.READ),
    ("GET", "/welcome", Scope.READ),
    ("GET", "/incidents/{id}", Scope.READ),
    ("GET", "/incidents/{id}/live", Scope.READ),
    ("POST", "/incidents/{id}/note", Scope.ACT),
    ("POST", "/api/v1/incidents", Scope.ACT),
    ("POST", "/api/v1/incidents/{id}/note", Scope.ACT),
    ("POST", "/api/v1/incidents/{id}/priority", Scope.STEER),
    ("POST", "/api/v1/incidents/{id}/merge", Scope.STEER),
    ("POST", "/api/v1/incidents/{id}/reassign", Scope.STEER),
    ("GET", "/api/v1/quarantine", Scope.OVERSEE),
    ("GET", "/api/v1/integrations", Scope.OVERSEE),
    ("GET", "/api/v1/audit", Scope.OVERSEE),
    ("GET", "/integrations", Scope.OVERSEE),
    ("GET", "/checks", Scope.READ),
    ("GET", "/checks/acme/{id}", Scope.READ),
    ("GET", "/quarantine", Scope.OVERSEE),
    ("GET", "/quarantine/count", Scope.OVERSEE),
    ("GET", "/quarantine/{id}", Scope.OVERSEE),
    ("GET", "/connect", Scope.OVERSEE),
    ("GET", "/api/v1/quarantine/customers", Scope.OVERSEE),
    ("POST", "/api/v1/quarantine/{id}/replay", Scope.STEER),
]


@pytest.mark.parametrize("party", ["internal", "msp"])
@pytest.mark.parametrize("role", list(Role))
async def test_a_role_may_what_it_may_and_nothing_more_in_its_tenants_only(world, role, party):
    ours = await world.bus.add(incident())
    theirs = await world.bus.add(incident(tenant="globex"))
    body = {"text": "x", "priority": "P1"}

    async with await world.api(role.value, party) as api:
        for method, path, scope in ROUTES:
            needed = NEEDS[scope]
            allowed = needed is None or role.rank >= needed.rank
            for made in (ours, theirs):
                where = path.format(id=made.incident_id, new=uuid4())
                sent = {"title": "t", "function": "f", "tenant": made.tenant} if path == "/api/v1/incidents" else body
                options = {"data": body} if path.startswith("/incidents") else {"json": sent}
                answer = await api.request(method, where, **(options if method == "POST" else {}))
                told = (method, where, role, answer.status_code, answer.text[:200])
                assert answer.status_code < 500, told
                if not allowed:
                    assert answer.status_code == 403, told
                elif made is theirs and ("{id}" in path or (method == "POST")):
                    assert answer.status_code == 404, told
                else:
                    assert answer.status_code != 403, told


async def test_without_anybody_known_nothing_but_the_door_is_shown(world):
    made = await world.bus.add(incident())

    async with world.browser(accept="application/json") as client:
        for method, path, _ in ROUTES:
            answer = await client.request(method, path.format(id=made.incident_id, new=uuid4()))
            assert answer.status_code == 401, (method, path)
            assert made.title not in answer.text


async def test_a_browser_is_sent_to_the_sign_in_and_back(world):
    await world.user()

    async with world.browser(origin=BASE) as browser:
        sent = await browser.get("/incidents/1?x=1")
        form = await browser.get(sent.headers["location"])
        entered = await browser.post(
            "/sign-in",
            data={"csrf": csrf_of(form.text), "name": "ana", "password": "correct horse battery", "next": "/?q=x"},
        )

    assert (sent.status_code, sent.headers["location"]) == (303, "/sign-in?next=%2Fincidents%2F1%3Fx%3D1")
    assert 'name="next" value="/incidents/1?x=1"' in form.text
    assert (entered.status_code, entered.headers["location"]) == (303, "/?q=x")


@pytest.mark.parametrize(
    "where", ["https://evil.test", "//evil.test", "/\\evil.test", "\\\\evil", "javascript:1", "/a\r\nb"]
)
async def test_the_sign_in_leads_nowhere_else(world, where):
    await world.user()

    async with world.browser(origin=BASE) as browser:
        form = await browser.get("/sign-in")
        data = {"csrf": csrf_of(form.text), "name": "ana", "password": "correct horse battery", "next": where}
        entered = await browser.post("/sign-in", data=data)

    assert entered.headers["location"] == "/"


async def test_wrong_passwords_and_unknown_names_are_told_apart_by_nobody(world):
    await world.user()

    async with world.browser(origin=BASE) as browser:
        wrong = await sign_in(browser, "ana", "not the password")
        unknown = await sign_in(browser, "nobody", "not the password")

    assert (wrong.status_code, unknown.status_code) == (403, 403)
    assert wrong.text.replace("ana", "") == unknown.text.replace("nobody", "")
    assert "tandem-session" not in wrong.cookies


async def test_too_many_tries_are_slowed_down_even_with_the_right_password(world):
    await world.user()

    async with world.browser(origin=BASE) as browser:
        for _ in range(10):
            await sign_in(browser, "ana", "x")
        answer = await sign_in(browser, "ana")

    assert answer.status_code == 429
    assert "Wait a minute" in answer.text


async def test_every_sign_in_gives_a_new_session_and_signing_out_ends_it_on_the_server(world):
    await world.user()
    browser = await world.signed_in("ana")
    first = browser.cookies["tandem-session"]
    page = await browser.get("/")

    out = await browser.post("/sign-out", data={"csrf": csrf_of(page.text)})
    browser.cookies.set("tandem-session", first, domain="console.test", path="/")
    after = await browser.get("/", headers={"accept": "application/json"})
    browser.cookies.clear()
    await sign_in(browser, "ana")

    assert (out.status_code, after.status_code) == (303, 401)
    assert browser.cookies["tandem-session"] != first
    await browser.aclose()


async def test_a_session_ends_after_a_shift(world):
    await world.user()
    browser = await world.signed_in("ana")

    world.clock.advance(timedelta(hours=12, seconds=1))
    answer = await browser.get("/queue")

    assert answer.status_code == 303
    await browser.aclose()


async def test_cookies_are_kept_from_scripts_and_other_sites(world):
    await world.user()

    async with world.browser(origin=BASE) as browser:
        entered = await sign_in(browser, "ana")

    cookie = next(value for value in entered.headers.get_list("set-cookie") if value.startswith("tandem-session"))
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}


async def test_a_revoked_or_expired_token_is_worth_nothing(world):
    made = {}
    for name, lifetime in (("short", timedelta(hours=1)), ("long", None)):
        made[name] = await create_token(
            world.console.accounts,
            name=name,
            party=Party.MSP,
            role=Role.VIEWER,
            tenants=["acme"],
            now=NOW,
            lifetime=lifetime,
        )

    async def status(text):
        async with world.browser(accept="*/*", authorization=f"Bearer {text}") as api:
            return (await api.get("/api/v1/incidents")).status_code

    before = [await status(made[name][1]) for name in ("short", "long")]
    world.clock.advance(timedelta(hours=2))
    await world.console.accounts.revoke_token(made["long"][0].token_id, world.clock.now())
    after = [await status(made[name][1]) for name in ("short", "long")]

    assert (before, after) == ([200, 200], [401, 401])


@pytest.mark.parametrize("bearer", ["", "x", "tdm_", "tdm_" + "0" * 88, "tdm_" + "é" * 88, "tdm_" + "0" * 5000])
async def test_what_is_no_token_is_401(world, bearer):
    async with world.browser(accept="*/*") as api:
        answer = await api.get("/api/v1/incidents", headers={"authorization": b"Bearer " + bearer.encode()})

    assert answer.status_code == 401


async def test_the_database_holds_nothing_that_opens_a_door(world):
    token = await world.token("admin")
    await world.user()
    browser = await world.signed_in("ana")
    admin = await world.database.admin()

    dump = ""
    for name in ("user", "session", "token", "audit"):
        dump += str(await admin.fetch(f"select t::text from console.{name} t"))

    assert token[20:84] not in dump
    assert browser.cookies["tandem-session"] not in dump
    assert "correct horse" not in dump
    await browser.aclose()


async def test_a_star_is_every_tenant_with_an_active_agreement(world):
    await world.rows.agreement("acme")
    await world.bus.add(incident(tenant="acme"))
    await world.bus.add(incident(tenant="globex"))

    async with await world.api("admin", "msp", ["*"]) as api:
        before = (await api.get("/api/v1/incidents")).json()["items"]
        await world.rows.agreement("globex")
        world.clock.advance(timedelta(seconds=3))
        after = (await api.get("/api/v1/incidents")).json()["items"]

    assert ([each["tenant"] for each in before], len(after)) == (["acme"], 2)


async def test_rows_of_other_tenants_do_not_even_reach_the_console(world):
    await world.bus.add(incident(tenant="globex"))
    pool = await world.database.pool("tandem_console", max_size=1)

    seen = [
        await pool.fetchval(f"select count(*) from {view}")
        for view in ("router.incidents", "router.facts", "sla.clocks")
    ]

    assert seen == [0, 0, 0]


async def test_quarantine_integrations_and_agreement_stay_within_tenants_and_without_secrets(world):
    admin = await world.database.admin()
    for tenant in ("acme", "globex", None):
        await admin.execute(
            'insert into bus.quarantine (id, at, tenant, service, integration, topic, part, "offset", reason, raw)'
            " values (gen_random_uuid(), $1, $2, 'ingest', 'i', null, null, null, 'not JSON', 'x')",
            NOW, tenant,
        )  # fmt: skip
        if tenant:
            await world.rows.agreement(tenant, f"document of {tenant}")
            await admin.execute(
                "insert into agreement.integration (name, tenant, vendor, auth, header, created_at)"
                " values ($1, $2, 'wazuh', 'bearer', 'X-K', $3)",
                f"{tenant}-siem", tenant, NOW,
            )  # fmt: skip

    async with await world.api("lead") as lead:
        quarantine = (await lead.get("/api/v1/quarantine")).json()["items"]
        integrations = (await lead.get("/api/v1/integrations")).json()["items"]
        agreement = await lead.get("/api/v1/agreement")
        theirs = await lead.get("/api/v1/agreement?tenant=globex")

    assert [each["tenant"] for each in quarantine] == ["acme"]
    assert [each["name"] for each in integrations] == ["acme-siem"]
    assert agreement.json()["document"] == "document of acme"
    assert theirs.status_code == 404


async def test_the_audit_can_be_added_to_and_nothing_else(world):
    import asyncpg

    pool = await world.database.pool("tandem_console", max_size=1)

    for statement in ("update console.audit set who = 'x'", "delete from console.audit"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute(statement)
