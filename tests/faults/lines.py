"""A way to PostgreSQL that can be cut at a word: before the server hears it, or when it has done it and not said so."""

import select
import socket
import struct
import tempfile
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from threading import Lock, Thread

from config.embedded.postgres import PORT
from tests.faults.homes import DEADLINE

SYNC = b"S\0\0\0\4"
SOCKET = f".s.PGSQL.{PORT}"


@dataclass(frozen=True, slots=True)
class Cut:
    word: bytes
    after: bool


class Line:
    """Clients find it in `folder`, as they would find PostgreSQL. `cuts` counts those that happened."""

    def __init__(self, sockets: Path) -> None:
        self.target = str(sockets / SOCKET)
        self.folder = Path(tempfile.mkdtemp(prefix="laurel-line-"))
        self.cuts = 0
        self._planned: list[Cut] = []
        self._door = Lock()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.folder / SOCKET))
        self._listener.listen(50)
        Thread(target=self._accept, daemon=True).start()

    def cut(self, word: str, *, after: bool, skip: int = 0) -> None:
        """Plan a cut where a statement that contains `word` is executed, the first or a later one; then no more."""
        nothing = [Cut(word.encode(), after=False)] * skip
        self._planned = [*nothing, Cut(word.encode(), after)]

    def end(self) -> None:
        self._listener.close()
        rmtree(self.folder, ignore_errors=True)

    def _accept(self) -> None:
        while True:
            try:
                client, _address = self._listener.accept()
            except OSError:
                return
            Thread(target=self._carry, args=[client], daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server:
            try:
                server.connect(self.target)
                self._carry_between(client, server)
            except OSError:
                return  # one of them is gone, so the other one goes too

    def _carry_between(self, client: socket.socket, server: socket.socket) -> None:
        talk, said = Talk(), b""
        while True:
            ready, _, _ = select.select([client, server], [], [])
            if server in ready:
                if not (heard := server.recv(1 << 16)):
                    return
                client.sendall(heard)
            if client in ready:
                if not (heard := client.recv(1 << 16)):
                    return
                said += heard
                while message := _first_message(said, talk.is_greeted):
                    said = said[len(message) :]
                    if cut := self._cut_for(talk.statement_of(message)):
                        if cut.after:
                            while message[:1] == b"E" and not said.endswith(SYNC):
                                said += client.recv(1 << 16)
                            server.sendall(message + said)
                            _await_done(server)
                        return
                    server.sendall(message)

    def _cut_for(self, statement: bytes) -> Cut | None:
        with self._door:
            if not self._planned or self._planned[0].word not in statement:
                return None
            planned = self._planned.pop(0)
            if self._planned:
                return None  # one to be skipped
            self.cuts += 1
            return planned


class Talk:
    """What one client has said so far: a statement is told at once, or prepared, bound to values and executed."""

    def __init__(self) -> None:
        self.is_greeted = False
        self.prepared: dict[bytes, bytes] = {}
        self.bound = b""

    def statement_of(self, message: bytes) -> bytes:
        """The text of the statement that this message has the server execute; nothing for any other message."""
        kind, rest = message[:1] if self.is_greeted else b"", message[5:]
        self.is_greeted = True
        if kind == b"Q":
            return rest
        if kind == b"P":
            name, _zero, text = rest.partition(b"\0")
            self.prepared[name] = text.partition(b"\0")[0] + b"\0"
        elif kind == b"B":
            self.bound = self.prepared.get(rest.split(b"\0")[1], b"")
        return self.bound if kind == b"E" else b""


def _first_message(said: bytes, is_greeted: bool) -> bytes:
    """The first whole message, if it is there: a letter (not in the greeting), its length, its text."""
    start = 1 if is_greeted else 0
    if len(said) < start + 4:
        return b""
    (length,) = struct.unpack_from("!I", said, start)
    return said[: start + length] if len(said) >= start + length else b""


def _await_done(server: socket.socket) -> None:
    """Hear the server out until it is ready for the next question."""
    server.settimeout(DEADLINE)
    heard = b""
    while True:
        while message := _first_message(heard, True):
            heard = heard[len(message) :]
            if message[:1] == b"Z":
                return
        if not (more := server.recv(1 << 16)):
            return
        heard += more
