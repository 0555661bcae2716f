"""The databases of one run: made beside the operator's, dropped afterwards whatever happens."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, connections
from psycopg import sql

PREFIX = "laurel_bench_"
ABANDONED = """
SELECT d.datname FROM pg_database d
WHERE starts_with(d.datname, %s) AND pg_get_userbyid(d.datdba) = current_user
  AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE starts_with(a.datname, left(d.datname, 21)))
"""


@dataclass(frozen=True, slots=True)
class Place:
    """`name` is the database to work in; `fresh` is migrated and stays empty, so that others can be made from it.

    `operators` is the one to which `connection` led before: nothing in it is read or written but the list of databases.
    """

    name: str
    fresh: str
    operators: str

    @contextmanager
    def another(self, suffix: str) -> Iterator[str]:
        """One more empty database, until the end; yields its name."""
        with _made(self.operators, f"{self.fresh}_{suffix}", self.fresh) as name:
            yield name


@contextmanager
def own_place() -> Iterator[Place]:
    """New databases; `connection` leads to the one to work in meanwhile.

    What a run that was killed left behind goes first. Raises CommandError where the role may not create databases.
    """
    _ensure_allowed()
    operators = connection.settings_dict["NAME"]
    for name in _abandoned():
        drop(operators, name)
    with _made(operators, f"{PREFIX}{secrets.token_hex(4)}", "template0") as fresh:
        with leading_to(fresh):
            call_command("migrate", verbosity=0, interactive=False)
        with _made(operators, f"{fresh}_work", fresh) as name, leading_to(name):
            yield Place(name, fresh, operators)


@contextmanager
def _made(operators: str, name: str, template: str) -> Iterator[str]:
    create(operators, name, template)
    try:
        yield name
    finally:
        drop(operators, name)


@contextmanager
def leading_to(name: str) -> Iterator[None]:
    """`connection` leads to another database of the same server meanwhile."""
    before = connection.settings_dict["NAME"]
    _lead_to(name)
    try:
        yield
    finally:
        _lead_to(before)


def create(operators: str, name: str, template: str) -> None:
    with leading_to(operators):
        _execute("CREATE DATABASE {} TEMPLATE {}", name, template)


def drop(operators: str, name: str) -> None:
    """By force: a program of ours may still be connected."""
    with leading_to(operators):
        _execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def _lead_to(name: str) -> None:
    connections.close_all()
    connection.settings_dict["NAME"] = name


def _ensure_allowed() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolname, rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user")
        role, is_allowed = cursor.fetchone()
    if not is_allowed:
        raise CommandError(
            f"bench works in a database of its own, and the role {role} may not create one.\n"
            f"To let it: ALTER ROLE {role} CREATEDB; or unset DATABASE_URL to measure with the embedded PostgreSQL."
        )


def _abandoned() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(ABANDONED, [PREFIX])
        return [name for (name,) in cursor.fetchall()]


def _execute(statement: str, *names: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
