-- The policy of reviews is part of the configuration: changing it gives the program a new number.
CREATE TRIGGER reviews_touch_config AFTER INSERT OR UPDATE OR DELETE ON loyalty_reviewpolicy
    FOR EACH ROW EXECUTE FUNCTION programs_touch_config();
