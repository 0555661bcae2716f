"""The ledger reads by index, whatever size PostgreSQL took its tables to be when a session made its plans.

Statistics are brought up to date now and then only, and a session keeps the plans of a function: one that was made
while the tables were small would read large ones whole with every posting.
"""

from django.db import migrations

EACH = """
DO $$
DECLARE
    function regprocedure;
BEGIN
    FOR function IN
        SELECT p.oid FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
         WHERE starts_with(p.proname, 'ledger_') AND l.lanname = 'plpgsql' AND p.prorettype <> 'trigger'::regtype
           AND p.pronamespace = current_schema()::regnamespace
    LOOP
        EXECUTE format('ALTER FUNCTION %s {} enable_seqscan {}', function);
    END LOOP;
END $$"""


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0013_standing_lists_uses")]

    operations = [migrations.RunSQL(EACH.format("SET", "= off"), EACH.format("RESET", ""))]
