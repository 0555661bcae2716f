-- What an account holds in each bucket is the sum of its postings there.
SELECT a.id AS account, a.balance, s.active AS posted, a.pending, s.pending AS posted_pending, a.held, s.held AS posted_held
FROM ledger_account a
LEFT JOIN (
    SELECT account_id, sum(points) FILTER (WHERE bucket = 0) AS active, sum(points) FILTER (WHERE bucket = 1) AS pending,
           sum(points) FILTER (WHERE bucket = 2) AS held
    FROM ledger_posting GROUP BY account_id
) s ON s.account_id = a.id
WHERE (a.balance, a.pending, a.held) <> (coalesce(s.active, 0), coalesce(s.pending, 0), coalesce(s.held, 0))
