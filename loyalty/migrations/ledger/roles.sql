-- Who may do what. Out of the box nobody but the owner may call the ledger's functions.
--
-- Where the application signs in with a role of its own, an operator runs this once as the owner of the tables, and again after
-- every migration:
--
--     CREATE ROLE laurel_app LOGIN PASSWORD '…';
--     SELECT laurel_grant_to('laurel_app');
--
-- The role reads everything, writes every other table as usual, and moves points only by calling the functions, which run
-- with their owner's rights: not a single ledger row can be inserted, changed or deleted by the role itself.

CREATE FUNCTION laurel_grant_to(p_role name) RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_function regprocedure;
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', p_role);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO %I', p_role);
    EXECUTE format('GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO %I', p_role);
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON ledger_account, ledger_posting, ledger_lot,
                    ledger_lot_use, ledger_hold, ledger_redating FROM %I', p_role);
    EXECUTE format('REVOKE USAGE, UPDATE ON SEQUENCE ledger_id, ledger_account_id_seq FROM %I', p_role);
    FOR v_function IN
        SELECT oid FROM pg_proc  -- the verbs, which run with their owner's rights, and what only reads
        WHERE pronamespace = 'public'::regnamespace AND proname LIKE 'ledger\_%' AND (prosecdef OR provolatile = 's')
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', v_function, p_role);
    END LOOP;
END $$;

DO $$
DECLARE
    v_function regprocedure;
BEGIN
    FOR v_function IN
        SELECT oid FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND (proname LIKE 'ledger\_%' OR proname = 'laurel_grant_to')
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', v_function);
    END LOOP;
END $$;
