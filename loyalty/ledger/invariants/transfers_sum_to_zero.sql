-- A movement between buckets or accounts is two postings that cancel out; between accounts they name each other.
SELECT transfer, min(account_id) AS account, count(*) AS postings, sum(points) AS points
FROM ledger_posting WHERE transfer IS NOT NULL OR contra IN ('active', 'pending', 'held', 'transfer')
GROUP BY transfer
HAVING transfer IS NULL OR count(*) <> 2 OR sum(points) <> 0
    OR min(kind) <> max(kind) OR (min(kind) = 'transfer') <> (min(account_id) <> max(account_id))
    OR min(kind) = 'transfer' AND (min(contra_account_id), max(contra_account_id)) <> (min(account_id), max(account_id))
    OR bool_or(contra_account_id = account_id)
