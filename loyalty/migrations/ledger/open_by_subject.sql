-- Accounts are found by their subject, who has few: `+ 0` keeps a plan made while the table was small, or not yet counted,
-- from reading all accounts of the wallet.
CREATE OR REPLACE FUNCTION ledger_open_account(p_wallet bigint, p_subject uuid, p_holder text, p_now timestamptz)
RETURNS bigint LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp SET laurel.door = 'open' AS $$
DECLARE
    v_id bigint;
BEGIN
    SELECT id INTO v_id FROM ledger_account WHERE subject = p_subject AND wallet_id + 0 = p_wallet;
    IF v_id IS NOT NULL THEN
        RETURN v_id;
    END IF;
    INSERT INTO ledger_account (wallet_id, subject, holder, created_at)
    SELECT p_wallet, p_subject, p_holder, p_now WHERE EXISTS (SELECT FROM loyalty_wallet WHERE id = p_wallet)
    ON CONFLICT (subject, wallet_id) DO NOTHING RETURNING id INTO v_id;
    IF v_id IS NULL THEN
        SELECT id INTO v_id FROM ledger_account WHERE subject = p_subject AND wallet_id + 0 = p_wallet;
    END IF;
    RETURN v_id;
END $$;

-- Many at once; answers in no order. Subjects are taken in one order, so that two imports do not wait for each other in a ring.
CREATE OR REPLACE FUNCTION ledger_open_accounts(p_wallet bigint, p_subjects uuid[], p_holder text, p_now timestamptz)
RETURNS TABLE (subject uuid, account_id bigint) LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp SET laurel.door = 'open' AS $$
BEGIN
    INSERT INTO ledger_account (wallet_id, subject, holder, created_at)
    SELECT p_wallet, s, p_holder, p_now FROM (SELECT DISTINCT unnest(p_subjects) AS s ORDER BY s) wanted
    WHERE EXISTS (SELECT FROM loyalty_wallet WHERE id = p_wallet)
      AND NOT EXISTS (SELECT FROM ledger_account a WHERE a.subject = s AND a.wallet_id + 0 = p_wallet)
    ON CONFLICT ON CONSTRAINT ledger_account_once DO NOTHING;
    RETURN QUERY SELECT a.subject, a.id FROM ledger_account a WHERE a.wallet_id + 0 = p_wallet AND a.subject = ANY (p_subjects);
END $$;
