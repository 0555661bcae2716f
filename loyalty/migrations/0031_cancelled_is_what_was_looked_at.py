"""Points that nobody confirmed in time are cancelled lot by lot as they were looked at."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "ledger"


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0030_what_was_set_by_hand")]

    # Going back leaves the function: without the list of lots it does what it did.
    operations = [migrations.RunSQL((SQL / "cancel_lots.sql").read_text(), migrations.RunSQL.noop)]
