"""What came in on an account as earned points that can be spent."""

from loyalty.ledger.queries.rows import rows_of

CREDITS = """
    SELECT id, points FROM ledger_posting
    WHERE account_id = %s AND id > %s AND bucket = 0 AND points > 0 AND contra IN ('issued', 'pending') ORDER BY id
"""


def credits_after(account_id: int, posting_id: int) -> list[tuple[int, int]]:
    """(posting, points) of every award that became spendable after the posting `posting_id`, in the order in which they
    came. Within an account a larger id happened later, so that nothing slips in before an id that was read."""
    return [(row[0], row[1]) for row in rows_of(CREDITS, account_id, posting_id)]


def newest_posting(account_id: int) -> int:
    """The id of the last posting on an account; 0 where there is none."""
    ((newest,),) = rows_of("SELECT coalesce(max(id), 0) FROM ledger_posting WHERE account_id = %s", account_id)
    return newest
