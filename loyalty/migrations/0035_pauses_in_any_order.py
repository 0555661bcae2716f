"""A cap with a pause remembers its latest instants, so that what comes late is judged by them and not by the last alone."""

from pathlib import Path

import django.contrib.postgres.fields
from django.db import migrations, models

SQL = Path(__file__).parent
OLD = "DROP FUNCTION programs_take_uses(jsonb); DROP FUNCTION programs_uses(jsonb);"
KEEP = """
UPDATE loyalty_capuse u SET recent = ARRAY[u.last_at] FROM loyalty_cap c
 WHERE c.id = u.cap_id AND c.period = 'cooldown' AND u.last_at IS NOT NULL"""
BACK = "UPDATE loyalty_capuse SET last_at = recent[cardinality(recent)]"


def text(name: str) -> str:
    return (SQL / f"programs/{name}.sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0034_calls_that_moved_tiers")]

    operations = [
        migrations.AddField(
            model_name="capuse",
            name="recent",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.DateTimeField(), db_default=[], default=list, size=None
            ),
        ),
        migrations.RunSQL(KEEP, BACK),
        migrations.RemoveField(model_name="capuse", name="last_at"),
        migrations.RunSQL(OLD + text("take_uses_in_any_order"), OLD + text("take_uses_in_time")),
    ]
