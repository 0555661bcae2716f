-- Per wallet: what came in from outside less what went out is what the accounts hold.
SELECT a.wallet_id AS wallet, sum(a.balance::numeric + a.pending + a.held) AS held, coalesce(max(p.moved), 0) AS came_in
FROM ledger_account a
LEFT JOIN (
    SELECT o.wallet_id, sum(p.points) AS moved FROM ledger_posting p JOIN ledger_account o ON o.id = p.account_id
    WHERE p.contra NOT IN ('active', 'pending', 'held', 'transfer') GROUP BY o.wallet_id
) p ON p.wallet_id = a.wallet_id
GROUP BY a.wallet_id
HAVING sum(a.balance::numeric + a.pending + a.held) <> coalesce(max(p.moved), 0)
