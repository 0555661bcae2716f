-- Only a reversal takes a balance below zero, and only such an account may owe.
SELECT account_id AS account, id AS posting, kind, points, balance_after FROM ledger_posting
WHERE balance_after < 0 AND points < 0 AND (kind <> 'reversal' OR bucket <> 0)
UNION ALL
SELECT id, NULL, NULL, NULL, balance FROM ledger_account
WHERE may_owe <> (balance < 0) OR pending < 0 OR held < 0
