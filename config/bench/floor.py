"""The floor: plain SQL by pgbench, from the binaries of the embedded PostgreSQL also where another one is asked."""

import os
import re
import subprocess
from dataclasses import dataclass
from typing import Any

from django.core.management.base import CommandError
from django.db import connection
from psycopg import sql

from config.bench.meter import Statement
from config.embedded.postgres import program

# The parameters of a connection as libpq's programs know them.
VARIABLES = {
    "dbname": "PGDATABASE",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "host": "PGHOST",
    "port": "PGPORT",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "service": "PGSERVICE",
    "passfile": "PGPASSFILE",
}
RATE = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)
FAILED = re.compile(r"^number of failed transactions: ([1-9][0-9]*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Variable:
    """A value of a statement that differs from one transaction to the next, by its name in pgbench."""

    name: str


def script_of(statement: Statement) -> str:
    """The statement as a line of pgbench; parameters that are of the type Variable stay open."""
    text, parameters = statement
    return text % tuple(_literal(parameter) for parameter in parameters) + ";\n"


def rate_of(script: str, *, transactions: int, clients: int = 1, options: str = "", **variables: int) -> float:
    """Transactions per second, prepared, `transactions` by each client; `options` as in libpq's PGOPTIONS.

    In the script `:turn` counts the transactions of a client from 1, `:number` those of all clients, none twice.
    """
    lead = f"\\set turn :turn + 1\n\\set number :turn * {clients} + :client_id\n"
    command = [str(program("pgbench")), "--no-vacuum", "--protocol=prepared", f"--transactions={transactions}"]
    command += [f"--client={clients}", f"--jobs={min(clients, 2)}", "--file=-"]
    for name, value in {"turn": 0, **variables}.items():
        command.append(f"--define={name}={value}")
    done = _run(command, lead + script, options)
    if (rate := RATE.search(done)) is None or FAILED.search(done):
        raise CommandError(f"pgbench could not measure:\n{done}")
    return float(rate[1])


def environment(options: str = "") -> dict[str, str]:
    """How a program of libpq's finds the database to which `connection` leads."""
    found: dict[str, Any] = connection.get_connection_params()
    named = {VARIABLES[name]: str(value) for name, value in found.items() if name in VARIABLES and value}
    given = " ".join(filter(None, [found.get("options"), options]))
    return {**os.environ, **named, **({"PGOPTIONS": given} if given else {})}


def _run(command: list[str], script: str, options: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 our own binary
            command, input=script, env=environment(options), text=True, capture_output=True, check=False
        )
    except OSError as error:
        raise CommandError(f"The floor is measured by pgbench, which does not run here: {error}") from error
    if done.returncode:
        raise CommandError(f"pgbench could not measure:\n{done.stderr}")
    return done.stdout


def _literal(parameter: Any) -> str:
    if isinstance(parameter, Variable):
        return f":{parameter.name}"
    connection.ensure_connection()
    return sql.Literal(parameter).as_string(connection.connection)
