"""What the programs floor keeps in the database itself: the number of a configuration, and one read for recording."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "programs"


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0002_ledger")]

    operations = [
        migrations.RunSQL((SQL / "config_version.sql").read_text(), migrations.RunSQL.noop),
        migrations.RunSQL((SQL / "situation.sql").read_text(), migrations.RunSQL.noop),
    ]
