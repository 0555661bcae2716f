from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "programs"


class Migration(migrations.Migration):
    dependencies = [
        ("loyalty", "0020_recording_in_one_statement"),
    ]

    operations = [
        # What goes back is the same function, which is not asked for households then.
        migrations.RunSQL((SQL / "standing_household.sql").read_text(), migrations.RunSQL.noop),
    ]
