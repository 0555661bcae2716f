"""How the reads ask: one statement, plain rows."""

from typing import Any

from django.db import connection


def rows_of(statement: str, *parameters: Any) -> list[tuple]:
    """All rows of one statement."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()
