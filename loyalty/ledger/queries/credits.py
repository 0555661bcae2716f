"""What came in on an account as earned points that can be spent."""

from collections.abc import Collection

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


OF_AWARD = """
    SELECT c.id, c.points FROM ledger_posting a JOIN ledger_posting c
      ON c.account_id = a.account_id AND (c.id = a.id OR c.refers_to = a.id AND c.kind = 'activate')
    WHERE a.account_id = %s AND a.key = %s AND c.bucket = 0 AND c.points > 0 ORDER BY c.id
"""


def credits_of_award(account_id: int, key: str) -> list[tuple[int, int]]:
    """(posting, points) by which the award `key` became spendable: the award itself, or its activation."""
    return [(row[0], row[1]) for row in rows_of(OF_AWARD, account_id, key)]


LEFT = """
    SELECT p.account_id, p.key FROM ledger_posting p JOIN unnest(%s::bigint[], %s::text[]) AS q (account_id, key)
      ON p.account_id = q.account_id AND p.key = q.key
    WHERE abs(p.points) > (
        SELECT coalesce(sum(abs(r.points)), 0) + coalesce(sum(r.waived), 0) FROM ledger_posting r
        WHERE r.account_id = p.account_id AND r.refers_to = p.id AND r.kind IN ('reversal', 'cancel'))
"""


def not_undone(postings: Collection[tuple[int, str]]) -> set[tuple[int, str]]:
    """Those of the postings (account, key) of which something is left that a reversal could undo."""
    accounts, keys = [account for account, _key in postings], [key for _account, key in postings]
    return {(row[0], row[1]) for row in rows_of(LEFT, accounts, keys)} if postings else set()
