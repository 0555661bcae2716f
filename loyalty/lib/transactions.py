"""Transactions within transactions: who needs a way back to the beginning of a part, and who does not.

A part that fails is undone alone only where somebody may catch its error and go on. Where any error ends the whole, the
two statements of a savepoint are saved.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import transaction

_is_whole: ContextVar[bool] = ContextVar("is_whole", default=False)


@contextmanager
def all_or_nothing() -> Iterator[None]:
    """A transaction that any error inside undoes as a whole: its first part goes without a savepoint of its own."""
    with transaction.atomic(), _marked(True):
        yield


@contextmanager
def part_of_transaction() -> Iterator[None]:
    """Part of the transaction around it; what is nested deeper has savepoints again, since this part may catch."""
    is_whole = _is_whole.get()
    with _marked(False), transaction.atomic(savepoint=not is_whole):
        yield


@contextmanager
def _marked(is_whole: bool) -> Iterator[None]:
    token = _is_whole.set(is_whole)
    try:
        yield
    finally:
        _is_whole.reset(token)
