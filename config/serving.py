"""What `demo` and `up` share: set up with a progress bar, then web, worker and scheduler until Ctrl-C."""

import os
import sys
from collections.abc import Callable, Iterable
from functools import partial

from django.core.management.base import CommandError, CommandParser
from django.db import connections
from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from config.preparation import PortRefused, Report, collect_static, free_port, migrate
from config.sample.people import SignIn
from config.supervisor import Child, GaveUp, Supervisor, answers

HOST, PORT = "127.0.0.1", 8000
WEB_WORKERS, WEB_THREADS, TASK_PROCESSES = 2, 4, 2
ANY_HOST = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 where one listens, where one asks

Step = tuple[str, Callable[[Report], None]]

console = Console()


def add_address(parser: CommandParser) -> None:
    parser.add_argument("--host", default=HOST, help=f"address to listen on (default {HOST})")
    parser.add_argument("--port", type=int, default=PORT, help=f"port, or the next free one (default {PORT})")


def set_up(*further: Step) -> None:
    """Bring tables and static files up to date, then take the further steps, with a progress bar."""
    steps: list[Step] = [("Tables", migrate), ("Static files", collect_static), *further]
    columns = TextColumn("{task.description:<16}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console) as progress:
        for title, take in steps:
            task = progress.add_task(title, total=None)
            take(partial(_show, progress, task))
            _finish(progress, task)
    connections.close_all()


def serve(host: str, port: int, sign_ins: Iterable[SignIn] = ()) -> None:
    """Run web, worker and scheduler until Ctrl-C or SIGTERM. Raises CommandError when one cannot start."""
    try:
        found = free_port(host, port)
    except PortRefused as error:
        raise CommandError(str(error)) from error
    if found != port:
        console.print(f"Port {port} is taken: using {found}.", style="yellow")
    reach = ANY_HOST.get(host, host)
    address = f"http://{f'[{reach}]' if ':' in reach else reach}:{found}"
    environ = {"SITE_URL": address, **os.environ}
    try:
        Supervisor(_children(host, found), console, environ).run(
            is_ready=lambda: answers(reach, found),
            when_ready=lambda: print_welcome(address, sign_ins),
        )
    except GaveUp as error:
        raise CommandError(str(error)) from error
    console.print("Stopped.")


def print_welcome(address: str, sign_ins: Iterable[SignIn]) -> None:
    table = Table.grid(padding=(0, 2))
    for title, path in (("Members", "/"), ("Staff", "/admin/"), ("API", "/api/v1/docs")):
        table.add_row(title, f"{address}{path}")
    console.print(Panel(table, title="Laurel is running", subtitle="Ctrl-C stops it", expand=False))
    print_sign_ins(sign_ins)


def print_sign_ins(sign_ins: Iterable[SignIn]) -> None:
    table = Table(title="Sample sign-ins")
    for title in ("Who", "Role", "E-mail", "Password", "Page"):
        table.add_column(title, no_wrap=title != "Role")
    for one in sign_ins:
        table.add_row(one.who, one.role, one.email, one.password, one.path)
    if table.row_count:
        console.print(table)


def _show(progress: Progress, task: TaskID, done: int, total: int) -> None:
    progress.update(task, completed=done, total=total)


def _finish(progress: Progress, task: TaskID) -> None:
    """Full, whatever the step said: one that found everything done says nothing."""
    total = progress.tasks[task].total or 1
    progress.update(task, completed=total, total=total)


def web_command(host: str, port: int) -> list[str]:
    """The web server as a command line; what it serves is config.wsgi under the settings of its environment."""
    web = f"granian --interface wsgi --workers {WEB_WORKERS} --blocking-threads {WEB_THREADS}".split()
    web += ["--no-ws", "--respawn-failed-workers", "--workers-kill-timeout", "10", "--host", host, "--port", str(port)]
    return [sys.executable, "-m", *web, "config.wsgi:application"]


def _children(host: str, port: int) -> list[Child]:
    python = [sys.executable, "-m"]
    worker = f"celery --quiet -A config worker --loglevel INFO --concurrency {TASK_PROCESSES}".split()
    beat = "celery --quiet -A config beat --loglevel INFO --pidfile=".split()
    return [
        Child("web", "green", web_command(host, port)),
        Child("worker", "blue", [*python, *worker, "--without-gossip", "--without-mingle"]),
        Child("beat", "magenta", [*python, *beat]),
    ]
