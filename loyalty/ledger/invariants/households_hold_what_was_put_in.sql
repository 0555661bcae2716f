-- What went in and out of a household's account is what its movements say, and nothing else moved there but expiry.
SELECT h.id AS household, coalesce(p.moved, 0) AS moved, coalesce(m.points, 0) AS told, p.others
FROM loyalty_household h
LEFT JOIN (
    SELECT a.subject, sum(p.points) FILTER (WHERE p.kind = 'transfer') AS moved,
           count(*) FILTER (WHERE p.kind NOT IN ('transfer', 'expire', 'reinstate')) AS others
    FROM ledger_account a JOIN ledger_posting p ON p.account_id = a.id WHERE a.holder = 'household' GROUP BY 1
) p ON p.subject = h.subject
LEFT JOIN (SELECT household_id, sum(points) AS points FROM loyalty_householdmove GROUP BY 1) m ON m.household_id = h.id
WHERE coalesce(p.moved, 0) <> coalesce(m.points, 0) OR p.others > 0
