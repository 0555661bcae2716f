"""The ledger: tables, guards and the functions that alone write to it, as SQL (see the files in `ledger/`)."""

from pathlib import Path

from django.db import migrations

FOLDER = Path(__file__).with_name("ledger")
PARTS = ["tables", "guards", "award", "bulk", "spend", "hold", "pending", "transfer", "expire", "reverse", "dates", "roles"]


def sql(name: str) -> str:
    return (FOLDER / f"{name}.sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0001_initial")]

    operations = [migrations.RunSQL("\n".join(sql(part) for part in PARTS), sql("drop"))]
