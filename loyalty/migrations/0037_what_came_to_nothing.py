"""An activity that came to nothing says so, and counts for nothing: on no ladder, as no first purchase, in no rule."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).parent / "programs"


def text(name: str) -> str:
    return (SQL / f"{name}.sql").read_text()


def again(name: str) -> str:
    """As it was before, over what is there."""
    return text(name).replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1)


def situation_before() -> str:
    return text("standing").partition("DROP FUNCTION")[2].partition("\n")[2].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0036_shares_are_published")]

    operations = [
        migrations.AddField(
            model_name="activity",
            name="cancelled_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="came to nothing at"),
        ),
        migrations.RunSQL(text("cancelled"), migrations.RunSQL.noop),
        migrations.RunSQL(text("tier_measure_kept"), again("tier_measure")),
        migrations.RunSQL(text("standing_kept"), text("standing_done") + situation_before()),
    ]
