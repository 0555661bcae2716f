"""Tills that speak HTTP to a real server, and ask again under the same key until they are told."""

import http.client
import json
import socket
import time
from collections import Counter
from dataclasses import dataclass, field
from threading import Condition
from typing import Any

from tests.faults.homes import DEADLINE

PATIENCE = 0.05  # seconds between two attempts


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def is_done(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Heard:
    """What all tills heard: how often which status, and what was acknowledged; wakes those who wait for a number."""

    statuses: Counter = field(default_factory=Counter)
    replies: dict[str, list[Reply]] = field(default_factory=dict)
    changed: Condition = field(default_factory=Condition)

    def hear(self, key: str, reply: Reply | None) -> None:
        with self.changed:
            self.statuses[reply.status if reply else "nothing"] += 1
            if reply and reply.is_done:
                self.replies.setdefault(key, []).append(reply)
            self.changed.notify_all()

    def await_acknowledged(self, number: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.acknowledged >= number, DEADLINE)

    @property
    def acknowledged(self) -> int:
        return sum(len(replies) for replies in self.replies.values())


class Till:
    """One till: a connection of its own, which it opens anew when it breaks."""

    def __init__(self, port: int, secret: str, heard: Heard) -> None:
        self.port, self.secret, self.heard = port, secret, heard
        self.line: http.client.HTTPConnection | None = None

    def post(self, path: str, body: Any, key: str) -> Reply | None:
        """What the server answers; None when nothing comes back."""
        headers = {
            "Authorization": f"Bearer {self.secret}",
            "Content-Type": "application/json",
            "Idempotency-Key": key,
        }
        try:
            self.line = self.line or http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
            self.line.request("POST", f"/api/v1{path}", json.dumps(body), headers)
            answer = self.line.getresponse()
            reply = Reply(answer.status, answer.read(), dict(answer.getheaders()))
        except (OSError, http.client.HTTPException):
            self.hang_up()
            reply = None
        self.heard.hear(key, reply)
        return reply

    def insist(self, path: str, body: Any, key: str) -> Reply:
        """Ask until it is done. What is neither done nor worth another try fails the test."""
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            reply = self.post(path, body, key)
            if reply and reply.is_done:
                return reply
            assert reply is None or reply.status in (409, 503), (reply.status, reply.body)
            assert reply is None or reply.headers.get("Retry-After") or reply.headers.get("retry-after"), reply
            time.sleep(PATIENCE)
        raise AssertionError(f"{key} was never answered")

    def hang_up(self) -> None:
        if self.line:
            self.line.close()
        self.line = None


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def is_well(port: int) -> bool:
    """Whether the web answers there and its database too."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        line.request("GET", "/healthz")
        return line.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()


def purchase(number: str, receipt: str, amount: str = "10.00", source: str = "till") -> dict[str, Any]:
    return {
        "source": source,
        "receipt": receipt,
        "member": number,
        "at": "2024-05-01T12:00:00Z",
        "currency": "NOK",
        "lines": [{"sku": "tea", "quantity": 1, "amount": amount}],
    }
