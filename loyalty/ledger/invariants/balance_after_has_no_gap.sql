-- Each posting's balance_after is that of the posting before it in its bucket, plus its own points.
SELECT account_id AS account, id AS posting, bucket, points, before, balance_after
FROM (
    SELECT account_id, id, bucket, points, balance_after,
           coalesce(lag(balance_after) OVER (PARTITION BY account_id, bucket ORDER BY id), 0) AS before
    FROM ledger_posting
) p
WHERE balance_after <> before + points
