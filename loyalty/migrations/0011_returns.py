from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0010_moving_points")]

    operations = [
        migrations.AddField(
            model_name="return",
            name="given_back",
            field=models.JSONField(
                default=list,
                help_text="Points spent on the order, per wallet and posting.",
                verbose_name="points given back",
            ),
        ),
        migrations.AddField(
            model_name="return",
            name="is_last",
            field=models.BooleanField(default=False, verbose_name="nothing is left"),
        ),
        migrations.AddIndex(
            model_name="return",
            index=models.Index(condition=models.Q(("is_last", True)), fields=["purchase"], name="returns_of_all"),
        ),
    ]
