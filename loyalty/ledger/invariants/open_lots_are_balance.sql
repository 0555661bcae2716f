-- Open lots add up to the balance (to nothing where it is a debt), pending lots to the pending points.
SELECT a.id AS account, a.balance, s.active AS in_lots, a.pending, s.pending AS in_pending_lots
FROM ledger_account a
LEFT JOIN (
    SELECT account_id, sum(remaining) FILTER (WHERE NOT is_pending) AS active, sum(remaining) FILTER (WHERE is_pending) AS pending
    FROM ledger_lot WHERE is_open GROUP BY account_id
) s ON s.account_id = a.id
WHERE (greatest(a.balance, 0), a.pending) <> (coalesce(s.active, 0), coalesce(s.pending, 0))
