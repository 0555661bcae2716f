-- Every transfer that is done took its points and its fee from the giver and gave its points to the receiver, once.
SELECT t.id AS transfer, t.points, t.fee, p.given, p.received, p.paid
FROM loyalty_transfer t
LEFT JOIN (
    SELECT source, -sum(points) FILTER (WHERE kind = 'transfer' AND points < 0) AS given,
           sum(points) FILTER (WHERE kind = 'transfer' AND points > 0) AS received,
           -coalesce(sum(points) FILTER (WHERE kind = 'fee'), 0) AS paid
    FROM ledger_posting WHERE source LIKE 'transfer:%' AND kind IN ('transfer', 'fee') GROUP BY source
) p ON p.source = 'transfer:' || t.id
WHERE CASE WHEN t.state = 'done' THEN (t.points, t.points, t.fee) IS DISTINCT FROM (p.given, p.received, p.paid)
           ELSE p.source IS NOT NULL END
