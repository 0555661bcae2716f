-- An account's earned_total is what was issued to it, less what was taken back.
SELECT a.id AS account, a.earned_total, coalesce(s.issued, 0) AS issued
FROM ledger_account a
LEFT JOIN (SELECT account_id, sum(points) AS issued FROM ledger_posting WHERE contra = 'issued' GROUP BY account_id) s
    ON s.account_id = a.id
WHERE a.earned_total <> coalesce(s.issued, 0)
