"""What the embedded servers have in common: a folder, an account, a command line, a socket and a log."""

import os
import shutil
import subprocess
from abc import ABC, abstractmethod
from pathlib import Path
from signal import Signals
from typing import Any

from config.embedded import folders
from config.embedded.account import Account, NoAccount, account_for

LOG_LIMIT = 16 * 1024 * 1024
TAIL_LINES = 12


class CannotStart(Exception):
    """An embedded server cannot run here; the text says why and what to do."""


class Server(ABC):
    """One server under one LAUREL_HOME. Two objects for the same server and home are equal."""

    name: str
    title: str
    socket: str
    instead: str  # the variable that names an outside server
    stop_signal: Signals

    def __init__(self, home: Path) -> None:
        self.home = home.resolve()
        self.data = self.home / self.name / "data"
        self.log = self.home / "log" / f"{self.name}.log"
        self.socket_folder = folders.socket_folder(self.home, self.name, self.socket)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Server) and (self.name, self.home) == (other.name, other.home)

    def __hash__(self) -> int:
        return hash((self.name, self.home))

    # --- what each server says about itself ---
    @abstractmethod
    def create(self) -> None:
        """Make the data of a server that never ran here."""

    @abstractmethod
    def command(self) -> list[str]:
        """What starts it, as a command line."""

    @abstractmethod
    def is_answering(self) -> bool:
        """Whether it takes connections now."""

    def clear_away(self) -> None:  # noqa: B027 most have nothing to remove
        """Remove what a server that was killed left and the next one would stumble over."""

    # --- what they share ---
    def account(self) -> Account:
        try:
            return account_for(self.home, self.data)
        except NoAccount:
            raise self.refusal("it must not run as root, and this machine has no account postgres or nobody") from None

    def lock(self, name: str) -> Path:
        return self.home / "run" / f"{self.name}.{name}"

    def socket_option(self) -> str:
        """The socket's folder as the server is told: relative, as it may not reach the folders above."""
        return "../run" if self.socket_folder == self.data.parent / "run" else str(self.socket_folder)

    def prepare(self) -> None:
        """Make the folders, and the data on the first start."""
        folders.make_passable(self.data.parent)
        try:
            folders.make_private(self.socket_folder, self.account())
        except (folders.UnsafeFolder, OSError) as error:
            raise self.refusal(str(error)) from error
        if not self.data.exists():
            self.create()

    def tidy(self) -> None:
        """After the server has stopped: leave nothing outside LAUREL_HOME."""
        if not self.socket_folder.is_relative_to(self.home):
            shutil.rmtree(self.socket_folder, ignore_errors=True)

    def environment(self) -> dict[str, str]:
        """A server inherits nothing that could change what it does."""
        return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TZ": "UTC"}

    def spawn(self, command: list[str], *, folder: Path, **options: Any) -> subprocess.Popen:
        """Run a program as the server's account, in that folder, with its output in the log."""
        with os.fdopen(folders.open_shared(self.log, os.O_WRONLY | os.O_APPEND), "ab") as log:
            given: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
            given |= options | self.account().popen()
            return subprocess.Popen(command, cwd=folder, env=self.environment(), **given)  # noqa: S603

    def rotate_log(self) -> None:
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.1"))

    def refusal(self, reason: str) -> CannotStart:
        text = f"{self.title} cannot start under {self.home}: {reason}"
        return CannotStart(f"{text}\nTo use another server, name it in {self.instead}.")

    def failure(self) -> CannotStart:
        """The refusal with the end of the server's own log."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return self.refusal("\n  ".join([f"{self.log} ends with", *lines[-TAIL_LINES:]]))
