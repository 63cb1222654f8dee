"""Drop the indexes of keys with which another index begins: each write keeps them, and a planner that knows nothing
of a new table's rows takes them for as good as the other."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('reservations', '0016_language'),
    ]

    operations = [
        migrations.AlterField(
            model_name='block',
            name='restaurant',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='blocks', to='reservations.restaurant', verbose_name='restaurant'),
        ),
        migrations.AlterField(
            model_name='bookingrequest',
            name='restaurant',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='requests', to='reservations.restaurant', verbose_name='restaurant'),
        ),
        migrations.AlterField(
            model_name='brake',
            name='restaurant',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='brakes', to='reservations.restaurant', verbose_name='restaurant'),
        ),
        migrations.AlterField(
            model_name='guest',
            name='restaurant',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='guests', to='reservations.restaurant', verbose_name='restaurant'),
        ),
        migrations.AlterField(
            model_name='historyevent',
            name='restaurant',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='reservations.restaurant', verbose_name='restaurant'),
        ),
        migrations.AlterField(
            model_name='refusal',
            name='restaurant',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='refusals', to='reservations.restaurant', verbose_name='restaurant'),
        ),
        migrations.AlterField(
            model_name='reservation',
            name='restaurant',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='reservations', to='reservations.restaurant', verbose_name='restaurant'),
        ),
        migrations.AlterField(
            model_name='serviceday',
            name='restaurant',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='reservations.restaurant', verbose_name='restaurant'),
        ),
        migrations.AlterField(
            model_name='tableclaim',
            name='restaurant',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='reservations.restaurant', verbose_name='restaurant'),
        ),
        migrations.AlterField(
            model_name='tableclaim',
            name='table',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.RESTRICT, related_name='claims', to='reservations.table', verbose_name='table'),
        ),
        migrations.AlterField(
            model_name='waitlistentry',
            name='restaurant',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='waitlist', to='reservations.restaurant', verbose_name='restaurant'),
        ),
    ]
