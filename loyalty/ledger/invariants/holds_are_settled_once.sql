-- Held points are the open holds; each hold was captured and released by as much as its postings say, once.
SELECT coalesce(h.account_id, p.account_id) AS account, h.id AS hold, h.points, p.held, h.captured, p.captured AS posted_captured,
       h.released, p.released AS posted_released
FROM ledger_hold h
FULL JOIN (
    SELECT account_id, CASE kind WHEN 'hold' THEN id ELSE refers_to END AS hold_id,
           -coalesce(sum(points) FILTER (WHERE kind = 'hold' AND bucket = 0), 0) AS held,
           -coalesce(sum(points) FILTER (WHERE kind = 'capture'), 0) AS captured,
           coalesce(sum(points) FILTER (WHERE kind = 'release' AND bucket = 0), 0) AS released
    FROM ledger_posting WHERE kind IN ('hold', 'capture', 'release') AND NOT (kind = 'hold' AND bucket = 2)
    GROUP BY 1, 2
) p ON p.account_id = h.account_id AND p.hold_id = h.id
WHERE (h.points, h.captured, h.released) IS DISTINCT FROM (p.held::bigint, p.captured::bigint, p.released::bigint)
UNION ALL
SELECT a.id, NULL, a.held, coalesce(s.open, 0), NULL, NULL, NULL, NULL
FROM ledger_account a
LEFT JOIN (
    SELECT account_id, sum(points - captured - released) AS open FROM ledger_hold WHERE resolved_at IS NULL GROUP BY account_id
) s ON s.account_id = a.id
WHERE a.held <> coalesce(s.open, 0)
