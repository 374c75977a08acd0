"""A teacher before and after a backup: what they uploaded, and what a Studium gives them back."""

from hashlib import sha256
from typing import Any

import httpx

from tests.flows.acceptance import PASSWORD

EMAIL = "teacher@school.test"


class Teacher:
    """What one person was told, by any Studium."""

    def __init__(self, url: str) -> None:
        self.api = httpx.Client(base_url=url, timeout=60)
        self.told: dict[str, str] = {}
        """Material → SHA-256 of what was uploaded."""
        self.course = ""

    def enter(self, way: str, **more: str) -> None:
        who = {"email": EMAIL, "password": PASSWORD, **more}
        session = self.ok("POST", f"/v1/auth/{way}", json=who)
        self.api.headers["Authorization"] = f"Bearer {session['access_token']}"

    def ok(self, method: str, path: str, **options: Any) -> Any:
        answer = self.api.request(method, path, **options)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def upload(self, content: bytes) -> str:
        files = {"file": ("book.pdf", content, "application/pdf")}
        path = f"/v1/courses/{self.course}/materials"
        material: str = self.ok("POST", path, files=files)["id"]
        self.told[material] = sha256(content).hexdigest()
        return material

    def statuses(self) -> dict[str, str]:
        listed = self.ok("GET", f"/v1/courses/{self.course}/materials")["items"]
        return {each["id"]: each["status"] for each in listed}

    def file(self, material: str) -> str:
        answer = self.api.get(f"/v1/materials/{material}/file")
        assert answer.is_success, answer.text
        return sha256(answer.content).hexdigest()
