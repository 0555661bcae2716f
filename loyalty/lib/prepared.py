"""Statements that tills send all day: planned once per session, with their values beside them instead of inside.

Django's cursors write the values into the text, so that the server reads and plans it anew each time, and are made
anew for every statement; together that takes Python longer than the database needs to answer. What Django does around
statements (health check, errors of its own kind, wrappers, the log of queries) happens here too.

For plain SQL of a fixed text, whose values stand where the server can tell their type, or carry a cast.
"""

import threading
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import Cursor

_own = threading.local()


def rows_of(statement: str, *parameters: Any) -> list[tuple]:
    """All rows that one statement answers with; none where it is not one that answers with rows."""
    own = connections[DEFAULT_DB_ALIAS]
    cursor = _cursor(own)
    wrapped = own.make_debug_cursor(cursor) if own.queries_logged else own.make_cursor(cursor)
    wrapped.execute(statement, parameters)
    return cursor.fetchall() if cursor.rownumber is not None else []


def _cursor(own: Any) -> Cursor:
    """The one of this thread's connection `own`, which may be another one than the last time.

    Django switches prepared statements off; its own cursors never use them, whatever the threshold.
    """
    own.validate_thread_sharing()
    own.close_if_health_check_failed()
    own.ensure_connection()
    cursor = getattr(_own, "cursor", None)
    if cursor is None or cursor.connection is not own.connection:
        own.connection.prepare_threshold = 0
        cursor = _own.cursor = Cursor(own.connection)
    return cursor
