-- Every posting, lot, use, hold and redating belongs to an account, and what it points at exists there.
SELECT 'posting' AS what, p.account_id AS account, p.id FROM ledger_posting p
WHERE NOT EXISTS (SELECT FROM ledger_account a WHERE a.id = p.account_id)
UNION ALL
SELECT 'lot', l.account_id, l.id FROM ledger_lot l
WHERE NOT EXISTS (SELECT FROM ledger_posting p WHERE p.account_id = l.account_id AND p.id = l.posting_id)
UNION ALL
SELECT 'use', u.account_id, u.posting_id FROM ledger_lot_use u
WHERE NOT EXISTS (SELECT FROM ledger_posting p WHERE p.account_id = u.account_id AND p.id = u.posting_id)
   OR NOT EXISTS (SELECT FROM ledger_lot l WHERE l.account_id = u.account_id AND l.id = u.lot_id)
UNION ALL
SELECT 'hold', h.account_id, h.id FROM ledger_hold h
WHERE NOT EXISTS (SELECT FROM ledger_posting p WHERE p.account_id = h.account_id AND p.id = h.id)
UNION ALL
SELECT 'redating', r.account_id, r.id FROM ledger_redating r, unnest(r.lots) AS lot
WHERE NOT EXISTS (SELECT FROM ledger_lot l WHERE l.account_id = r.account_id AND l.id = lot)
UNION ALL
SELECT 'reference', p.account_id, p.id FROM ledger_posting p
WHERE p.refers_to IS NOT NULL
  AND NOT EXISTS (SELECT FROM ledger_posting o WHERE o.account_id = p.account_id AND o.id = p.refers_to)
  AND NOT EXISTS (SELECT FROM ledger_lot l WHERE l.account_id = p.account_id AND l.id = p.refers_to)
