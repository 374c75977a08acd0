"""A teacher who uploads book after book, whatever breaks, and writes down what they were told."""

import asyncio
import json
import random
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from tests.faults.journal import Account, Journal

PASSWORD = "correct horse battery"
TRIES_AGAIN = (httpx.TransportError, WebSocketException, OSError, TimeoutError)


class NotYetError(Exception):
    """The answer was an error that time may mend."""


@dataclass(slots=True)
class Person:
    email: str
    webs: list[str]
    book: bytes
    journal: Journal
    token: str = ""
    leaving: asyncio.Event = field(default_factory=asyncio.Event)
    """No new book; the one in hand is waited for."""
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def account(self) -> Account:
        return self.journal.accounts[self.email]

    async def live(self) -> None:
        """Until `leaving` is set and every book in hand is settled."""
        self.journal.accounts.setdefault(self.email, Account(self.email))
        await self._insisting(self._enter)
        listening = asyncio.create_task(self._listen())
        try:
            while True:
                for material in set(self.account.acknowledged) - self.account.settled:
                    await self._settle(material)
                if self.leaving.is_set():
                    return
                await self._upload_one()
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    # ── calls ─────────────────────────────────────────────────────────────────────────────────
    async def _insisting(self, call: Any) -> Any:
        """Repeats until it is answered, each time at another web."""
        while True:
            try:
                return await call()
            except (*TRIES_AGAIN, NotYetError):
                await asyncio.sleep(random.uniform(0.1, 0.5))

    async def _ask(self, method: str, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        async with httpx.AsyncClient(base_url=random.choice(self.webs), timeout=15) as client:
            answer = await client.request(method, path, headers=headers, **options)
        if answer.status_code == 401:
            self.token = ""
            await self._enter()
            raise NotYetError
        if answer.status_code in {408, 409, 429} or answer.status_code >= 500:
            raise NotYetError(answer.text)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def _enter(self) -> None:
        """Registers; where that was done before the answer was lost, logs in."""
        who = {"email": self.email, "password": PASSWORD}
        async with httpx.AsyncClient(base_url=random.choice(self.webs), timeout=15) as client:
            answer = await client.post("/v1/auth/register", json={**who, "name": "Teacher"})
            if answer.status_code == 409:
                answer = await client.post("/v1/auth/login", json=who)
        if not answer.is_success:
            raise NotYetError(answer.text)
        self.token = answer.json()["access_token"]

    # ── books ─────────────────────────────────────────────────────────────────────────────────
    async def _upload_one(self) -> None:
        async def made() -> Any:
            return await self._ask("POST", "/v1/courses", json={"title": "Memory"})

        course = (await self._insisting(made))["id"]

        async def sent() -> Any:
            files = {"file": ("book.pdf", self.book, "application/pdf")}
            return await self._ask("POST", f"/v1/courses/{course}/materials", files=files)

        material = (await self._insisting(sent))["id"]
        self.journal.write("acknowledged", email=self.email, material=material, course=course)

    async def _settle(self, material: str) -> None:
        """Waits for the notes. What became of them is for the checker to say."""
        while True:
            seen = await self._insisting(lambda: self._ask("GET", f"/v1/materials/{material}"))
            if seen["status"] not in {"processing", "ready"} or await self._has_notes(material):
                self.journal.write("settled", email=self.email, material=material)
                return
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), 2)
            except TimeoutError:
                continue

    async def _has_notes(self, material: str) -> bool:
        notes = await self._insisting(lambda: self._ask("GET", f"/v1/materials/{material}/notes"))
        return bool(notes["status"] != "writing")

    # ── the socket ────────────────────────────────────────────────────────────────────────────
    async def _listen(self) -> None:
        while True:
            try:
                await self._listen_once()
            except (*TRIES_AGAIN, NotYetError):
                await asyncio.sleep(random.uniform(0.05, 0.3))

    async def _listen_once(self) -> None:
        base = random.choice(self.webs)
        ticket = (await self._ask("POST", "/v1/realtime/ticket"))["ticket"]
        since = self.account.seen[-1] if self.account.seen else 0
        url = f"{base.replace('http', 'ws', 1)}/v1/ws?ticket={ticket}&since={since}"
        async with connect(url, ping_interval=2, ping_timeout=4, open_timeout=5) as socket:
            async for text in socket:
                self._heard(json.loads(text))

    def _heard(self, message: dict[str, Any]) -> None:
        if message["type"] == "reset":
            self.journal.write("reset", email=self.email)
        elif "id" in message and message["type"] != "hello":
            told = [message[name] for name in ("type", "material_id", "created_at")]
            self.journal.write("seen", email=self.email, id=message["id"], told=told)
            self._changed.set()

    async def caught_up(self, last: int, seconds: float) -> None:
        """Listens until the notification with this number has come, or for so long."""
        listening = asyncio.create_task(self._listen())
        try:
            async with asyncio.timeout(seconds):
                while not self.account.seen or self.account.seen[-1] < last:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return  # What is missing is for the checker to say.
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
