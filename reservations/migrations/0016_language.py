from django.db import migrations, models

import reservations.languages


class Migration(migrations.Migration):

    dependencies = [
        ('reservations', "0015_accent"),
    ]

    operations = [
        migrations.AddField(
            model_name='restaurant',
            name='text_language',
            field=models.CharField(blank=True, db_default='', default='', help_text='Name, description and menus are written in it, and read out in it. Empty: not told.', max_length=10, validators=[reservations.languages.validate_language], verbose_name='language of its own texts'),
        ),
    ]
