-- Accounts kept for one's own transaction, in the order of their ids, before several verbs touch them one by one.
CREATE FUNCTION ledger_lock(p_accounts bigint[], OUT accounts bigint) LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM FROM ledger_account WHERE id = ANY (p_accounts) ORDER BY id FOR NO KEY UPDATE;
    GET DIAGNOSTICS accounts = ROW_COUNT;
END $$;
REVOKE ALL ON FUNCTION ledger_lock(bigint[]) FROM PUBLIC;
