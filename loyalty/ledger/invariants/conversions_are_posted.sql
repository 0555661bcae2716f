-- Every change of points took what was given and its fee from the one wallet and brought what was received to the other.
SELECT coalesce(c.key, p.source) AS conversion, c.given, c.fee, c.received, p.took, p.paid, p.brought
FROM (SELECT 'conversion:' || id AS key, given, fee, received, from_wallet_id, to_wallet_id FROM loyalty_conversion) c
FULL JOIN (
    SELECT p.source, -sum(p.points) FILTER (WHERE p.kind = 'conversion' AND p.points < 0) AS took,
           sum(p.points) FILTER (WHERE p.kind = 'conversion' AND p.points > 0) AS brought,
           -coalesce(sum(p.points) FILTER (WHERE p.kind = 'fee'), 0) AS paid, count(DISTINCT a.subject) AS people,
           min(a.wallet_id) FILTER (WHERE p.points < 0) AS out_of, max(a.wallet_id) FILTER (WHERE p.points < 0) AS out_too,
           min(a.wallet_id) FILTER (WHERE p.points > 0) AS into, max(a.wallet_id) FILTER (WHERE p.points > 0) AS into_too
    FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
    WHERE p.source LIKE 'conversion:%' AND p.kind IN ('conversion', 'fee') GROUP BY p.source
) p ON p.source = c.key
WHERE (c.given, c.fee, c.received, c.from_wallet_id, c.from_wallet_id, c.to_wallet_id, c.to_wallet_id, 1)
      IS DISTINCT FROM (p.took, p.paid, p.brought, p.out_of, p.out_too, p.into, p.into_too, p.people)
