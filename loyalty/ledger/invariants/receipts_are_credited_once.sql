-- One receipt or activity is credited to one account of a wallet, and once.
SELECT a.wallet_id AS wallet, p.key, count(*) AS times, array_agg(DISTINCT p.account_id) AS accounts
FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
WHERE (p.key LIKE 'purchase:%' OR p.key LIKE 'activity:%') AND p.points > 0
  AND p.kind NOT IN ('activate', 'reinstate', 'release', 'reversal', 'transfer')
GROUP BY a.wallet_id, p.key HAVING count(*) > 1
