from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("loyalty", "0011_returns"),
    ]

    operations = [
        migrations.CreateModel(
            name="LadderReview",
            fields=[
                ("tier_set", models.OneToOneField(on_delete=models.deletion.CASCADE, primary_key=True, related_name="review", serialize=False, to="loyalty.tierset")),
                ("digest", models.CharField(max_length=64)),
                ("done_through", models.BigIntegerField(default=0)),
                ("is_done", models.BooleanField(default=False, verbose_name="done")),
                ("risen", models.PositiveIntegerField(default=0, verbose_name="risen")),
                ("fallen", models.PositiveIntegerField(default=0, verbose_name="fallen")),
                ("finished_at", models.DateTimeField(null=True, verbose_name="finished at")),
            ],
            options={
                "verbose_name": "review of a ladder",
                "verbose_name_plural": "reviews of ladders",
            },
        ),
    ]
