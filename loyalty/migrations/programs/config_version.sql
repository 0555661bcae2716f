-- A program's configuration has one number. Every change of the program, its wallets, rules or conditions gives it a new
-- one from a sequence, so that no number ever stands for two configurations, not even after a rollback. Processes keep
-- compiled rules for as long as the number stays the same.
CREATE SEQUENCE IF NOT EXISTS programs_config_version;

CREATE OR REPLACE FUNCTION programs_number_config() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.config_version := nextval('programs_config_version');
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION programs_touch_config() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed jsonb := to_jsonb(CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END);
BEGIN
    IF TG_TABLE_NAME = 'loyalty_rulecondition' THEN
        UPDATE loyalty_program SET config_version = 0
         WHERE id = (SELECT program_id FROM loyalty_earningrule WHERE id = (changed ->> 'rule_id')::bigint);
    ELSE
        UPDATE loyalty_program SET config_version = 0 WHERE id = (changed ->> 'program_id')::bigint;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER program_numbers_config BEFORE INSERT OR UPDATE ON loyalty_program
    FOR EACH ROW EXECUTE FUNCTION programs_number_config();
CREATE TRIGGER wallet_touches_config AFTER INSERT OR UPDATE OR DELETE ON loyalty_wallet
    FOR EACH ROW EXECUTE FUNCTION programs_touch_config();
CREATE TRIGGER rule_touches_config AFTER INSERT OR UPDATE OR DELETE ON loyalty_earningrule
    FOR EACH ROW EXECUTE FUNCTION programs_touch_config();
CREATE TRIGGER condition_touches_config AFTER INSERT OR UPDATE OR DELETE ON loyalty_rulecondition
    FOR EACH ROW EXECUTE FUNCTION programs_touch_config();
