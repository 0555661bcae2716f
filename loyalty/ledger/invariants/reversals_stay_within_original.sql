-- What is reversed, cancelled or waived of a posting is never more than the posting, goes the other way, and has its contra.
SELECT p.account_id AS account, p.id AS posting, p.points, r.undone, r.waived
FROM (
    SELECT r.account_id, r.refers_to, sum(r.points) AS undone, coalesce(sum(r.waived), 0) AS waived, min(r.contra) AS contra,
           max(r.contra) AS last_contra
    FROM ledger_posting r WHERE r.kind IN ('reversal', 'cancel') GROUP BY r.account_id, r.refers_to
) r
LEFT JOIN ledger_posting p ON p.account_id = r.account_id AND p.id = r.refers_to
WHERE p.id IS NULL OR sign(p.points) * r.undone > 0 OR abs(r.undone) + r.waived > abs(p.points)
   OR (r.contra, r.last_contra) <> (p.contra, p.contra)
