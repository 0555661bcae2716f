-- Pending points become active once: a lot is pending as long as nothing activated it, and not after.
SELECT l.account_id AS account, l.id AS lot, l.is_pending, p.bucket, coalesce(a.times, 0) AS activations
FROM ledger_lot l
JOIN ledger_posting p ON p.account_id = l.account_id AND p.id = l.posting_id
LEFT JOIN (
    SELECT account_id, refers_to, count(*) AS times FROM ledger_posting WHERE kind = 'activate' AND bucket = 0 GROUP BY 1, 2
) a ON a.account_id = l.account_id AND a.refers_to = l.id
WHERE coalesce(a.times, 0) <> CASE WHEN p.bucket = 1 AND NOT l.is_pending THEN 1 ELSE 0 END OR l.is_pending AND p.bucket <> 1
