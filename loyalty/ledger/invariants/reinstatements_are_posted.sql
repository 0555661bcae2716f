-- Every reinstatement brought back what it says, from its own lots, and took its fee; nothing else came back for one.
SELECT coalesce(r.key, p.source) AS reinstatement, r.came_back, r.fee, r.lots, p.came, p.paid, p.lots AS posted
FROM (
    SELECT 'reinstatement:' || r.id AS key, r.came_back, CASE WHEN r.came_back > 0 THEN r.fee ELSE 0 END AS fee,
           array_agg(l.lot_id ORDER BY l.lot_id) AS lots
    FROM loyalty_reinstatement r LEFT JOIN loyalty_reinstatedlot l ON l.reinstatement_id = r.id GROUP BY r.id
) r
FULL JOIN (
    SELECT source, coalesce(sum(points) FILTER (WHERE kind = 'reinstate'), 0) AS came,
           -coalesce(sum(points) FILTER (WHERE kind = 'fee'), 0) AS paid,
           array_agg(refers_to ORDER BY refers_to) FILTER (WHERE kind = 'reinstate') AS lots
    FROM ledger_posting WHERE source LIKE 'reinstatement:%' AND kind IN ('reinstate', 'fee') GROUP BY source
) p ON p.source = r.key
WHERE (r.came_back, r.fee) IS DISTINCT FROM (coalesce(p.came, 0), coalesce(p.paid, 0)) OR NOT p.lots <@ r.lots
