-- What the tables refuse, whoever asks. The door is a setting that the ledger's functions open for themselves alone
-- (SET laurel.door = 'open' on the function); with one role it stops accidents and hand-written SQL, with a role of its own
-- for the application (roles.sql) the privileges do the rest.

CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger refuses % on %', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege', HINT = 'Points move through the ledger''s functions; a correction is a new posting.';
END $$;

-- Nothing is ever deleted, and what was posted stays as it was.
CREATE TRIGGER ledger_keeps BEFORE DELETE OR TRUNCATE ON ledger_account FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_keeps BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_posting FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_keeps BEFORE DELETE OR TRUNCATE ON ledger_lot FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_keeps BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_lot_use FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_keeps BEFORE DELETE OR TRUNCATE ON ledger_hold FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_keeps BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_redating FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();

-- Everything else goes through the door. (Looking at the setting inside costs half of what a WHEN on the trigger does.)
CREATE FUNCTION ledger_ask_the_door() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('laurel.door', true) = 'open' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'the ledger refuses % on %', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege', HINT = 'Points move through the ledger''s functions.';
END $$;

CREATE TRIGGER ledger_door BEFORE INSERT OR UPDATE ON ledger_account FOR EACH STATEMENT EXECUTE FUNCTION ledger_ask_the_door();
CREATE TRIGGER ledger_door BEFORE INSERT ON ledger_posting FOR EACH STATEMENT EXECUTE FUNCTION ledger_ask_the_door();
CREATE TRIGGER ledger_door BEFORE INSERT OR UPDATE ON ledger_lot FOR EACH STATEMENT EXECUTE FUNCTION ledger_ask_the_door();
CREATE TRIGGER ledger_door BEFORE INSERT ON ledger_lot_use FOR EACH STATEMENT EXECUTE FUNCTION ledger_ask_the_door();
CREATE TRIGGER ledger_door BEFORE INSERT OR UPDATE ON ledger_hold FOR EACH STATEMENT EXECUTE FUNCTION ledger_ask_the_door();
CREATE TRIGGER ledger_door BEFORE INSERT ON ledger_redating FOR EACH STATEMENT EXECUTE FUNCTION ledger_ask_the_door();

-- What a row is never changes, not even through the door. (Triggers for each row would lock each row beforehand.)
CREATE TRIGGER ledger_facts BEFORE UPDATE OF id, wallet_id, subject, holder, created_at ON ledger_account
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_facts BEFORE UPDATE OF account_id, id, posting_id, granted, earned_at, activates_at, cancel_at ON ledger_lot
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_facts BEFORE UPDATE OF account_id, id, points ON ledger_hold
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
