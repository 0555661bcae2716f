"""JSON that goes into the database with every purchase: written by a library that is several times the usual one."""

from typing import Any

import orjson


def json_text(value: Any) -> str:
    """`value` as JSON. Instants in ISO with their offset; what JSON has no word for, such as a Decimal, as its `str`.

    Raises TypeError for keys that are not texts, and for text that no database can hold.
    """
    return orjson.dumps(value, default=str).decode()
