-- The triggers and checks that guard the ledger exist and are switched on.
WITH wanted (relation, name) AS (
    SELECT t, 'ledger_keeps' FROM unnest(ARRAY['account', 'posting', 'lot', 'lot_use', 'hold', 'redating']) t
    UNION ALL SELECT t, 'ledger_door' FROM unnest(ARRAY['account', 'posting', 'lot', 'lot_use', 'hold', 'redating']) t
    UNION ALL SELECT t, 'ledger_facts' FROM unnest(ARRAY['account', 'lot', 'hold']) t
    UNION ALL VALUES
        ('account', 'ledger_account_owes_only_where_allowed'), ('account', 'ledger_account_pending_not_negative'),
        ('account', 'ledger_account_held_not_negative'), ('account', 'ledger_account_once'),
        ('posting', 'ledger_posting_moves'), ('posting', 'ledger_posting_once'),
        ('lot', 'ledger_lot_remaining'), ('lot', 'ledger_lot_open_while_it_lasts'),
        ('hold', 'ledger_hold_points'), ('hold', 'ledger_hold_resolved')
)
SELECT w.relation AS "table", w.name AS missing FROM wanted w
WHERE NOT EXISTS (
    SELECT FROM pg_trigger t
    WHERE t.tgrelid = to_regclass('ledger_' || w.relation) AND t.tgname = w.name AND t.tgenabled IN ('O', 'A')
) AND NOT EXISTS (
    SELECT FROM pg_constraint c
    WHERE c.conrelid = to_regclass('ledger_' || w.relation) AND c.conname = w.name AND c.convalidated
)
