"""Asks a web server over some connections for some seconds, as fast as it answers, and tells how that went.

A process of its own (`python -m config.bench.load`, a Load as JSON on stdin, Answered as JSON on stdout), since threads
would share our Python, and as frugal as can be, since it shares the processors with the server.
"""

import json
import selectors
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import count
from statistics import quantiles
from typing import Any

NUMBER = "{number}"  # stands for a number of its own in every request
BUFFER = 65_536
FEWEST = 40
PATIENCE = 60  # seconds


@dataclass(frozen=True, slots=True)
class Load:
    """What to ask for. `heads` go round by connection, `paths` and `bodies` by request; `run` tells loads apart."""

    port: int
    seconds: float
    connections: int
    method: str
    paths: list[str]
    heads: list[dict[str, str]] = field(default_factory=lambda: [{}])
    bodies: list[str] = field(default_factory=lambda: [""])
    status: int = 200
    run: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """Requests per second, and the seconds that half and 99 % of them took at most; `wrong` counts other statuses."""

    rate: float
    median: float
    p99: float
    count: int
    wrong: dict[str, int]


def ask(load: Load) -> Answered:
    """Run it in a process of its own. Raises RuntimeError when the server refuses what it should have answered."""
    command = [sys.executable, "-m", "config.bench.load"]
    done = subprocess.run(command, input=json.dumps(asdict(load)), text=True, capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        raise RuntimeError(done.stderr)
    answered = Answered(**json.loads(done.stdout))
    if answered.wrong:
        raise RuntimeError(f"{load.method} {load.paths[0]} was answered with {answered.wrong}")
    return answered


class Line:
    """One connection, with one request on its way."""

    def __init__(self, load: Load, number: int) -> None:
        self._load = load
        head = {"Host": "127.0.0.1", **load.heads[number % len(load.heads)]}
        self._head = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        self.socket = socket.create_connection(("127.0.0.1", load.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent_at = 0.0
        self._received = b""

    def send(self, number: int) -> None:
        load = self._load
        own = f"{load.run}-{number}"
        body = load.bodies[number % len(load.bodies)].replace(NUMBER, own).encode()
        path, head = load.paths[number % len(load.paths)], self._head.replace(NUMBER, own)
        lead = f"{load.method} {path} HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n"
        self._received = b""
        self.sent_at = time.perf_counter()
        self.socket.sendall(lead.encode() + body)

    def receive(self) -> int | None:
        """The status once the whole answer is there."""
        some = self.socket.recv(BUFFER)
        if not some:
            raise ConnectionError("the server hung up")
        self._received += some
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found:
            return None
        length = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
        return int(head[9:12]) if len(body) >= int(length or 0) else None


def run(load: Load) -> Answered:
    """Every line asks again as soon as it is answered. The first answer to each, and what is still on its way at the
    end, do not count; a server that is slow gets as long as `FEWEST` answers take.
    """
    lines = [Line(load, number) for number in range(load.connections)]
    numbers, told = count(), Told([], Counter())
    with selectors.DefaultSelector() as selector:
        for line in lines:
            selector.register(line.socket, selectors.EVENT_READ, line)
            line.send(next(numbers))
        for _first in lines:
            _next(selector, numbers, Told([], told.statuses))
        started = now = time.perf_counter()
        while now < started + load.seconds or len(told.times) < FEWEST:
            now = _next(selector, numbers, told)
    for line in lines:
        line.socket.close()
    cuts = quantiles(told.times, n=100)
    wrong = {str(status): number for status, number in told.statuses.items() if status != load.status}
    return Answered(len(told.times) / (now - started), cuts[49], cuts[98], len(told.times), wrong)


@dataclass(frozen=True, slots=True)
class Told:
    """The seconds that answers took, and their statuses."""

    times: list[float]
    statuses: Counter[int]


def _next(selector: selectors.BaseSelector, numbers: Iterator[int], told: Told) -> float:
    """Wait until some line is answered, and have it ask again; returns when that was."""
    while events := selector.select(PATIENCE):
        for key, _events in events:
            line: Line = key.data
            if (status := line.receive()) is not None:
                now = time.perf_counter()
                told.times.append(now - line.sent_at)
                told.statuses[status] += 1
                line.send(next(numbers))
                return now
    raise TimeoutError(f"no answer within {PATIENCE} seconds")


def main() -> None:
    facts: dict[str, Any] = json.load(sys.stdin)
    print(json.dumps(asdict(run(Load(**facts)))))


if __name__ == "__main__":
    main()
