"""People and tokens: what is refused, what is stored, that a password is checked the same for everybody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tandem.errors import Refused
from tandem.model.ownership import Party
from tandem_console import tokens
from tandem_console.access import Role
from tandem_console.accounts import create_token, create_user, open_session, password_fits

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)


class Rows:
    """Keeps accounts in lists; its dice count."""

    def __init__(self):
        self.users, self.tokens, self.sessions = [], [], []
        self.thrown = 0

    def entropy(self, length):
        self.thrown += 1
        return bytes([self.thrown]) * length

    async def add_user(self, user, password_hash):
        self.users.append((user, password_hash))

    async def add_token(self, token, digest):
        self.tokens.append((token, digest))

    async def add_session(self, session_id, user_id, csrf, now, until):
        self.sessions.append((session_id, user_id, csrf, now, until))


async def made(rows, **changes):
    values = {
        "name": "ana",
        "password": "correct horse",
        "party": Party.INTERNAL,
        "role": Role.LEAD,
        "tenants": ["acme"],
        "now": NOW,
    }
    return await create_user(rows, **{**values, **changes})


async def test_a_user_is_stored_with_a_hash_that_its_password_fits():
    rows = Rows()

    user = await made(rows)

    stored = rows.users[0][1]
    assert "correct horse" not in stored
    assert (password_fits("correct horse", stored), password_fits("correct hors", stored)) == (True, False)
    assert (user.person, user.tenants) == ("ana", ("acme",))


async def test_a_stolen_hash_is_dear_to_guess():
    rows = Rows()

    await made(rows)

    # The second recommendation of RFC 9106: 64 MiB, three passes, four lanes.
    assert rows.users[0][1].startswith("$argon2id$v=19$m=65536,t=3,p=4$")


@pytest.mark.parametrize(
    "changes",
    [
        {"password": "short"},
        {"password": "x" * 201},
        {"name": " "},
        {"name": "x" * 101},
        {"name": "a\nb"},
        {"tenants": []},
        {"tenants": ["a,b"]},
        {"tenants": [""]},
        {"tenants": ["x" * 65]},
    ],
)
async def test_an_unfit_account_is_refused(changes):
    rows = Rows()

    with pytest.raises(Refused):
        await made(rows, **changes)

    assert rows.users == []


def test_an_unknown_name_fits_no_password_not_even_the_dummys():
    assert not password_fits("a password that nobody has", None)


async def test_a_token_is_stored_as_the_hash_of_what_is_shown():
    rows = Rows()

    token, text = await create_token(
        rows, name="ci", party=Party.MSP, role=Role.VIEWER, tenants=["*"], now=NOW, lifetime=timedelta(days=1)
    )

    read = tokens.read(text)
    assert read is not None
    assert (read.token_id, read.digest) == (token.token_id, rows.tokens[0][1])
    assert token.expires_at == NOW + timedelta(days=1)


async def test_a_session_is_stored_as_the_hash_of_its_cookie_and_ends_with_the_shift():
    rows = Rows()
    user = await made(rows)

    session = await open_session(rows, user.user_id, NOW)

    session_id, _, csrf, _, until = rows.sessions[0]
    assert session_id == tokens.digest_of(bytes.fromhex(session.cookie))
    assert session.cookie not in (session_id.hex(), csrf)
    assert until == NOW + timedelta(hours=12)
