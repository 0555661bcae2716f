-- What was cancelled, not confirmed in time, or refused by the staff before anybody wrote it down with the activity.
UPDATE loyalty_activity a SET cancelled_at = c.at
FROM (
    SELECT w.program_id, p.source, min(c.event_at) AS at
    FROM ledger_posting c
    JOIN ledger_posting p ON p.account_id = c.account_id AND p.id = c.refers_to AND p.kind = 'award'
    JOIN ledger_account x ON x.id = c.account_id JOIN loyalty_wallet w ON w.id = x.wallet_id
    WHERE c.kind = 'cancel' OR c.kind = 'reversal' AND (c.key LIKE 'cancel:%' OR c.key LIKE 'review:%')
    GROUP BY w.program_id, p.source
) c
WHERE a.program_id = c.program_id AND a.kind || ':' || a.source || ':' || a.external_id = c.source;
