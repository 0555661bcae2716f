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
        """Plan a cut at the first message that contains `word`, or at a later one; the next messages are not harmed."""
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
        said, is_greeted = b"", False
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
                while message := _first_message(said, is_greeted):
                    said, is_greeted = said[len(message) :], True
                    if cut := self._cut_for(message):
                        if cut.after:
                            server.sendall(message)
                            _await_done(server)
                        return
                    server.sendall(message)

    def _cut_for(self, message: bytes) -> Cut | None:
        with self._door:
            if not self._planned or self._planned[0].word not in message:
                return None
            planned = self._planned.pop(0)
            if self._planned:
                return None  # one to be skipped
            self.cuts += 1
            return planned


def _first_message(said: bytes, is_greeted: bool) -> bytes:
    """The first whole message, if it is there: a letter (not in the greeting), its length, its text."""
    start = 1 if is_greeted else 0
    if len(said) < start + 4:
        return b""
    (length,) = struct.unpack_from("!I", said, start)
    return said[: start + length] if len(said) >= start + length else b""


def _await_done(server: socket.socket) -> None:
    """Hear the server out until it is ready for the next question."""
    heard = b""
    while True:
        while message := _first_message(heard, True):
            heard = heard[len(message) :]
            if message[:1] == b"Z":
                return
        if not (more := server.recv(1 << 16)):
            return
        heard += more
