"""Accounts kept for one's own transaction."""

from collections.abc import Iterable

from loyalty.ledger.queries.rows import rows_of


def lock_accounts(account_ids: Iterable[int]) -> None:
    """Before several verbs touch these accounts one by one: take them in the order of their ids, so that two who touch
    the same ones never wait in a ring. Reads nothing, changes nothing."""
    rows_of("SELECT ledger_lock(%s)", list(account_ids))
