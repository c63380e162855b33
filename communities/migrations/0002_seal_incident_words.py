import uuid

import django.db.models.deletion
import privacy.fields
from django.db import migrations, models


def seal(apps, schema_editor):
    """Encrypt what incidents told in free words; rows without words get no row."""
    Incident, IncidentWords = apps.get_model("communities", "Incident"), apps.get_model("communities", "IncidentWords")
    for pk, text in Incident.objects.exclude(text="").values_list("pk", "text").iterator(chunk_size=500):
        IncidentWords.objects.create(incident_id=pk, text=text)


def unseal(apps, schema_editor):
    Incident, IncidentWords = apps.get_model("communities", "Incident"), apps.get_model("communities", "IncidentWords")
    for words in IncidentWords.objects.iterator(chunk_size=500):
        Incident.objects.filter(pk=words.incident_id).update(text=words.text)


class Migration(migrations.Migration):

    dependencies = [
        ('communities', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='IncidentWords',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('text', privacy.fields.EncryptedTextField(blank=True, default='', help_text='No names. Stays inside and encrypted: it is in no export, map or report.', verbose_name='what happened')),
                ('source_detail', privacy.fields.EncryptedTextField(blank=True, default='', help_text='How far it saw it itself, how to ask again. No names. Encrypted, for those who record and verify.', verbose_name='about the source')),
                ('incident', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='words', to='communities.incident')),
            ],
            options={
                'verbose_name': 'words of an incident',
                'verbose_name_plural': 'words of incidents',
            },
        ),
        migrations.RunPython(seal, unseal, elidable=True),
        migrations.RemoveField(
            model_name='incident',
            name='text',
        ),
    ]
