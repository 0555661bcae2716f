-- Points come in with lots: an award or a transfer received grants exactly its points, and nothing else grants any.
SELECT coalesce(p.account_id, l.account_id) AS account, coalesce(p.id, l.posting_id) AS posting, p.kind, p.points, l.granted
FROM (
    SELECT account_id, id, kind, points FROM ledger_posting
    WHERE points > 0 AND kind NOT IN ('activate', 'hold', 'release', 'reversal', 'reinstate')
) p
FULL JOIN (SELECT account_id, posting_id, sum(granted) AS granted FROM ledger_lot GROUP BY account_id, posting_id) l
    ON l.account_id = p.account_id AND l.posting_id = p.id
WHERE p.points IS DISTINCT FROM l.granted
