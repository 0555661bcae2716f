-- What an account holds in each bucket is the balance_after of the last posting there.
SELECT a.id AS account, p.bucket, p.id AS posting, p.balance_after, a.balance, a.pending, a.held
FROM (
    SELECT DISTINCT ON (account_id, bucket) account_id, bucket, id, balance_after
    FROM ledger_posting ORDER BY account_id, bucket, id DESC
) p
JOIN ledger_account a ON a.id = p.account_id
WHERE p.balance_after <> CASE p.bucket WHEN 0 THEN a.balance WHEN 1 THEN a.pending ELSE a.held END
