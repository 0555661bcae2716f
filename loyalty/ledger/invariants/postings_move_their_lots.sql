-- A posting changes the open lots by exactly what it changes in the points that the account has (a debt has no lots).
SELECT p.account_id AS account, p.id AS posting, p.kind, p.bucket, p.points, p.balance_after, l.granted, u.used
FROM ledger_posting p
LEFT JOIN (SELECT account_id, posting_id, sum(granted) AS granted FROM ledger_lot GROUP BY account_id, posting_id) l
    ON l.account_id = p.account_id AND l.posting_id = p.id
LEFT JOIN (SELECT account_id, posting_id, sum(points) AS used FROM ledger_lot_use GROUP BY account_id, posting_id) u
    ON u.account_id = p.account_id AND u.posting_id = p.id
WHERE CASE p.bucket WHEN 2 THEN 0 ELSE greatest(p.balance_after, 0) - greatest(p.balance_after - p.points, 0) END
      <> coalesce(l.granted, 0) - coalesce(u.used, 0) + CASE WHEN p.kind = 'activate' THEN p.points ELSE 0 END
