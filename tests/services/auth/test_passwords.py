"""Which passwords are taken, how they are kept, and how one is changed."""

from uuid import UUID

import httpx
import pytest
from argon2 import PasswordHasher
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from studium.runtime.database import Scope
from studium.runtime.engines import Engines
from studium.services.auth.models import Credential
from studium.services.auth.passwords import hash_password, is_outdated
from studium.services.auth.weak import weakness
from tests.services.conftest import PASSWORD, Person

CHANGE = "/v1/auth/password"
NEW = "a staple of correct batteries"


def slug(answer: httpx.Response) -> str:
    return str(answer.json()["type"]).rsplit("/", 1)[-1]


def test_the_three_thousand_most_common_are_refused() -> None:
    allowed_by_length = [each for each in FREQUENCY_LISTS["passwords"] if len(each) >= 8]
    assert len(allowed_by_length) > 3000
    assert all(weakness(each, "a@b.test", "N") for each in allowed_by_length[:3000])
    assert weakness("PassWord", "a@b.test", "N")
    assert not weakness(PASSWORD, "a@b.test", "N")


@pytest.mark.parametrize(
    "password",
    ["studium!", "Studium-2026", "ada.lovelace1815", "LovelaceLovelace", "analytical-engine1"],
)
def test_what_is_about_the_person_or_us_is_refused(password: str) -> None:
    assert weakness(password, "ada.lovelace@analytical-engine.test", "Countess of Lovelace")


@pytest.mark.parametrize(
    "password", ["lovelace likes machines", "abababab cd", "das Studium ist lang", "Ж" * 8, " " * 9]
)
def test_nothing_else_is(password: str) -> None:
    assert weakness(password, "ada.lovelace@analytical-engine.test", "Ada Lovelace") is None


async def test_a_common_password_makes_no_account(anonymous: httpx.AsyncClient) -> None:
    wish = {"email": "weak@school.test", "password": "sunshine", "name": "N"}
    answer = await anonymous.post("/v1/auth/register", json=wish)
    assert (answer.status_code, slug(answer)) == (422, "weak-password")
    assert "sunshine" not in answer.text


@pytest.mark.parametrize(
    "password", ["ж" * 64, "x y" * 80, "\t leading, trailing \n", "Ｗｉｄｅ ｔｅｘｔ"]
)
async def test_a_password_counts_as_it_was_typed(
    anonymous: httpx.AsyncClient, password: str
) -> None:
    """Any characters, 64 and more of them, none cut off, folded or trimmed."""
    email = f"typed-{abs(hash(password))}@school.test"
    wish = {"email": email, "password": password, "name": "N"}
    assert (await anonymous.post("/v1/auth/register", json=wish)).status_code == 201
    for other in (password[:-1], password.strip()[1:], password.swapcase() + "x"):
        bad = await anonymous.post("/v1/auth/login", json={"email": email, "password": other})
        assert bad.status_code == 401, other
    assert (await anonymous.post("/v1/auth/login", json=wish)).status_code == 200


async def test_changing_it_needs_the_present_one(ada: Person) -> None:
    wish = {"current": "not the one", "new": NEW}
    answer = await ada.api.put(CHANGE, json=wish)
    assert (answer.status_code, slug(answer)) == (403, "wrong-password")
    weak = await ada.api.put(CHANGE, json={"current": PASSWORD, "new": "sunshine"})
    assert (weak.status_code, slug(weak)) == (422, "weak-password")
    old = {"email": ada.email, "password": PASSWORD}
    assert (await ada.api.post("/v1/auth/login", json=old)).status_code == 200


async def test_changing_it_ends_every_other_session(
    ada: Person, anonymous: httpx.AsyncClient
) -> None:
    old = {"email": ada.email, "password": PASSWORD}
    assert (await anonymous.post("/v1/auth/login", json=old)).status_code == 200
    changed = await ada.api.put(CHANGE, json={"current": PASSWORD, "new": NEW})
    assert changed.status_code == 200
    assert (await anonymous.post("/v1/auth/refresh")).status_code == 401
    assert (await ada.api.post("/v1/auth/refresh")).status_code == 200
    assert (await anonymous.post("/v1/auth/login", json=old)).status_code == 401
    new = {"email": ada.email, "password": NEW}
    assert (await anonymous.post("/v1/auth/login", json=new)).status_code == 200


async def test_guessing_it_by_changing_it_ends_too(ada: Person) -> None:
    wish = {"current": "not the one", "new": NEW}
    answers = [await ada.api.put(CHANGE, json=wish) for _ in range(11)]
    assert [each.status_code for each in answers] == [403] * 10 + [429]


async def kept(engines: Engines, person: Person) -> str:
    account_id = UUID(person.account["id"])
    async with engines.users.transaction(Scope(account_id=account_id)) as session:
        return (await session.get_one(Credential, account_id)).password_hash


async def test_it_is_kept_as_argon2id(ada: Person, engines: Engines) -> None:
    """At least 19 MiB, two passes, one lane (OWASP Password Storage Cheat Sheet), own salt."""
    found = await kept(engines, ada)
    scheme, version, parameters = found.split("$")[1:4]
    told = {name: int(value) for name, value in (each.split("=") for each in parameters.split(","))}
    assert (scheme, version) == ("argon2id", "v=19")
    assert told["m"] >= 19 * 1024
    assert told["t"] >= 2
    assert found != await hash_password(PASSWORD)


async def test_a_hash_of_older_strength_is_made_anew_at_log_in(
    ada: Person, engines: Engines
) -> None:
    account_id = UUID(ada.account["id"])
    weaker = PasswordHasher(time_cost=1, memory_cost=8192).hash(PASSWORD)
    async with engines.users.transaction(Scope(account_id=account_id)) as session:
        (await session.get_one(Credential, account_id)).password_hash = weaker
    wish = {"email": ada.email, "password": PASSWORD}
    assert (await ada.api.post("/v1/auth/login", json=wish)).status_code == 200
    assert not is_outdated(await kept(engines, ada))
