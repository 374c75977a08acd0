"""What another site makes a browser send (CSRF); its sockets: `tests/runtime/test_websocket.py`."""

import httpx
import pytest

from studium.runtime.origins import is_ours
from tests.services.conftest import PASSWORD, Person

OURS, FOREIGN = "http://studium.test", "https://elsewhere.test"
OPENED_BY_A_COOKIE = ("refresh", "logout", "login", "register", "password")


def test_whose_page_asks() -> None:
    assert is_ours({"host": "a.test"}, "")  # no browser
    assert is_ours({"host": "a.test", "origin": "http://a.test"}, "")
    assert is_ours({"host": "inside:8000", "origin": "https://a.test"}, "https://a.test")
    assert not is_ours({"host": "a.test", "origin": "http://b.a.test"}, "")
    assert not is_ours({"host": "a.test", "origin": "http://a.test:81"}, "")
    assert not is_ours({"host": "a.test", "origin": "null"}, "")
    assert not is_ours({"host": "", "origin": "null"}, "")


@pytest.mark.parametrize("path", OPENED_BY_A_COOKIE)
async def test_another_site_s_page_opens_nothing_by_a_cookie(ada: Person, path: str) -> None:
    method = "PUT" if path == "password" else "POST"
    wish = {
        "email": ada.email,
        "password": PASSWORD,
        "name": "N",
        "current": PASSWORD,
        "new": "x" * 9,
    }
    answer = await ada.api.request(
        method, f"/v1/auth/{path}", json=wish, headers={"origin": FOREIGN}
    )
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[-1]) == (403, "foreign-origin")
    assert (await ada.api.post("/v1/auth/refresh", headers={"origin": OURS})).status_code == 200


async def test_json_that_came_as_a_form_is_not_read(anonymous: httpx.AsyncClient) -> None:
    """What a form can send without asking first (Fetch, CORS-safelisted) changes nothing."""
    wish = b'{"email": "a@school.test", "password": "a long sentence", "name": "N"}'
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        answer = await anonymous.post(
            "/v1/auth/register", content=wish, headers={"content-type": kind}
        )
        assert answer.status_code in {415, 422}, kind


async def test_no_other_origin_may_read_an_answer(ada: Person) -> None:
    asks = {"origin": FOREIGN, "access-control-request-method": "GET"}
    for method in ("GET", "OPTIONS"):
        answer = await ada.api.request(method, "/v1/auth/me", headers=asks)
        assert not [name for name in answer.headers if name.startswith("access-control-")]
