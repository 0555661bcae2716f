-- Every transfer that waits for its receiver holds its points and its fee, and nothing else is held for transfers.
SELECT coalesce(h.source, 'transfer:' || t.id) AS transfer, t.points + t.fee AS asked, h.points AS held
FROM (SELECT id, points, fee FROM loyalty_transfer WHERE state = 'waiting') t
FULL JOIN (
    SELECT p.source, h.points - h.captured - h.released AS points
    FROM ledger_hold h JOIN ledger_posting p ON p.account_id = h.account_id AND p.id = h.id
    WHERE h.resolved_at IS NULL AND p.source LIKE 'transfer:%'
) h ON h.source = 'transfer:' || t.id
WHERE t.points + t.fee IS DISTINCT FROM h.points
