from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reintegration", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="referral",
            name="lost_agreement",
            field=models.BooleanField(default=False, editable=False, verbose_name="ended with its agreement"),
        ),
        migrations.AddConstraint(
            model_name="referral",
            constraint=models.CheckConstraint(
                condition=models.Q(("lost_agreement", False), ("state", "withdrawn"), _connector="OR"),
                name="referral_without_agreement_is_withdrawn",
            ),
        ),
    ]
