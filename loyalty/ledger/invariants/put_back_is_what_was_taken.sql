-- No more goes back into a lot than the debit had taken from it.
SELECT account_id AS account, coalesce(undoes, posting_id) AS debit, lot_id AS lot, sum(points) AS still_taken
FROM ledger_lot_use
GROUP BY account_id, coalesce(undoes, posting_id), lot_id HAVING sum(points) < 0
