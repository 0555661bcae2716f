-- What came back of a purchase is no more than was bought, takes no more than it earned, and stands in ledger and books alike.
SELECT 'goods' AS place, r.purchase_id AS subject, l.value ->> 'line' AS name,
       sum((l.value ->> 'quantity')::numeric) AS found, max(s.quantity) AS most
FROM loyalty_return r
CROSS JOIN LATERAL jsonb_array_elements(r.lines) l
LEFT JOIN loyalty_activityline s ON s.activity_id = r.purchase_id AND s.position = (l.value ->> 'line')::int
GROUP BY r.purchase_id, l.value ->> 'line'
HAVING sum((l.value ->> 'quantity')::numeric) > coalesce(max(s.quantity), 0)
UNION ALL
SELECT 'points', c.purchase_id, c.wallet, sum(c.asked), max(c.earned)
FROM (
    SELECT r.purchase_id, c.value ->> 'wallet' AS wallet, (c.value ->> 'asked')::bigint AS asked,
           (c.value ->> 'taken')::bigint AS taken, (
               SELECT sum((w.value ->> 'points')::bigint) FROM jsonb_array_elements(a.awards) w
               WHERE w.value ->> 'wallet' = c.value ->> 'wallet') AS earned
    FROM loyalty_return r
    LEFT JOIN loyalty_activity a ON a.id = r.purchase_id
    CROSS JOIN LATERAL jsonb_array_elements(r.clawbacks) c
) c
GROUP BY c.purchase_id, c.wallet
HAVING sum(c.asked) > coalesce(max(c.earned), 0) OR bool_or(c.taken < 0 OR c.taken > c.asked)
UNION ALL
SELECT 'ledger', p.account_id, p.key, p.points, NULL
FROM ledger_posting p
LEFT JOIN loyalty_return r ON r.purchase_id::text = split_part(p.key, ':', 2)
                          AND r.external_id = regexp_replace(p.key, '^([^:]*:){3}', '')
WHERE p.key LIKE 'return:%' AND (p.kind <> 'reversal' OR r.id IS NULL)
