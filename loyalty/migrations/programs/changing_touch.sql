-- Rates of change and what brings expired points back are part of the configuration.
CREATE TRIGGER conversions_touch_config AFTER INSERT OR UPDATE OR DELETE ON loyalty_conversionrate
    FOR EACH ROW EXECUTE FUNCTION programs_touch_config();
CREATE TRIGGER reinstatement_touches_config AFTER INSERT OR UPDATE OR DELETE ON loyalty_reinstatementpolicy
    FOR EACH ROW EXECUTE FUNCTION programs_touch_config();
