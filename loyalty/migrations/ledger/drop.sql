DROP TABLE ledger_redating, ledger_hold, ledger_lot_use, ledger_lot, ledger_posting, ledger_account;
DROP SEQUENCE ledger_id;
DO $$
DECLARE
    v_function regprocedure;
BEGIN
    FOR v_function IN
        SELECT oid FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND (proname LIKE 'ledger\_%' OR proname = 'laurel_grant_to')
    LOOP
        EXECUTE format('DROP FUNCTION %s CASCADE', v_function);
    END LOOP;
END $$;
DROP TYPE ledger_posted;
DROP TYPE ledger_award_row;
