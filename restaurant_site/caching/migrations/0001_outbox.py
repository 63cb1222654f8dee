"""The outbox of invalidations."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Invalidation",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("tags", models.TextField(help_text="Separated by spaces.", verbose_name="tags")),
                ("created_at", models.DateTimeField(verbose_name="written")),
                ("confirmed_at", models.DateTimeField(db_index=True, null=True, verbose_name="confirmed by Redis")),
            ],
            options={
                "verbose_name": "invalidation",
                "verbose_name_plural": "cache",
                "ordering": ["-created_at"],
            },
        ),
    ]
