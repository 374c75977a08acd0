"""People who use the API: each has a client of their own, logged in."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

PASSWORD = "correct horse battery"


@dataclass(frozen=True, slots=True)
class Person:
    api: httpx.AsyncClient
    account: dict[str, Any]
    email: str

    @property
    def organisation_id(self) -> str:
        personal: str = next(
            each["id"] for each in self.account["organisations"] if each["personal"]
        )
        return personal

    @property
    def token(self) -> str:
        return self.api.headers["Authorization"].removeprefix("Bearer ")

    def carry(self, access_token: str) -> None:
        self.api.headers["Authorization"] = f"Bearer {access_token}"

    async def course(self, title: str = "Memory") -> dict[str, Any]:
        answer = await self.api.post("/v1/courses", json={"title": title})
        assert answer.status_code == 201, answer.text
        course: dict[str, Any] = answer.json()
        return course

    async def enrol(self, student: "Person", course_id: str) -> None:
        code = (await self.api.post(f"/v1/courses/{course_id}/invitations")).json()["code"]
        joined = await student.api.post(f"/v1/invitations/{code}/accept")
        assert joined.status_code == 200, joined.text
        student.carry(joined.json()["access_token"])


Register = Callable[[str], Awaitable[Person]]


def client_of(app: FastAPI, address: str = "127.0.0.1", scheme: str = "http") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False, client=(address, 50000))
    return httpx.AsyncClient(transport=transport, base_url=f"{scheme}://studium.test")


@pytest.fixture
async def anonymous(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app) as api:
        yield api


@asynccontextmanager
async def registering(app: FastAPI) -> AsyncIterator[Register]:
    async with AsyncExitStack() as clients:

        async def register(name: str) -> Person:
            api = await clients.enter_async_context(client_of(app))
            email = f"{name.lower()}-{secrets.token_hex(4)}@school.test"
            wish = {"email": email, "password": PASSWORD, "name": name}
            answer = await api.post("/v1/auth/register", json=wish)
            assert answer.status_code == 201, answer.text
            session = answer.json()
            person = Person(api, session["account"], email)
            person.carry(session["access_token"])
            return person

        yield register


@pytest.fixture
async def register(app: FastAPI) -> AsyncIterator[Register]:
    async with registering(app) as register:
        yield register


@pytest.fixture
async def ada(register: Register) -> Person:
    return await register("Ada")


@pytest.fixture
async def ben(register: Register) -> Person:
    return await register("Ben")
