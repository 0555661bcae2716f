-- What is left of a lot is what was granted, less what was taken from it, plus what was put back; never below zero.
SELECT l.account_id AS account, l.id AS lot, l.granted, u.used, l.remaining, l.is_open
FROM ledger_lot l
LEFT JOIN (SELECT account_id, lot_id, sum(points) AS used FROM ledger_lot_use GROUP BY account_id, lot_id) u
    ON u.account_id = l.account_id AND u.lot_id = l.id
WHERE l.remaining <> l.granted - coalesce(u.used, 0) OR l.remaining NOT BETWEEN 0 AND l.granted OR l.is_open <> (l.remaining > 0)
