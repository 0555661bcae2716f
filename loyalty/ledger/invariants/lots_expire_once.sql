-- A lot expires once, and once more for each time that points came back into it; alone, by all it had, at its own instant.
SELECT e.account_id AS account, e.lot, e.times, l.reopened, e.strays
FROM (
    SELECT p.account_id, p.refers_to AS lot, count(*) AS times,
           count(*) FILTER (
               WHERE u.lot_id IS DISTINCT FROM p.refers_to OR u.points <> -p.points
                  OR p.event_at IS DISTINCT FROM l.expires_at AND NOT EXISTS (
                      SELECT FROM ledger_redating r WHERE r.account_id = p.account_id AND r.id > p.id AND p.refers_to = ANY (r.lots))
           ) AS strays
    FROM ledger_posting p
    LEFT JOIN ledger_lot_use u ON u.account_id = p.account_id AND u.posting_id = p.id
    LEFT JOIN ledger_lot l ON l.account_id = p.account_id AND l.id = p.refers_to
    WHERE p.kind = 'expire' GROUP BY p.account_id, p.refers_to
) e
LEFT JOIN ledger_lot l ON l.account_id = e.account_id AND l.id = e.lot
WHERE l.id IS NULL OR e.times > 1 + l.reopened OR e.strays > 0
