"""A mail server that keeps what it is sent, and can be told to fail."""

import socketserver
from contextlib import suppress
from email import message_from_bytes
from email.message import Message
from threading import Thread


class _Conversation(socketserver.StreamRequestHandler):
    """As much of SMTP as a client needs to hand over one letter after another."""

    def handle(self) -> None:
        with suppress(ConnectionError):  # clients may be killed
            self._talk()

    def _talk(self) -> None:
        self._say("220 letterbox")
        while line := self.rfile.readline().upper():
            if line.startswith(b"DATA"):
                self._say("354 go on")
                self._keep()
            elif line.startswith(b"QUIT"):
                self._say("221 bye")
                return
            else:
                self._say("250 letterbox")

    def _keep(self) -> None:
        text = b""
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return
            text += line[1:] if line.startswith(b"..") else line
        self.server.letters.append(message_from_bytes(text))
        self._say("250 kept")

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


class Letterbox(socketserver.ThreadingTCPServer):
    """`letters` are those that it took; `url` is its EMAIL_URL."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.letters: list[Message] = []
        self.url = f"smtp://127.0.0.1:{self.server_address[1]}"
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def end(self) -> None:
        self.shutdown()
        self.server_close()

    @property
    def recipients(self) -> list[str]:
        return sorted(letter["To"] for letter in self.letters)
