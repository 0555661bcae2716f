"""What caps count is counted by the statement that records the activity; a cooldown is kept by the counter itself."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent
OLD_OUTBOX = "DROP FUNCTION outbox_write(jsonb, timestamptz);"
NEW_OUTBOX = "DROP FUNCTION outbox_write(jsonb, timestamptz, jsonb);"
OLD = "DROP FUNCTION programs_record(jsonb, jsonb, jsonb, boolean);"
NEW = "DROP FUNCTION programs_record(jsonb, jsonb, jsonb, jsonb, boolean);"


def text(name: str) -> str:
    return (SQL / f"{name}.sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0027_counters_in_one_step")]

    operations = [
        migrations.RunSQL(OLD_OUTBOX + text("outbox/write_more"), NEW_OUTBOX + text("outbox/write")),
        migrations.RunSQL(
            text("programs/take_uses_in_time") + OLD + text("programs/record_with_uses"),
            NEW + text("programs/record") + "DROP FUNCTION programs_uses(jsonb);" + text("programs/take_uses_at_once"),
        ),
        # What goes back finds the same by a plan that may read more.
        migrations.RunSQL(text("ledger/open_by_subject"), migrations.RunSQL.noop),
    ]
