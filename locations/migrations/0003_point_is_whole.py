"""A latitude without a longitude is no point: the check let it pass, as NULL in a check counts as held."""

from django.db import migrations, models
from django.utils import timezone


def empty_halves(apps, schema_editor):
    lone = models.Q(latitude__isnull=True) ^ models.Q(longitude__isnull=True)
    places = apps.get_model("locations", "Place").objects.using(schema_editor.connection.alias)
    places.filter(lone).update(latitude=None, longitude=None, updated_at=timezone.now())


class Migration(migrations.Migration):

    dependencies = [
        ('locations', '0002_find_names_inside'),
    ]

    operations = [
        migrations.RunPython(empty_halves, migrations.RunPython.noop),
        migrations.RemoveConstraint(
            model_name='place',
            name='place_point_on_earth',
        ),
        migrations.AddConstraint(
            model_name='place',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('latitude__isnull', True), ('longitude__isnull', True)), models.Q(('latitude__isnull', False), ('latitude__range', (-90, 90)), ('longitude__isnull', False), ('longitude__range', (-180, 180))), _connector='OR'), name='place_point_on_earth', violation_error_message='Latitude is between -90 and 90, longitude between -180 and 180; give both or neither.'),
        ),
    ]
