-- What is brought back of a lot had expired out of it before, once for each time, and was not waived for returned goods.
SELECT r.account_id AS account, r.refers_to AS lot, r.id AS posting, s.back, s.expired, s.waived
FROM ledger_posting r
CROSS JOIN LATERAL (
    SELECT coalesce(sum(p.points) FILTER (WHERE p.kind = 'reinstate' AND p.id <= r.id), 0) AS back,
           coalesce(-sum(p.points) FILTER (WHERE p.kind = 'expire' AND p.id < r.id), 0) AS expired,
           coalesce(sum(p.waived) FILTER (WHERE p.kind = 'reversal' AND p.id < r.id), 0) AS waived
    FROM ledger_posting p WHERE p.account_id = r.account_id AND p.refers_to = r.refers_to
) s
WHERE r.kind = 'reinstate' AND (r.points <= 0 OR s.back > s.expired - s.waived)
