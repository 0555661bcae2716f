from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "programs"


class Migration(migrations.Migration):
    dependencies = [
        ("loyalty", "0026_longer_life"),
    ]

    operations = [
        # What goes back says the same with one look more for each counter.
        migrations.RunSQL((SQL / "take_uses_at_once.sql").read_text(), migrations.RunSQL.noop),
    ]
