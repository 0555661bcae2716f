"""One statement records an activity: one round trip where there were four."""

from pathlib import Path

from django.db import migrations

HERE = Path(__file__).parent
UNDO = """
DROP FUNCTION programs_record(jsonb, jsonb, jsonb, boolean);
DROP FUNCTION outbox_write(jsonb, timestamptz);"""


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0019_watch_rules_and_cases")]

    operations = [
        migrations.RunSQL(
            (HERE / "outbox" / "write.sql").read_text() + (HERE / "programs" / "record.sql").read_text(), UNDO
        )
    ]
